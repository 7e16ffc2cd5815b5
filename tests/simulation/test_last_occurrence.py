"""The last occurrence is carried out although EventBridge deletes the schedule while the delivery may still wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import SchedulerRefused
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed, RetryPolicy, Status
from chalicelib.testing import Crash
from tests.notification.world import refused
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_DAY, A_MINUTE, AN_HOUR, Life


def test_the_last_occurrence_is_done_though_lambdas_queue_is_six_minutes_behind(life: Life) -> None:
    schedule = life.recurring(end_at="2027-03-01T12:50:00Z")
    life.lateness = 6 * A_MINUTE

    life.travel(2 * AN_HOUR)

    assert life.story(schedule) == _succeeded("12:15", "12:30", "12:45")
    assert len(life.done()) == 3
    assert disagreements(life) == []


def test_a_one_time_schedule_is_done_though_lambdas_queue_is_six_minutes_behind(life: Life) -> None:
    schedule = life.one_time(on_missed=OnMissed.SKIP)
    life.lateness = 6 * A_MINUTE

    life.travel(4 * AN_HOUR)

    assert life.story(schedule) == _succeeded("13:00")
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


def test_a_burst_of_14_minutes_loses_no_last_occurrence(life: Life) -> None:
    schedules = [life.one_time(on_missed=OnMissed.SKIP) for _ in range(60)]
    life.copies = 0
    life.travel(AN_HOUR)
    life.copies = 1
    for number, event in enumerate(life.fired):
        life.queue.add(event, life.clock.now + number * timedelta(seconds=14))

    life.travel(3 * AN_HOUR)

    assert [life.story(schedule) for schedule in schedules] == [_succeeded("13:00")] * 60
    assert len(life.done()) == 60


def test_what_had_its_last_occurrence_waits_for_all_that_may_still_come(life: Life) -> None:
    schedule = life.recurring(end_at="2027-03-01T12:50:00Z")
    life.sweeps_down = True
    life.lateness = 70 * A_MINUTE
    life.travel(AN_HOUR)
    life.sweeps_down = False

    life.travel(3 * AN_HOUR)

    assert life.story(schedule) == _succeeded("12:15", "12:30", "12:45")
    assert [run.attempts[0].ended_at == run.attempts[0].started_at for run in life.runs_of(schedule)] == [True] * 3


@pytest.mark.parametrize("details", [{"on_missed": OnMissed.SKIP}, {"on_missed": OnMissed.SKIP, "max_runs": 1}])
def test_a_delivery_takes_over_the_miss_that_a_one_time_schedule_failed_by(life: Life, details: dict[str, Any]) -> None:
    schedule = life.one_time(**details)
    life.lateness = 3 * AN_HOUR

    life.travel(AN_HOUR + 3 * AN_HOUR - A_MINUTE)
    assert (life.story(schedule), life.now_of(schedule).status) == ([("13:00", "missed")], Status.FAILED)

    life.travel(A_DAY)
    after = life.now_of(schedule)
    assert life.story(schedule) == _succeeded("13:00")
    assert (after.status, after.reason, after.run_count) == (Status.COMPLETED, None, 1)
    assert disagreements(life) == []


def test_a_delivery_that_took_over_a_miss_and_crashed_is_done_by_the_next_try(life: Life) -> None:
    schedule = life.one_time()
    life.lateness = 3 * AN_HOUR
    life.faults.once("provider.send_email", Crash)

    life.travel(A_DAY)

    assert life.story(schedule) == _succeeded("13:00")
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


def test_a_delivery_takes_over_the_miss_that_a_recurring_schedule_ended_with(life: Life) -> None:
    schedule = life.recurring(end_at="2027-03-01T12:20:00Z")
    life.lateness = 3 * AN_HOUR

    life.travel(3 * AN_HOUR)
    assert (life.story(schedule), life.now_of(schedule).status) == ([("12:15", "missed")], Status.COMPLETED)

    life.travel(A_DAY)
    assert life.story(schedule) == _succeeded("12:15")
    assert (life.now_of(schedule).status, life.now_of(schedule).run_count) == (Status.COMPLETED, 1)
    assert disagreements(life) == []


def test_what_took_over_a_miss_and_failed_says_why_its_schedule_has(life: Life) -> None:
    schedule = life.one_time(on_missed=OnMissed.SKIP, retry=RetryPolicy(max_retries=1))
    life.lateness = 3 * AN_HOUR
    life.aws.error = refused()

    life.travel(A_DAY)

    (run,) = life.runs_of(schedule)
    after = life.now_of(schedule)
    assert (run.status, after.status) == (RunStatus.FAILED, Status.FAILED)
    assert after.reason == run.reason


def test_a_late_delivery_of_a_cancelled_schedule_does_nothing(life: Life) -> None:
    schedule = life.one_time(on_missed=OnMissed.SKIP)
    life.lateness = 3 * AN_HOUR
    life.travel(AN_HOUR + A_MINUTE)
    life.service.cancel("alice", schedule.schedule_id)

    life.travel(A_DAY)

    assert life.done() == []


def test_the_last_occurrence_is_caught_up_five_minutes_after_its_time(life: Life) -> None:
    schedule = life.recurring(end_at="2027-03-01T12:20:00Z", on_missed=OnMissed.RUN_NOW)
    life.lose(schedule)

    life.travel(AN_HOUR)

    (run,) = life.runs_of(schedule)
    assert (run.status, run.lateness) == (RunStatus.SUCCEEDED, 5 * A_MINUTE)


def test_catching_up_the_last_occurrence_does_not_wait_for_an_earlier_one(life: Life) -> None:
    schedule = life.recurring(end_at="2027-03-01T12:50:00Z", on_missed=OnMissed.RUN_NOW)
    life.lose(schedule)
    life.sweeps_down = True
    life.travel(46 * A_MINUTE)
    life.sweeps_down = False

    life.travel(12 * A_MINUTE)
    assert life.story(schedule) == _succeeded("12:45")

    life.travel(3 * AN_HOUR)
    assert life.story(schedule) == [("12:15", "missed"), ("12:30", "missed"), ("12:45", "succeeded")]
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


def test_what_was_removed_from_eventbridge_by_hand_runs_within_seven_minutes(life: Life) -> None:
    schedule = life.one_time()
    life.lose(schedule)

    life.travel(AN_HOUR + 7 * A_MINUTE)

    assert life.story(schedule) == _succeeded("13:00")


def test_what_eventbridge_refused_has_its_outcome_five_minutes_after_its_time(life: Life) -> None:
    schedule = life.one_time(on_missed=OnMissed.SKIP)
    life.faults.always("gateway.put", SchedulerRefused("nothing goes"))
    with pytest.raises(SchedulerRefused):
        life.service.change("alice", schedule.schedule_id, name="other")

    life.travel(AN_HOUR + 7 * A_MINUTE)

    assert life.now_of(schedule).status is Status.FAILED
    assert life.done() == []


def _succeeded(*times: str) -> list[tuple[str, str]]:
    return [(time, "succeeded") for time in times]
