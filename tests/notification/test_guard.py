"""Which occurrence a delivery stands for, and whether it is owed: calculation only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.model.payload import Delivery
from chalicelib.core.model.schedule import Schedule, Status, Timing
from chalicelib.core.model.span import opened_span
from chalicelib.core.model.transitions import occurrence_for
from notification import guard
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
    assert verdict.run.reason == guard.NOT_ITS_TIME


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
    assert (verdict.run.reason or "").startswith("superseded")
    assert not verdict.run.unforeseen


def test_what_was_begun_before_its_schedule_ended_by_itself_is_done_by_the_next_try(world: World) -> None:
    schedule = world.a_schedule()
    delivery = a_delivery(schedule, next_run(schedule))
    first = guard.judge(delivery, schedule, None, INVOCATION)
    assert isinstance(first, guard.Do)
    later = replace(INVOCATION, started_at=NOON + timedelta(hours=1))

    verdict = guard.judge(delivery, replace(schedule, status=Status.FAILED), first.run, later)

    assert isinstance(verdict, guard.Do)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2027-03-01T{clock}").replace(tzinfo=UTC)


def a_delivery(schedule: Schedule, scheduled_time: datetime) -> Delivery:
    return Delivery(schedule, EMAIL, scheduled_time, {})


def changed(schedule: Schedule, timing: Timing, *, at_: datetime) -> Schedule:
    following = replace(schedule, timing=timing, revision=schedule.revision + 1, timing_changed_at=at_, updated_at=at_)
    return replace(following, next_run_at=timing.next_occurrence(at_))
