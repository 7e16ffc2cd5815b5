"""Everything of a user at once: DELETE /v1/users/{user_id}, …/schedules, and the jobs that this makes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.auth import Scope
from tests.api.world import World, fields, problem

if TYPE_CHECKING:
    from chalice.test import HTTPResponse

    from tests.api.world import FakeIssuer


def as_admin(world: World, method: str, path: str) -> HTTPResponse:
    return world.send(method, path, token=world.issuer.token("root", Scope.ADMIN))


def sweep(world: World) -> None:
    """As often as it takes: a job looks a second time a minute after its beginning."""
    for _ in range(3):
        world.sweeper.sweep(stop_at=world.clock.now + timedelta(seconds=40))
        world.clock.now += timedelta(minutes=1)


@pytest.mark.parametrize(("path", "kind"), [("/v1/users/alice/schedules", "cancel_all"), ("/v1/users/alice", "erase")])
def test_it_is_a_job(world: World, path: str, kind: str) -> None:
    response = as_admin(world, "DELETE", path)

    assert response.status_code == 202
    assert response.json_body == {
        "job_id": response.json_body["job_id"],
        "kind": kind,
        "user_id": "alice",
        "status": "running",
        "done": 0,
        "passed_over": 0,
        "created_at": "2027-03-01T08:00:00.000Z",
        "updated_at": "2027-03-01T08:00:00.000Z",
    }
    assert response.headers["Location"] == f"/v1/jobs/{response.json_body['job_id']}"
    assert as_admin(world, "GET", response.headers["Location"]).json_body == response.json_body


def test_the_sweeper_cancels_all_and_the_job_says_how_many(world: World) -> None:
    created = [world.created() for _ in range(3)]
    job = as_admin(world, "DELETE", "/v1/users/alice/schedules").headers["Location"]

    sweep(world)

    shown = as_admin(world, "GET", job).json_body
    assert (shown["status"], shown["done"]) == ("completed", 3)
    assert {status_of(world, schedule) for schedule in created} == {"cancelled"}
    assert world.gateway.schedules == {}


def test_nothing_is_left_of_a_user_who_was_erased(world: World) -> None:
    schedule_id = world.created()["schedule_id"]
    job = as_admin(world, "DELETE", "/v1/users/alice").headers["Location"]

    sweep(world)

    assert as_admin(world, "GET", job).json_body["status"] == "completed"
    assert world.get(f"/v1/schedules/{schedule_id}").status_code == 404
    assert world.gateway.schedules == {}


def test_a_user_id_in_a_path_is_decoded_once(world: World) -> None:
    response = as_admin(world, "DELETE", "/v1/users/shop%2F7%2523")

    assert response.json_body["user_id"] == "shop/7%23"
    assert response.headers["Location"].startswith("/v1/jobs/")


def test_location_keeps_the_prefix_of_the_app_that_the_routes_are_in(issuer: FakeIssuer) -> None:
    world = World(issuer, url_prefix="/tasks")

    response = as_admin(world, "DELETE", "/tasks/v1/users/alice")

    assert response.headers["Location"] == f"/tasks/v1/jobs/{response.json_body['job_id']}"


@pytest.mark.parametrize("end", ["", "/schedules"])
def test_a_user_id_that_nobody_can_have_is_422(world: World, end: str) -> None:
    response = as_admin(world, "DELETE", f"/v1/users/{'x' * 769}{end}")

    assert (response.status_code, fields(response)) == (422, ["user_id"])


@pytest.mark.parametrize("path", ["/v1/users/alice", "/v1/users/alice/schedules"])
def test_a_query_is_not_overlooked_where_so_much_is_at_stake(world: World, path: str) -> None:
    response = as_admin(world, "DELETE", f"{path}?dry_run=true")

    assert (response.status_code, fields(response)) == (422, ["dry_run"])


def test_an_unknown_job_is_404(world: World) -> None:
    assert problem(as_admin(world, "GET", "/v1/jobs/unknown")) == (404, "job-not-found")


def status_of(world: World, schedule: dict[str, Any]) -> str:
    status: str = world.get(f"/v1/schedules/{schedule['schedule_id']}").json_body["status"]
    return status
