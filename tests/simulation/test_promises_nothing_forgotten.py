"""Each occurrence gets a record, however many were pending when a client made a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model.job import JobKind
from chalicelib.core.model.schedule import DeliveryPolicy, Status
from chalicelib.scheduling.jobs import new_job
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.notification.world import NOON
from tests.simulation.agreement import disagreements
from tests.simulation.promised import Promised, broken
from tests.simulation.simulator import A_DAY, A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.schedule import Schedule
    from chalicelib.scheduling.service import SchedulerService

    Change = Callable[[SchedulerService, Schedule], Any]

EVERY_MINUTE = [NOON + number * A_MINUTE for number in range(1, 241)]
A_LONG_AGE = DeliveryPolicy(185, 4 * 3600)


def _retime(service: SchedulerService, schedule: Schedule) -> None:
    service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="7 hours"))


def _pause(service: SchedulerService, schedule: Schedule) -> None:
    service.pause("alice", schedule.schedule_id)


def _cancel(service: SchedulerService, schedule: Schedule) -> None:
    service.cancel("alice", schedule.schedule_id)


def _two_changes(service: SchedulerService, schedule: Schedule) -> None:
    service.change("alice", schedule.schedule_id, name="other")
    _retime(service, schedule)


@pytest.mark.parametrize("change", [_retime, _pause, _cancel, pytest.param(_two_changes, marks=pytest.mark.long)])
def test_after_four_hours_without_lambda_a_change_forgets_none_of_240_occurrences(life: Life, change: Change) -> None:
    schedule = life.recurring(rate="1 minute", delivery=A_LONG_AGE)
    life.queue.is_down = True

    life.travel(4 * AN_HOUR + A_MINUTE / 2)
    change(life.service, schedule)
    life.queue.is_down = False
    life.travel(6 * AN_HOUR)

    recorded = {run.scheduled_time for run in life.runs_of(schedule)}
    assert len(recorded & set(EVERY_MINUTE)) == 240
    assert broken(life, Promised(schedule, due=EVERY_MINUTE, also=_later(life), stopped=EVERY_MINUTE)) == []


def test_nor_does_it_when_there_were_no_sweeps_either(life: Life) -> None:
    schedule = life.recurring(rate="1 minute")
    life.queue.is_down = life.sweeps_down = True

    life.travel(4 * AN_HOUR + A_MINUTE / 2)
    _retime(life.service, schedule)
    life.queue.is_down = life.sweeps_down = False
    life.travel(6 * AN_HOUR)

    assert broken(life, Promised(schedule, due=EVERY_MINUTE, also=_later(life))) == []


def test_after_a_day_without_sweeps_a_pause_that_ended_forgets_none_of_285_occurrences(life: Life) -> None:
    schedule = life.recurring(rate="5 minutes")
    resumed_at = NOON + 20 * A_MINUTE
    life.service.pause("alice", schedule.schedule_id, until=resumed_at)
    life.sweeps_down = True
    life.travel(A_DAY + A_MINUTE)

    life.service.resume("alice", schedule.schedule_id)
    life.sweeps_down = False
    life.travel(3 * AN_HOUR)

    due = [NOON + number * 5 * A_MINUTE for number in range(4, 289)]
    recorded = {run.scheduled_time for run in life.runs_of(schedule)}
    assert (len(due), len(recorded & set(due))) == (285, 285)


@pytest.mark.parametrize("number", [40, 70])
def test_what_is_held_is_all_done_after_the_release_and_its_schedule_waits_for_it(life: Life, number: int) -> None:
    due = [NOON + minute * A_MINUTE for minute in range(1, number + 1)]
    schedule = life.recurring(rate="1 minute", end_at=due[-1])
    life.hold("the provider is down")
    life.travel(due[-1] + 3 * A_MINUTE)
    assert life.now_of(schedule).status is Status.ACTIVE

    life.hold(None)
    life.repository.save_job(new_job(JobKind.RELEASE, None, life.clock.now, per_minute=60), replacing=None)
    life.travel(3 * AN_HOUR)

    assert (len(life.done()), life.now_of(schedule).run_count) == (number, number)
    assert life.now_of(schedule).status is Status.COMPLETED
    assert disagreements(life) == []


def _later(life: Life) -> list[Any]:
    """What the new timing fires."""
    return [NOON + minute * A_MINUTE for minute in range(241, (life.clock.now - NOON) // A_MINUTE + 1)]
