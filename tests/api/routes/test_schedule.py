"""GET and DELETE /v1/schedules/{id}, GET /healthz."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.core.errors import SchedulerUnavailable, StoreUnavailable
from tests.api.world import World, problem


def test_a_schedule_is_read_as_it_was_created(world: World) -> None:
    created = world.created(name="Hi")

    response = world.get(f"/v1/schedules/{created['schedule_id']}")

    assert (response.status_code, response.json_body) == (200, created)


def test_the_etag_is_the_revision(world: World) -> None:
    schedule_id = world.created()["schedule_id"]
    world.delete(f"/v1/schedules/{schedule_id}")

    assert world.get(f"/v1/schedules/{schedule_id}").headers["ETag"] == '"1803888000001"'


@pytest.mark.parametrize("schedule_id", ["unknown", "%62atch", "x" * 65, "a%20b", "%00", "%FF", "SCHEDULE%231"])
def test_what_is_no_id_of_a_schedule_is_the_same_404(world: World, schedule_id: str) -> None:
    response = world.get(f"/v1/schedules/{schedule_id}")

    assert response.status_code == 404
    assert response.json_body == world.get("/v1/schedules/0").json_body


def test_cancelling_is_204_and_says_nothing(world: World) -> None:
    schedule_id = world.created()["schedule_id"]

    response = world.delete(f"/v1/schedules/{schedule_id}")

    assert (response.status_code, response.body) == (204, b"")
    assert world.get(f"/v1/schedules/{schedule_id}").json_body["status"] == "cancelled"
    assert world.gateway.schedules == {}


def test_cancelling_twice_is_204_twice(world: World) -> None:
    schedule_id = world.created()["schedule_id"]

    statuses = [world.delete(f"/v1/schedules/{schedule_id}").status_code for _ in range(2)]

    assert statuses == [204, 204]


def test_cancelling_holds_even_if_eventbridge_is_out_of_reach(world: World) -> None:
    schedule_id = world.created()["schedule_id"]
    world.faults.always("gateway.delete", SchedulerUnavailable)

    response = world.delete(f"/v1/schedules/{schedule_id}")

    assert response.status_code == 204
    assert world.get(f"/v1/schedules/{schedule_id}").json_body["confirmed"] is False


def test_cancelling_what_has_changed_since_is_412(world: World) -> None:
    schedule_id = world.created()["schedule_id"]

    response = world.delete(f"/v1/schedules/{schedule_id}", headers={"If-Match": '"1"'})

    assert problem(response) == (412, "revision-mismatch")
    assert world.get(f"/v1/schedules/{schedule_id}").json_body["status"] == "active"


def test_cancelling_what_is_as_it_was_read_is_204(world: World) -> None:
    created = world.create()

    response = world.delete(created.headers["Location"], headers={"If-Match": created.headers["ETag"]})

    assert response.status_code == 204


def test_a_change_that_is_still_on_its_way_is_409_with_retry_after(world: World) -> None:
    world.faults.always("repository.confirm", StoreUnavailable)
    schedule_id = world.create().json_body["schedule_id"]

    response = world.delete(f"/v1/schedules/{schedule_id}")

    assert problem(response) == (409, "schedule-busy")
    assert response.headers["Retry-After"] == "5"


def test_healthz_answers_anybody(world: World) -> None:
    response = world.get("/healthz", token="")

    assert (response.status_code, response.json_body) == (200, {"status": "ok"})


def test_a_finished_schedule_is_gone_after_its_time(world: World) -> None:
    schedule_id = world.created()["schedule_id"]
    world.delete(f"/v1/schedules/{schedule_id}")
    world.clock.now += timedelta(days=365)

    assert problem(world.get(f"/v1/schedules/{schedule_id}")) == (404, "schedule-not-found")
