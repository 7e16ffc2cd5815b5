"""The last occurrence is never lost, however late Lambda's queue is.

EventBridge deletes a schedule that ends after its last invocation, while that invocation may still wait in the queue.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import DeliveryPolicy, OnMissed, Status
from tests.notification.world import NOON
from tests.simulation.agreement import disagreements
from tests.simulation.promised import Promised, broken
from tests.simulation.simulator import A_MINUTE, A_SECOND, AN_HOUR, Life

QUARTERS = [NOON + number * 15 * A_MINUTE for number in (1, 2, 3)]
ONE = NOON + AN_HOUR


@pytest.mark.parametrize("minutes", [4, 6, 14, 50])
def test_a_rate_with_an_end_does_its_last_one_though_the_queue_is_behind(life: Life, minutes: int) -> None:
    schedule = life.recurring(end_at=NOON + 45 * A_MINUTE)
    life.queue.backlog = lambda: minutes * A_MINUTE

    life.travel(6 * AN_HOUR)

    assert len(life.done()) == 3
    assert life.now_of(schedule).status is Status.COMPLETED
    assert broken(life, Promised(schedule, due=QUARTERS)) == []
    assert disagreements(life) == []


def test_a_cron_with_an_end_does_too(life: Life) -> None:
    schedule = life.recurring(cron="0/15 * * * ? *", timezone="Europe/Berlin", end_at=NOON + 45 * A_MINUTE)
    life.queue.backlog = lambda: 6 * A_MINUTE

    life.travel(6 * AN_HOUR)

    assert broken(life, Promised(schedule, due=QUARTERS)) == []
    assert len(life.done()) == 3


@pytest.mark.parametrize("on_missed", OnMissed)
@pytest.mark.parametrize("minutes", [4, 6, 50])
def test_a_one_time_schedule_runs_once_though_the_queue_is_behind(
    life: Life, on_missed: OnMissed, minutes: int
) -> None:
    schedule = life.one_time(on_missed=on_missed)
    life.queue.backlog = lambda: minutes * A_MINUTE

    life.travel(8 * AN_HOUR)

    assert len(life.done()) == 1
    assert life.now_of(schedule).status is Status.COMPLETED
    assert broken(life, Promised(schedule, due=[ONE])) == []


def test_of_last_occurrences_spread_over_a_burst_of_fourteen_minutes_none_is_lost(life: Life) -> None:
    schedules = [life.one_time(on_missed=OnMissed.SKIP) for _ in range(60)]
    delays = (number * 14 * A_SECOND for number in range(60))
    life.queue.backlog = lambda: next(delays, timedelta(0))

    life.travel(8 * AN_HOUR)

    assert len(life.done()) == 60
    assert [fault for schedule in schedules for fault in broken(life, Promised(schedule, due=[ONE]))] == []


def test_it_comes_as_late_as_eventbridge_and_lambda_may_be_together(life: Life) -> None:
    schedule = life.one_time(on_missed=OnMissed.SKIP)
    life.lateness = 55 * A_MINUTE
    life.queue.backlog = lambda: 55 * A_MINUTE

    life.travel(8 * AN_HOUR)

    assert life.story(schedule) == [("13:00", "succeeded")]
    assert life.now_of(schedule).status is Status.COMPLETED


def test_its_longest_age_is_waited_for_as_well(life: Life) -> None:
    schedule = life.recurring(end_at=NOON + 45 * A_MINUTE, delivery=DeliveryPolicy(185, 6 * 3600))
    life.lateness = 5 * AN_HOUR

    life.travel(10 * AN_HOUR)

    assert len(life.done()) == 3
    assert broken(life, Promised(schedule, due=QUARTERS)) == []


@pytest.mark.parametrize("recurs", [True, False])
def test_a_delivery_takes_over_the_miss_that_ended_its_schedule(life: Life, *, recurs: bool) -> None:
    schedule = (
        life.recurring(end_at=NOON + 15 * A_MINUTE, on_missed=OnMissed.SKIP)
        if recurs
        else life.one_time(15 * A_MINUTE, on_missed=OnMissed.SKIP)
    )
    life.lateness = 3 * AN_HOUR

    life.travel(NOON + 150 * A_MINUTE)
    assert life.story(schedule) == [("12:15", "missed")]
    life.travel(3 * AN_HOUR)

    assert life.story(schedule) == [("12:15", "succeeded")]
    assert (life.now_of(schedule).status, life.now_of(schedule).run_count) == (Status.COMPLETED, 1)


def test_what_never_comes_is_missed_when_it_can_not_come_any_more(life: Life) -> None:
    schedule = life.one_time(on_missed=OnMissed.SKIP)
    life.copies = 0

    life.travel(ONE + 2 * AN_HOUR - A_MINUTE)
    assert life.now_of(schedule).status is Status.ACTIVE
    life.travel(10 * A_MINUTE)

    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.MISSED]
    assert life.now_of(schedule).status is Status.FAILED


def test_removed_from_eventbridge_by_hand_a_one_time_schedule_runs_within_seven_minutes(life: Life) -> None:
    schedule = life.one_time()
    life.lose(schedule)

    life.travel(ONE + 7 * A_MINUTE)

    assert life.story(schedule) == [("13:00", "succeeded")]
