"""Schedules recover from an outage of EventBridge, its group, the sweeper or Lambda."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import SchedulerDenied, SchedulerUnavailable
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed
from tests.notification.world import NOON
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_MINUTE, AN_HOUR, Life

# The group is deleted


def test_every_occurrence_is_recorded_while_the_group_is_gone(life: Life) -> None:
    schedule = life.recurring()
    _delete_the_group(life)

    life.travel(6 * AN_HOUR + 22 * A_MINUTE)

    runs = life.runs_of(schedule)
    assert [run.status for run in runs] == [RunStatus.MISSED] * 25
    assert {run.scheduled_time.minute % 15 for run in runs} == {0}


def test_what_the_deleted_group_had_fires_again_once_the_group_is_back(life: Life) -> None:
    schedule = life.recurring()
    _delete_the_group(life)
    life.travel(6 * AN_HOUR + A_MINUTE)
    life.faults.clear()

    life.travel(3 * AN_HOUR)

    statuses = [status for _, status in life.story(schedule)]
    assert statuses == ["missed"] * 24 + ["succeeded"] * 12
    assert disagreements(life) == []


def test_one_time_schedules_of_the_deleted_group_run_within_seven_minutes(life: Life) -> None:
    schedule = life.one_time()
    _delete_the_group(life)

    life.travel(AN_HOUR + 7 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "succeeded")]


# EventBridge's own calls fail: what it has it fires, what it has not it cannot be given


@pytest.mark.parametrize("details", [{"after": AN_HOUR}, {"rate": "1 hour", "end_at": "2027-03-01T13:30:00Z"}])
def test_what_was_never_applied_is_missed_five_minutes_after_its_time(life: Life, details: dict[str, Any]) -> None:
    life.faults.always("gateway.*", SchedulerUnavailable)
    create = life.one_time if "after" in details else life.recurring
    schedule = create(on_missed=OnMissed.SKIP, **details)

    life.travel(AN_HOUR + 7 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "missed")]


@pytest.mark.parametrize("details", [{"after": AN_HOUR}, {"rate": "1 hour"}])
def test_what_was_never_applied_is_caught_up_five_minutes_after_its_time(life: Life, details: dict[str, Any]) -> None:
    life.faults.always("gateway.*", SchedulerUnavailable)
    create = life.one_time if "after" in details else life.recurring
    schedule = create(on_missed=OnMissed.RUN_NOW, **details)

    life.travel(AN_HOUR + 7 * A_MINUTE)

    assert life.story(schedule) == _succeeded("13:00")


@pytest.mark.parametrize("minutes", range(70, 121, 5))
def test_a_202_of_an_outage_of_65_minutes_fires_at_its_time(life: Life, minutes: int) -> None:
    life.faults.always("gateway.*", SchedulerUnavailable)
    after = minutes * A_MINUTE
    once = life.one_time(after=after, on_missed=OnMissed.SKIP)
    again = life.recurring(rate=f"{minutes} minutes", start_at=life.clock.now + after)
    life.travel(65 * A_MINUTE)
    life.faults.clear()

    life.travel(3 * AN_HOUR)

    for schedule in (once, again):
        run = life.runs_of(schedule)[0]
        assert (run.status, run.lateness, run.scheduled_time) == (RunStatus.SUCCEEDED, timedelta(0), NOON + after)
    assert disagreements(life) == []


def test_after_three_answers_that_it_is_unavailable_a_sweep_tries_no_further_intents(life: Life) -> None:
    life.faults.always("gateway.*", SchedulerUnavailable)
    schedules = [life.one_time() for _ in range(20)]
    life.clock.now += 2 * A_MINUTE
    life.faults.calls.clear()

    report = life.sweeper.sweep(stop_at=life.clock.now + A_MINUTE)

    assert life.faults.calls.count("gateway.put") == 3
    assert report.counts["not_tried"] == len(schedules) - 3


def test_a_pause_ends_though_eventbridge_cannot_be_told(life: Life) -> None:
    schedule = life.recurring()
    life.faults.always("gateway.*", SchedulerUnavailable)
    life.service.pause("alice", schedule.schedule_id, until="2027-03-01T12:30:00Z")

    life.travel(AN_HOUR + A_MINUTE)

    assert life.story(schedule) == [("12:15", "skipped"), *_succeeded("12:30", "12:45", "13:00")]


def _delete_the_group(life: Life) -> None:
    life.bridge.schedules.clear()
    life.faults.always("gateway.put", SchedulerDenied)


def _succeeded(*times: str) -> list[tuple[str, str]]:
    return [(time, "succeeded") for time in times]
