"""Recoveries that coincide: a reservation and a redrive, a change and a crash, other time zone rules and a hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import SchedulerUnavailable
from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed, Overlap, RetryPolicy, Status
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash
from tests.notification.world import EMAIL, NOON, refused, throttled
from tests.simulation.aws_calendar import with_fixed_clocks
from tests.simulation.simulator import A_MINUTE, A_SECOND, AN_HOUR, Life

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule

BERLIN = "Europe/Berlin"
NINE = datetime(2027, 3, 2, 8, tzinfo=UTC)
"""Nine o'clock in Berlin by our law; AWS believes that it is an hour earlier."""
A_QUARTER = 15 * A_MINUTE


def _daily_under_another_law(life: Life, **details: Any) -> Schedule:
    life.bridge.law = with_fixed_clocks(BERLIN, "CEST-2", since=datetime(2027, 1, 1, tzinfo=UTC))
    life.travel(NINE - 10 * AN_HOUR)
    return life.recurring(cron="0 9 * * ? *", timezone=BERLIN, **details)


def _later_under_another_law(life: Life, **details: Any) -> tuple[Schedule, datetime]:
    life.bridge.law = with_fixed_clocks(BERLIN, "CET-1", since=datetime(2027, 1, 1, tzinfo=UTC))
    nine = datetime(2027, 4, 2, 7, tzinfo=UTC)
    life.travel(nine - 10 * AN_HOUR)
    return life.recurring(cron="0 9 * * ? *", timezone=BERLIN, **details), nine


def test_a_redrive_gives_back_no_place_of_another_run(life: Life) -> None:
    schedule = life.recurring(max_runs=3, retry=RetryPolicy(3, 3600))
    life.aws.errors = [refused(), throttled()]
    life.travel(NOON + 31 * A_MINUTE)
    failed, waits = life.runs_of(schedule)
    assert (failed.status, waits.status) == (RunStatus.FAILED, RunStatus.RETRYING)
    assert life.now_of(schedule).reserved == 1

    life.service.redrive("alice", schedule.schedule_id, failed.run_id)
    life.travel(A_MINUTE)

    assert life.now_of(schedule).reserved == 1
    life.travel(8 * AN_HOUR)
    assert (life.now_of(schedule).run_count, life.now_of(schedule).reserved) == (3, 0)
    assert sum(run.status is RunStatus.SUCCEEDED for run in life.runs_of(schedule)) == 3


@pytest.mark.parametrize("details", [{}, {"overlap": Overlap.SKIP}, {"max_runs": 3}])
@pytest.mark.parametrize("change", [{"name": "other"}, {"timing": TimingSpec(rate="20 minutes")}])
@pytest.mark.parametrize("ahead", [-2 * A_MINUTE, timedelta(0), 2 * A_MINUTE])
@pytest.mark.parametrize("after", [-30 * A_SECOND, 30 * A_SECOND])
def test_an_occurrence_around_a_change_whose_invocations_die_ends_as_well(
    life: Life, details: dict[str, Any], change: dict[str, Any], ahead: timedelta, after: timedelta
) -> None:
    schedule = life.recurring(**details)
    life.faults.always("repository.finish", Crash)
    life.lateness = 40 * A_SECOND
    life.travel(NOON + A_QUARTER + after)
    life.ahead["api"] = ahead
    life.service.change("alice", schedule.schedule_id, **change)
    life.travel(NOON + A_QUARTER + 6 * A_MINUTE)
    life.faults.clear()

    life.travel(NOON + 12 * AN_HOUR + 30 * A_SECOND)

    record = life.now_of(schedule)
    assert life.runs_of(schedule)
    assert all(run.has_ended for run in life.runs_of(schedule))
    assert (record.reserved, record.running) == (0, ())
    if "max_runs" in details:
        assert record.status is Status.COMPLETED


@pytest.mark.parametrize("details", [{}, {"overlap": Overlap.SKIP}, {"max_runs": 3}])
@pytest.mark.parametrize("dies", range(1, 4))
def test_a_cron_made_by_a_clock_ahead_whose_first_invocations_die_ends_as_well(
    life: Life, details: dict[str, Any], dies: int
) -> None:
    life.travel(NOON + A_QUARTER - 3 * A_SECOND)
    life.ahead["api"] = 5 * A_SECOND
    schedule = life.recurring(cron="0/15 * * * ? *", timezone="UTC", **details)
    life.faults.always("repository.finish", Crash)
    life.travel(dies * 3 * A_MINUTE)
    life.faults.clear()

    life.travel(12 * AN_HOUR)

    record = life.now_of(schedule)
    assert all(run.has_ended for run in life.runs_of(schedule)[:-1])
    assert (record.reserved, record.running) == (0, ())


@pytest.mark.parametrize("on_missed", OnMissed)
def test_what_is_held_under_another_law_stands_for_what_was_foreseen(life: Life, on_missed: OnMissed) -> None:
    schedule = _daily_under_another_law(life, on_missed=on_missed)
    life.hold("SES is down")
    life.travel(NINE + 4 * AN_HOUR)
    life.hold(None)
    life.service.release(per_minute=60)
    life.travel(NINE + 8 * AN_HOUR)

    assert len(life.done()) == 1
    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.SUCCEEDED, RunStatus.SKIPPED]


@pytest.mark.parametrize("on_missed", OnMissed)
@pytest.mark.parametrize("change", ["name", "pause"])
def test_what_comes_late_under_another_law_stands_for_what_was_due_before_a_change(
    life: Life, on_missed: OnMissed, change: str
) -> None:
    schedule, nine = _later_under_another_law(life, on_missed=on_missed)
    life.travel(nine + 30 * A_MINUTE)
    if change == "name":
        life.service.change("alice", schedule.schedule_id, name="other")
    else:
        life.service.pause("alice", schedule.schedule_id)
        life.service.resume("alice", schedule.schedule_id)

    life.travel(nine + 8 * AN_HOUR)

    assert len(life.done()) == 1
    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.SKIPPED, RunStatus.SUCCEEDED]


def test_a_late_delivery_of_the_schedule_before_does_not_end_the_one_that_has_its_id_now(life: Life) -> None:
    at = NOON + AN_HOUR
    life.service.put("alice", "s1", timing=TimingSpec(at=at), action=EMAIL)
    life.travel(30 * A_MINUTE)
    life.faults.always("gateway.*", SchedulerUnavailable)
    life.sweeps_down = True
    life.service.cancel("alice", "s1")
    life.travel(2 * A_MINUTE)
    life.sweeps_down = False
    schedule, _ = life.service.put("alice", "s1", timing=TimingSpec(at=at), action=EMAIL)
    assert not schedule.confirmed
    life.travel(at + 3 * A_MINUTE)
    life.faults.clear()

    life.travel(3 * AN_HOUR)

    assert len(life.done()) == 1
    assert life.now_of(schedule).status is Status.COMPLETED
    assert life.now_of(schedule).run_count == 1


@pytest.mark.parametrize("hold", [None, "SES is down"])
def test_a_run_of_the_schedule_before_gives_back_no_place_of_the_one_that_has_its_id_now(
    life: Life, hold: str | None
) -> None:
    timing, retry = TimingSpec(rate="15 minutes"), RetryPolicy(3, 3000)
    life.service.put("alice", "s1", timing=timing, action=EMAIL, max_runs=2, retry=retry)
    life.aws.errors = [throttled()]
    life.hold(hold)
    life.travel(16 * A_MINUTE)
    life.service.cancel("alice", "s1")
    life.hold(None)
    life.aws.errors = [throttled()]
    schedule, _ = life.service.put("alice", "s1", timing=timing, action=EMAIL, max_runs=2, retry=retry)
    life.travel(16 * A_MINUTE)
    assert life.now_of(schedule).reserved == 1

    life.service.release(per_minute=60)
    life.travel(35 * A_MINUTE)
    life.travel(2 * AN_HOUR)

    assert life.now_of(schedule).run_count == 2
    assert len(life.done()) == 2
    assert all(run.has_ended for run in life.runs_of(schedule))


def test_what_a_change_superseded_stands_for_nothing(life: Life) -> None:
    schedule = life.recurring(on_missed=OnMissed.SKIP)
    waits, later = NOON + A_QUARTER, NOON + 3 * A_QUARTER
    event = life.event(schedule, later)
    life.lose(schedule)
    life.travel(waits + 3 * A_MINUTE)
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(cron="7 3 * * ? *", timezone="UTC"))

    life.fire(event)
    life.travel(4 * AN_HOUR)

    assert life.done() == []
    runs = {run.scheduled_time: run for run in life.runs_of(schedule)}
    assert (runs[later].status, runs[later].reason) == (RunStatus.SKIPPED, reasons.NOT_ITS_TIME)
    assert runs[waits].status is RunStatus.MISSED


def test_a_run_of_the_schedule_before_that_was_cut_short_ends_as_well(life: Life) -> None:
    timing = TimingSpec(rate="15 minutes")
    life.service.put("alice", "s1", timing=timing, action=EMAIL)
    life.faults.once("repository.finish", Crash)
    life.travel(NOON + A_QUARTER + 10 * A_SECOND)
    life.service.cancel("alice", "s1")
    schedule, _ = life.service.put("alice", "s1", timing=timing, action=EMAIL)

    life.travel(2 * A_QUARTER)

    first, second = life.runs_of(schedule)[:2]
    assert (first.status, first.reason) == (RunStatus.SKIPPED, reasons.OF_AN_EARLIER_SCHEDULE)
    assert second.status is RunStatus.SUCCEEDED


def test_a_delivery_of_the_schedule_before_does_not_stop_a_run_of_the_one_that_has_its_id_now(life: Life) -> None:
    at = NOON + AN_HOUR
    first, _ = life.service.put("alice", "s1", timing=TimingSpec(at=at), action=EMAIL)
    old = life.event(first, at)
    life.service.cancel("alice", "s1")
    schedule, _ = life.service.put("alice", "s1", timing=TimingSpec(at=at), action=EMAIL)
    life.faults.once("provider.send_email", Crash)
    life.travel(at + 160 * A_SECOND)

    life.runner.handle(old, 30 * A_SECOND)
    life.travel(AN_HOUR)

    assert [run.status for run in life.runs_of(schedule)] == [RunStatus.SUCCEEDED]
    assert len(life.done()) == 1
