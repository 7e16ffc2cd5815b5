"""POST …/pause and …/resume."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.world import World, fields, problem


def paused(world: World, *, timing: dict[str, str] | None = None, **body: Any) -> dict[str, Any]:
    """A schedule every hour, unless told otherwise, that is then paused."""
    created = world.created(timing=timing or {"rate": "1 hour"})
    response = world.post(f"/v1/schedules/{created['schedule_id']}/pause", body)
    assert response.status_code == 200, response.body
    schedule: dict[str, Any] = response.json_body
    return schedule


def resume(world: World, schedule: dict[str, Any], body: Any = None) -> Any:
    return world.post(f"/v1/schedules/{schedule['schedule_id']}/resume", body)


def test_a_paused_schedule_says_why_and_for_how_long(world: World) -> None:
    schedule = paused(world, reason="on holiday", until="2027-03-15T09:00:00+01:00")

    shown = {name: schedule[name] for name in ("status", "reason", "paused_until", "next_run_at")}
    assert shown == {
        "status": "paused",
        "reason": "on holiday",
        "paused_until": "2027-03-15T08:00:00Z",
        "next_run_at": None,
    }


def test_neither_reason_nor_body_is_needed(world: World) -> None:
    schedule_id = world.created()["schedule_id"]

    response = world.post(f"/v1/schedules/{schedule_id}/pause")

    assert (response.status_code, response.json_body["status"]) == (200, "paused")
    assert response.headers["ETag"] == f'"{response.json_body["revision"]}"'


def test_paused_ones_are_listed_apart(world: World) -> None:
    schedule = paused(world)

    (listed,) = world.get("/v1/schedules?status=paused").json_body["items"]
    assert listed["schedule_id"] == schedule["schedule_id"]
    assert world.get("/v1/schedules").json_body["items"] == []


@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({"until": "2027-02-28T08:00:00Z"}, "until"),
        ({"until": "2027-03-15T09:00:00"}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"reason": ""}, "reason"),
        ({"reason": "two\nlines"}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"timing": {"rate": "1 hour"}}, "timing"),
    ],
)
def test_a_wrong_pause_is_422_and_named(world: World, body: dict[str, Any], about: str) -> None:
    response = world.post(f"/v1/schedules/{world.created()['schedule_id']}/pause", body)

    assert (response.status_code, fields(response)) == (422, [about])


def test_a_resumed_schedule_goes_on_with_its_next_occurrence(world: World) -> None:
    schedule = paused(world, reason="on holiday")
    world.clock.now += timedelta(hours=5, minutes=30)

    response = resume(world, schedule)

    shown = {name: response.json_body[name] for name in ("status", "reason", "paused_until", "next_run_at")}
    assert response.status_code == 200
    assert shown == {
        "status": "active",
        "reason": None,
        "paused_until": None,
        "next_run_at": "2027-03-01T14:00:00Z",
    }


def test_a_one_time_schedule_whose_time_has_passed_needs_a_new_one(world: World) -> None:
    schedule = paused(world, timing={"after": "PT1H"})
    world.clock.now += timedelta(hours=2)

    without, with_one = resume(world, schedule), resume(world, schedule, {"timing": {"after": "PT1H"}})

    assert (without.status_code, fields(without)) == (422, ["timing"])
    assert (with_one.status_code, with_one.json_body["next_run_at"]) == (200, "2027-03-01T11:00:00Z")


@pytest.mark.parametrize("body", [{"until": "2027-03-15T09:00:00Z"}, {"timing": {"at": "2027-02-28T08:00:00Z"}}])
def test_a_wrong_resume_is_422(world: World, body: dict[str, Any]) -> None:
    assert resume(world, paused(world), body).status_code == 422


@pytest.mark.parametrize("end", ["pause", "resume"])
def test_what_has_ended_is_neither_paused_nor_resumed(world: World, end: str) -> None:
    path = f"/v1/schedules/{world.created()['schedule_id']}"
    world.delete(path)

    assert problem(world.post(f"{path}/{end}")) == (409, "schedule-ended")
