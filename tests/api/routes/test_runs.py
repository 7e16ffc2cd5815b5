"""POST …/run, and GET …/runs/{run_id}."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import StarterUnavailable
from tests.api.world import World, problem
from tests.between_calls import BeforeTheNext

if TYPE_CHECKING:
    from tests.api.world import FakeIssuer


def test_a_run_is_started_outside_the_timing(world: World) -> None:
    created = world.created()

    response = world.post(f"/v1/schedules/{created['schedule_id']}/run")

    assert response.status_code == 202
    assert response.json_body == {
        "run_id": response.json_body["run_id"],
        "schedule_id": created["schedule_id"],
        "resource_id": None,
        "action_type": "email",
        "scheduled_time": "2027-03-01T08:00:00Z",
        "status": "queued",
        "reason": None,
        "lateness_ms": None,
        "next_attempt_at": None,
        "possibly_repeated": False,
        "unforeseen": False,
        "attempts": [],
    }
    assert [event["schedule_id"] for event in world.starter.events] == [created["schedule_id"]]
    assert world.get(f"/v1/schedules/{created['schedule_id']}").json_body == created


def test_location_is_where_the_run_is_read(world: World) -> None:
    schedule_id = world.created()["schedule_id"]

    started = world.post(f"/v1/schedules/{schedule_id}/run")

    assert started.headers["Location"] == f"/v1/schedules/{schedule_id}/runs/{started.json_body['run_id']}"
    assert world.get(started.headers["Location"]).json_body == started.json_body


def test_a_run_that_cannot_be_started_at_once_is_recorded_all_the_same(world: World) -> None:
    path = f"/v1/schedules/{world.created()['schedule_id']}"
    world.faults.always("starter.start", StarterUnavailable)

    response = world.post(f"{path}/run")

    assert response.status_code == 202
    assert world.get(f"{path}/runs").json_body["items"] == [response.json_body]


def test_two_runs_at_once_are_two(world: World) -> None:
    path = f"/v1/schedules/{world.created()['schedule_id']}/run"

    assert world.post(path).json_body["run_id"] != world.post(path).json_body["run_id"]


def test_a_run_takes_no_body(world: World) -> None:
    path = f"/v1/schedules/{world.created()['schedule_id']}/run"

    assert world.post(path, {}).status_code == 202
    assert world.post(path, {"at": "2027-03-15T09:00:00Z"}).status_code == 422


def test_what_has_ended_is_not_run(world: World) -> None:
    path = f"/v1/schedules/{world.created()['schedule_id']}"
    world.delete(path)

    assert problem(world.post(f"{path}/run")) == (409, "schedule-ended")


@pytest.mark.parametrize("what", ["run", "redrive"])
def test_a_schedule_that_changes_at_every_attempt_is_busy(issuer: FakeIssuer, what: str) -> None:
    faults = BeforeTheNext("repository.claim")
    world = World(issuer, faults=faults)
    path = f"/v1/schedules/{world.created()['schedule_id']}"
    run = world.ended_run(path.rpartition("/")[2])

    def change() -> None:
        world.patch(path, {"name": f"changed {len(faults.calls)} calls later"})
        faults.act = change

    faults.act = change
    response = world.post({"run": f"{path}/run", "redrive": f"{path}/runs/{run.run_id}/redrive"}[what])

    assert problem(response) == (409, "schedule-busy")
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("run_id", ["unknown", "20270301T090000Z-0000000000000000", "RUN%232027", "%00"])
def test_what_is_no_run_of_this_schedule_is_404(world: World, run_id: str) -> None:
    schedule_id = world.created()["schedule_id"]

    assert problem(world.get(f"/v1/schedules/{schedule_id}/runs/{run_id}")) == (404, "run-not-found")
