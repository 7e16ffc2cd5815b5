"""Which occurrence a delivery stands for, and whether it is owed: calculation only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.core.model import reasons
from chalicelib.core.model.payload import Delivery, Started
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Overlap, RetryPolicy, Schedule, Status, Timing
from chalicelib.core.model.span import opened_span
from chalicelib.core.model.transitions import occurrence_for
from notification import guard, occurrences
from tests.builders import a_run, a_schedule
from tests.notification.world import EMAIL, NOON, World, next_run

QUARTERLY = Timing("rate(15 minutes)", "UTC", NOON)
INVOCATION = guard.Invocation(NOON, NOON + timedelta(seconds=35), "claim", timedelta(days=90))


@pytest.mark.parametrize(
    ("timing", "named", "window", "occurrence"),
    [
        (Timing("at(2027-03-01T12:00:44)"), "12:00:44", 0, "12:00:44"),
        (Timing("at(2027-03-01T12:00:44)"), "12:01:30", 0, "12:00:44"),
        (Timing("at(2027-03-01T12:00:44)"), "12:03:00", 0, None),
        (QUARTERLY, "12:15:00", 0, "12:15:00"),
        (QUARTERLY, "12:15:59", 0, "12:15:00"),
        (QUARTERLY, "12:14:10", 0, "12:15:00"),
        (QUARTERLY, "12:17:00", 0, None),
        (QUARTERLY, "12:20:00", 10, "12:15:00"),
        (QUARTERLY, "12:29:00", 14, "12:30:00"),
        (Timing("rate(1 minute)", "UTC", NOON), "12:03:20", 0, "12:03:00"),
    ],
)
def test_a_delivery_stands_for_the_nearest_occurrence_within_a_minute_and_the_window(
    timing: Timing, named: str, window: int, occurrence: str | None
) -> None:
    found = occurrence_for(timing, at(named), timedelta(minutes=window))

    assert found == (at(occurrence) if occurrence else None)


def test_a_time_that_no_calendar_foresees_runs_all_the_same(world: World) -> None:
    schedule = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    delivery = a_delivery(schedule, NOON + timedelta(minutes=22))

    verdict = guard.judge(delivery, schedule, None, INVOCATION)

    assert isinstance(verdict, guard.Do)
    assert verdict.run.scheduled_time == NOON + timedelta(minutes=22)


def test_an_old_revision_is_owed_when_its_time_lies_in_an_open_span(world: World) -> None:
    old = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    new = changed(old, Timing("cron(0 9 * * ? *)", "UTC"), at_=NOON + timedelta(hours=1))
    span = opened_span(old, new)
    assert span is not None

    verdict = guard.judge(a_delivery(old, NOON + timedelta(minutes=30)), new, None, INVOCATION, [span])

    assert isinstance(verdict, guard.Do)
    assert verdict.run.revision == new.revision


def test_an_old_revision_is_owed_when_its_time_lies_shortly_before_the_change(world: World) -> None:
    old = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    new = changed(old, Timing("cron(0 9 * * ? *)", "UTC"), at_=NOON + timedelta(minutes=31))

    verdict = guard.judge(a_delivery(old, NOON + timedelta(minutes=30)), new, None, INVOCATION)

    assert isinstance(verdict, guard.Do)


def test_an_old_revision_is_superseded_when_its_time_was_not_due_at_the_change(world: World) -> None:
    old = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    new = changed(old, Timing("cron(0 9 * * ? *)", "UTC"), at_=NOON + timedelta(hours=1))

    verdict = guard.judge(a_delivery(old, NOON + timedelta(minutes=30)), new, None, INVOCATION)

    assert isinstance(verdict, guard.Record)
    assert verdict.run.reason == reasons.NOT_ITS_TIME


def test_an_old_revision_is_owed_when_the_new_timing_has_the_same_occurrence(world: World) -> None:
    old = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    new = changed(old, Timing("rate(30 minutes)", "UTC", NOON), at_=NOON)

    verdict = guard.judge(a_delivery(old, NOON + timedelta(minutes=30)), new, None, INVOCATION)

    assert isinstance(verdict, guard.Do)


def test_an_old_revision_whose_time_the_new_timing_lacks_is_superseded(world: World) -> None:
    old = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    new = changed(old, Timing("rate(30 minutes)", "UTC", NOON), at_=NOON)

    verdict = guard.judge(a_delivery(old, NOON + timedelta(minutes=45)), new, None, INVOCATION)

    assert isinstance(verdict, guard.Record)
    assert verdict.run.reason == reasons.NOT_ITS_TIME
    assert not verdict.run.unforeseen


def test_a_time_that_no_calendar_foresees_is_owed_after_a_rename_too(world: World) -> None:
    old = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    renamed = replace(old, revision=old.revision + 1, name="another")

    verdict = guard.judge(a_delivery(old, NOON + timedelta(minutes=22)), renamed, None, INVOCATION)

    assert isinstance(verdict, guard.Do)


def test_an_earlier_one_time_timing_is_not_taken_for_the_new_one(world: World) -> None:
    old = world.a_schedule(after=timedelta(hours=1))
    moved = changed(old, Timing("at(2027-03-01T15:00:00)"), at_=NOON)

    verdict = guard.judge(a_delivery(old, NOON + timedelta(hours=1)), moved, None, INVOCATION)

    assert isinstance(verdict, guard.Record)
    assert verdict.run.scheduled_time == NOON + timedelta(hours=1)
    assert verdict.run.reason == reasons.NOT_ITS_TIME


@pytest.mark.parametrize(
    ("waits_for", "stands_for"),
    [("13:00", ["14:00", "15:00", "13:00", "16:00", "17:00"]), ("15:00", ["15:00", "16:00", "17:00"])],
)
def test_an_unforeseen_run_stands_for_the_nearest_occurrence_without_an_outcome(
    waits_for: str, stands_for: list[str]
) -> None:
    hourly = a_schedule(timing=Timing("rate(1 hour)", "UTC", NOON), next_run_at=at(waits_for))
    delivered_at = at("14:20")

    found = occurrences.stands_for(
        a_run(hourly, scheduled_time=delivered_at), a_delivery(hourly, delivered_at), hourly, ()
    )

    assert found == [at(clock) for clock in stands_for]


def test_a_run_that_a_change_superseded_stands_for_no_occurrence() -> None:
    hourly = a_schedule(timing=Timing("rate(1 hour)", "UTC", NOON), next_run_at=at("13:00"), confirmed=True)
    daily = Timing("cron(0 9 * * ? *)", "UTC")
    moved = replace(changed(hourly, daily, at_=at("16:00")), updated_at=at("16:00"), next_run_at=None)
    span = opened_span(hourly, moved)
    assert span is not None
    delivered_at = at("15:20")
    run = a_run(moved, scheduled_time=delivered_at)

    done, skipped = (
        occurrences.stands_for(replace(run, status=status), a_delivery(hourly, delivered_at), moved, (span,))
        for status in (RunStatus.RUNNING, RunStatus.SKIPPED)
    )

    assert done[0] == at("15:00")
    assert skipped == []


@pytest.mark.parametrize(
    ("next_run_at", "timing_changed_at", "is_awaited"),
    [
        ("12:15", "12:00", True),
        ("12:15", "12:14", True),
        ("12:15", "12:15", False),
        ("12:30", "12:00", False),
    ],
)
def test_a_schedule_awaits_what_has_no_outcome_and_lies_behind_its_last_change_of_timing(
    next_run_at: str, timing_changed_at: str, *, is_awaited: bool
) -> None:
    schedule = a_schedule(
        timing=QUARTERLY, next_run_at=at(next_run_at), timing_changed_at=at(timing_changed_at), created_at=NOON
    )

    assert occurrences.is_awaited(a_delivery(schedule, at("12:15")), schedule) is is_awaited


def test_what_was_begun_before_its_schedule_ended_by_itself_is_done_by_the_next_try(world: World) -> None:
    schedule = world.a_schedule()
    delivery = a_delivery(schedule, next_run(schedule))
    first = guard.judge(delivery, schedule, None, INVOCATION)
    assert isinstance(first, guard.Do)
    later = replace(INVOCATION, started_at=NOON + timedelta(hours=1))

    verdict = guard.judge(delivery, replace(schedule, status=Status.FAILED), first.run, later)

    assert isinstance(verdict, guard.Do)


@pytest.mark.parametrize(("early", "begins"), [(timedelta(seconds=1), False), (timedelta(0), True)])
def test_a_retry_begins_at_its_time_and_not_before(world: World, early: timedelta, *, begins: bool) -> None:
    schedule = world.a_schedule()
    retry_at = NOON + timedelta(hours=1)
    waiting = a_run(schedule, status=RunStatus.RETRYING, next_attempt_at=retry_at, tries=1)
    invocation = replace(INVOCATION, started_at=retry_at - early)

    verdict = guard.judge(a_delivery(schedule, next_run(schedule)), schedule, waiting, invocation)

    assert isinstance(verdict, guard.Do if begins else guard.Done)


@pytest.mark.parametrize(("tries", "begins"), [(1, True), (2, True), (3, False)])
def test_a_crashed_run_has_lambdas_two_tries_beside_the_schedules_own_retries(
    world: World, tries: int, *, begins: bool
) -> None:
    schedule = world.a_schedule(retry=RetryPolicy(max_retries=0))
    crashed = a_run(schedule, tries=tries)
    later = replace(INVOCATION, started_at=crashed.lease_until)

    verdict = guard.judge(a_delivery(schedule, next_run(schedule)), schedule, crashed, later)

    assert isinstance(verdict, guard.Do if begins else guard.Record)
    assert begins or verdict.run.reason == reasons.crashed(3)


@pytest.mark.parametrize(
    ("minutes_before", "reason"), [(15, reasons.schedule_was(Status.PAUSED)), (0, None)], ids=["before", "at the end"]
)
def test_what_lies_before_the_end_of_a_pause_is_skipped_and_what_lies_at_its_end_is_done(
    world: World, minutes_before: int, reason: str | None
) -> None:
    schedule = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    ends_at = next_run(schedule) + timedelta(minutes=15)
    resumed = replace(schedule, paused_until=ends_at, next_run_at=ends_at)

    verdict = guard.judge(a_delivery(schedule, ends_at - timedelta(minutes=minutes_before)), resumed, None, INVOCATION)

    assert isinstance(verdict, guard.Record if reason else guard.Do)
    assert verdict.run.reason == reason


def test_an_excluded_date_that_eventbridge_fires_is_skipped(world: World) -> None:
    daily = world.service.create_recurring(
        user_id="alice", cron="0 1 * * ? *", timezone="Asia/Tokyo", action=EMAIL, exclusions=(date(2027, 3, 3),)
    )
    fired_at = datetime(2027, 3, 2, 16, tzinfo=UTC)

    verdict = guard.judge(a_delivery(daily, fired_at), daily, None, INVOCATION)

    assert isinstance(verdict, guard.Record)
    assert (verdict.run.status, verdict.run.reason) == (RunStatus.SKIPPED, reasons.DATE_EXCLUDED)


@pytest.mark.parametrize(
    ("status", "redriven", "begins"),
    [
        (Status.ACTIVE, False, True),
        (Status.PAUSED, False, False),
        (Status.PAUSED, True, True),
        (Status.COMPLETED, False, True),
        (Status.FAILED, False, True),
        (Status.CANCELLED, True, False),
    ],
)
def test_a_retry_goes_by_the_status_of_its_schedule_and_a_redrive_is_done_in_a_pause_too(
    world: World, status: Status, *, redriven: bool, begins: bool
) -> None:
    schedule = world.a_schedule()
    waiting = a_run(schedule, status=RunStatus.RETRYING, next_attempt_at=NOON, tries=1, redriven=redriven)
    started = replace(a_delivery(schedule, next_run(schedule)), started=Started("claim-1", run=waiting))

    verdict = guard.judge(started, replace(schedule, status=status), waiting, INVOCATION)

    assert isinstance(verdict, guard.Do if begins else guard.Record)
    assert begins or verdict.run.reason == reasons.schedule_was(status)


@pytest.mark.parametrize("redriven", [True, False])
def test_a_run_that_begins_reserves_a_place_among_max_runs_unless_a_person_asked_for_it(
    world: World, *, redriven: bool
) -> None:
    schedule = world.a_schedule(max_runs=3)
    queued = a_run(schedule, status=RunStatus.QUEUED, attempts=(), redriven=redriven)
    started = replace(a_delivery(schedule, next_run(schedule)), started=Started("claim-1", run=queued))

    verdict = guard.judge(started, schedule, queued, INVOCATION)

    assert isinstance(verdict, guard.Do)
    assert verdict.run.reserved is not redriven


def test_a_late_delivery_takes_over_a_miss_that_max_runs_has_counted(world: World) -> None:
    schedule = world.a_schedule(max_runs=1)
    missed = a_run(schedule, status=RunStatus.MISSED)
    ended = replace(schedule, status=Status.COMPLETED, run_count=1)

    verdict = guard.judge(a_delivery(schedule, next_run(schedule)), ended, missed, INVOCATION)

    assert isinstance(verdict, guard.Do)
    assert (verdict.run.counted, verdict.run.reserved) == (True, False)


def test_a_delivery_of_an_earlier_schedule_is_recorded_unless_it_is_in_the_time_of_its_successor(world: World) -> None:
    earlier = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    created_at = NOON + timedelta(minutes=40)
    successor = replace(earlier, created_at=created_at, timing_changed_at=created_at)

    before, after = (
        guard.judge(a_delivery(earlier, NOON + timedelta(minutes=minutes)), successor, None, INVOCATION)
        for minutes in (30, 45)
    )

    assert isinstance(before, guard.Record)
    assert before.run.reason == reasons.OF_AN_EARLIER_SCHEDULE
    assert before.run.schedule_created_at == earlier.created_at
    assert isinstance(after, guard.Done)


def test_a_run_that_waits_overlaps_though_the_record_lists_later_ones_only(world: World) -> None:
    hourly = world.service.create_recurring(user_id="alice", rate="1 hour", action=EMAIL, overlap=Overlap.SKIP)
    first = next_run(hourly)
    listed = tuple(first + number * timedelta(hours=1) for number in range(1, 51))
    full = replace(hourly, in_progress=listed, waiting_runs=len(listed))

    free, taken = (
        guard.judge(a_delivery(hourly, first), replace(full, waiting_runs=waiting), None, INVOCATION)
        for waiting in (50, 51)
    )

    assert isinstance(free, guard.Do)
    assert isinstance(taken, guard.Record)
    assert taken.run.reason == reasons.overlaps_unlisted(1)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2027-03-01T{clock}").replace(tzinfo=UTC)


def a_delivery(schedule: Schedule, scheduled_time: datetime) -> Delivery:
    return Delivery(schedule, EMAIL, scheduled_time, {})


def changed(schedule: Schedule, timing: Timing, *, at_: datetime) -> Schedule:
    following = replace(schedule, timing=timing, revision=schedule.revision + 1, timing_changed_at=at_, updated_at=at_)
    return replace(following, next_run_at=timing.next_occurrence(at_))
