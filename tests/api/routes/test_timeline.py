"""GET /v1/timeline: its shape, its pages and its answers to wrong questions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.models.timeline import LONGEST_REASON
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LastRun, Timing
from chalicelib.scheduling.lists.timeline import MOST_LANES, MOST_MARKS
from tests.api.world import World, fields, problem
from tests.builders import DAY, HOUR, MINUTE, NOW, a_run, a_schedule, an_action

if TYPE_CHECKING:
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

LAMBDA_ANSWERS = 6 * 1024 * 1024
"""The largest answer of a Lambda function, in bytes (Lambda quotas, invocation payload)."""


def test_a_lane_has_runs_and_planned_occurrences(world: World) -> None:
    schedule = a_schedule(
        schedule_id="digest",
        name="Digest",
        resource_id="contract-42",
        timing=Timing("cron(0 9 ? * MON *)", "Europe/Berlin"),
        last_run=LastRun(NOW, "failed"),
    )
    run = _ended(schedule, error="the webhook answered 410")
    _store(world, schedule, run)

    page = world.get("/v1/timeline?since=2027-03-01T00:00:00Z&until=2027-03-31T00:00:00%2B02:00").json_body

    assert page == {
        "since": "2027-03-01T00:00:00Z",
        "until": "2027-03-30T22:00:00Z",
        "items": [
            {
                "schedule_id": "digest",
                "name": "Digest",
                "resource_id": "contract-42",
                "status": "active",
                "timezone": "Europe/Berlin",
                "description": "At 09:00 on Monday, Europe/Berlin",
                "runs": [
                    {
                        "run_id": run.run_id,
                        "scheduled_time": "2027-03-01T08:00:00Z",
                        "status": "failed",
                        "lateness_ms": 1250,
                        "attempts": 1,
                        "reason": "the webhook answered 410",
                    }
                ],
                # The clocks are put forward on 28 March.
                "occurrences": [
                    "2027-03-08T08:00:00Z",
                    "2027-03-15T08:00:00Z",
                    "2027-03-22T08:00:00Z",
                    "2027-03-29T07:00:00Z",
                ],
                "slices": None,
                "is_cut": False,
                "runs_from": None,
            }
        ],
        "next_cursor": None,
        "searched": 1,
    }


def test_a_lane_of_many_has_slices(world: World) -> None:
    world.created(timing={"rate": "1 minute"})

    (lane,) = world.get("/v1/timeline?since=2027-03-01T08:00:00Z&until=2027-03-01T14:00:00Z").json_body["items"]

    assert (lane["runs"], lane["occurrences"]) == ([], [])
    assert lane["slices"][:2] == [
        {"since": "2027-03-01T08:00:00Z", "until": "2027-03-01T08:06:00Z", "counts": {"planned": 5}},
        {"since": "2027-03-01T08:06:00Z", "until": "2027-03-01T08:12:00Z", "counts": {"planned": 6}},
    ]


def test_pages_show_each_lane_once(world: World) -> None:
    created = [world.created(timing={"after": f"PT{hour}H"})["schedule_id"] for hour in range(1, 6)]
    shown: list[str] = []
    cursor = ""
    for _ in range(9):
        page = world.get(f"/v1/timeline?limit=2{cursor}").json_body
        shown += [lane["schedule_id"] for lane in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert shown == created


def test_a_paused_schedule_shows_what_comes_after_its_pause(world: World) -> None:
    schedule_id = world.created(timing={"rate": "1 hour"})["schedule_id"]
    world.post(f"/v1/schedules/{schedule_id}/pause", {"until": "2027-03-01T18:30:00Z"})

    (lane,) = world.get("/v1/timeline?until=2027-03-01T21:00:00Z").json_body["items"]

    assert (lane["status"], lane["occurrences"]) == ("paused", ["2027-03-01T19:00:00Z", "2027-03-01T20:00:00Z"])


def test_a_run_that_is_requested_now_is_shown(world: World) -> None:
    schedule_id = world.created()["schedule_id"]
    run = world.post(f"/v1/schedules/{schedule_id}/run", {}).json_body

    (lane,) = world.get("/v1/timeline").json_body["items"]

    assert [(shown["run_id"], shown["status"], shown["attempts"]) for shown in lane["runs"]] == [
        (run["run_id"], "queued", 0)
    ]


def test_the_largest_page_is_one_that_lambda_can_answer(world: World) -> None:
    widest = "\U0001f600"
    for number in range(MOST_LANES):
        schedule = a_schedule(
            schedule_id=f"{number:064}", name=widest * 200, resource_id=widest * 256, last_run=LastRun(NOW, "failed")
        )
        _store(world, schedule, *(_ended(schedule, minutes=n, error=widest * 500) for n in range(MOST_MARKS - 1)))

    page = world.get("/v1/timeline").json_body

    assert sum(len(lane["runs"]) for lane in page["items"]) == MOST_LANES * (MOST_MARKS - 1)
    assert {len(run["reason"]) for lane in page["items"] for run in lane["runs"]} == {LONGEST_REASON}
    # Chalice returns the body as a string, so that each `\\` and `"` in it is escaped once more.
    assert len(json.dumps({"body": json.dumps(page)})) < LAMBDA_ANSWERS


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2027-03-01T00:00:00", "since"),
        ("since=2028-03-02T08:00:01Z", "since"),
        ("since=2027-03-01T00:00:00Z&until=2027-04-05T00:00:01Z", "until"),
        ("since=2027-03-01T00:00:00Z&until=2027-03-01T00:00:00Z", "until"),
        ("limit=21", "limit"),
        ("search=", "search"),
        ("status=active", "status"),
        ("since=2027-03-01T00:00:00Z&since=2027-03-02T00:00:00Z", "since"),
    ],
)
def test_a_wrong_question_is_422_and_named(world: World, query: str, field: str) -> None:
    response = world.get(f"/v1/timeline?{query}")

    assert (response.status_code, fields(response)) == (422, [field])


def test_a_plus_that_the_url_does_not_escape_is_explained(world: World) -> None:
    response = world.get("/v1/timeline?since=2027-03-01T00:00:00+02:00")

    hint = "write 2027-03-01T09:00:00 with Z or an offset such as +02:00, whose `+` is %2B in a URL"
    (error,) = response.json_body["errors"]
    assert error == {"field": "since", "message": f"'2027-03-01T00:00:00 02:00' is not a time; {hint}"}


def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    for _ in range(2):
        world.created()
    cursor = world.get("/v1/schedules?limit=1").json_body["next_cursor"]

    assert problem(world.get(f"/v1/timeline?cursor={cursor}")) == (422, "invalid-cursor")


def _ended(schedule: Schedule, minutes: int = 0, *, error: str) -> Run:
    run = a_run(schedule, scheduled_time=NOW - minutes * MINUTE)
    ended = run.ended(RunStatus.FAILED, run.scheduled_time + HOUR, error=error)
    return replace(ended, lateness=timedelta(milliseconds=1250), expires_at=NOW + 90 * DAY)


def _store(world: World, schedule: Schedule, *runs: Any) -> None:
    world.repository.create(schedule, an_action())
    for run in runs:
        assert world.repository.claim(run, expecting=schedule, replacing=None) is None
