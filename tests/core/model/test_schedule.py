from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.model.schedule import LastRun, Status, Timing
from chalicelib.core.timing.expressions import InvalidExpression
from chalicelib.core.timing.instants import from_iso
from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    a_schedule,
    cancelled,
    changed,
    completed,
    confirmed,
    every_hour,
    once,
)

if TYPE_CHECKING:
    from datetime import timedelta

    from chalicelib.core.model.schedule import Schedule

LEASE_END = NOW + 60 * SECOND
LATE = 5 * MINUTE


@pytest.mark.parametrize(
    ("schedule", "watch_at"),
    [
        # Unconfirmed: the intent's lease, whatever else is to come.
        (a_schedule(timing=once(NOW + DAY)), LEASE_END),
        (a_schedule(timing=once(NOW + SECOND), intent_until=NOW + HOUR), NOW + HOUR),
        (changed(a_schedule(), status=Status.PAUSED), LEASE_END),
        (cancelled(confirmed(a_schedule())), LEASE_END),
        # Confirmed: the occurrence, with its window and the time until it counts as late.
        (confirmed(a_schedule(timing=once(NOW + DAY))), NOW + DAY + LATE),
        (confirmed(a_schedule(timing=once(NOW + DAY), flexible_window_minutes=30)), NOW + DAY + 30 * MINUTE + LATE),
        # Confirmed, and what was due before a change is watched by its span.
        (confirmed(a_schedule(timing=once(NOW + DAY), pending_since=NOW)), NOW + DAY + LATE),
        (confirmed(a_schedule(status=Status.CANCELLED, next_run_at=None, pending_since=NOW)), None),
        # Confirmed, and a pause that ends by itself.
        (confirmed(a_schedule(status=Status.PAUSED, paused_until=NOW + DAY)), NOW + DAY - 2 * MINUTE),
        # Confirmed, and nothing is to come.
        (confirmed(a_schedule(status=Status.PAUSED)), None),
        (confirmed(cancelled(a_schedule())), None),
        (confirmed(completed(a_schedule())), None),
        (confirmed(a_schedule(next_run_at=None)), None),
    ],
)
def test_it_is_watched_from_the_earliest_open_deadline(schedule: Schedule, watch_at: datetime | None) -> None:
    assert schedule.watch_at == watch_at


@pytest.mark.parametrize(
    ("schedule", "pause", "tried_again"),
    [
        (a_schedule(timing=once(NOW + DAY)), 2 * MINUTE, 2 * MINUTE),
        # Never while the lease of the try lasts, and five minutes later at most.
        (a_schedule(timing=once(NOW + DAY)), SECOND, MINUTE),
        (a_schedule(timing=once(NOW + DAY)), HOUR, 5 * MINUTE),
        # Two minutes before its next occurrence, but for that of a paused one.
        (a_schedule(timing=once(NOW + 6 * MINUTE)), HOUR, 4 * MINUTE),
        (a_schedule(timing=once(NOW + 6 * MINUTE), status=Status.PAUSED, next_run_at=None), HOUR, 5 * MINUTE),
        # When an occurrence counts as late, a deadline that is to come; one that has passed is no reason to hurry.
        (a_schedule(timing=every_hour(), next_run_at=NOW - 2 * MINUTE), HOUR, 3 * MINUTE),
        (a_schedule(timing=every_hour(), next_run_at=NOW - HOUR), HOUR, 5 * MINUTE),
    ],
)
def test_an_open_intent_is_tried_again_in_time(schedule: Schedule, pause: timedelta, tried_again: timedelta) -> None:
    assert schedule.next_try_at(NOW, pause) == NOW + tried_again


@pytest.mark.parametrize(("allowed", "failed", "too_often"), [(0, 9, False), (3, 2, False), (3, 3, True), (3, 4, True)])
def test_it_is_to_be_paused_with_the_last_failure_that_is_allowed(
    allowed: int, failed: int, *, too_often: bool
) -> None:
    last_run = LastRun(NOW, "failed")
    schedule = confirmed(
        a_schedule(timing=once(NOW + DAY), pause_after_failures=allowed, failures_in_a_row=failed, last_run=last_run)
    )

    assert schedule.fails_too_often is too_often
    assert schedule.watch_at == (NOW if too_often else NOW + DAY + LATE)
    assert not replace(schedule, status=Status.PAUSED).fails_too_often


def test_what_eventbridge_agrees_on_has_no_intent_and_nothing_to_go_back_to() -> None:
    schedule = a_schedule(applied=a_schedule(), never_applied=True).as_confirmed()

    assert (schedule.confirmed, schedule.intent_until) == (True, None)
    assert (schedule.applied, schedule.never_applied) == (None, False)


@pytest.mark.parametrize(
    ("fields", "now", "leased"),
    [
        ({}, NOW, True),
        ({}, LEASE_END - SECOND, True),
        ({}, LEASE_END, False),
        ({"confirmed": True}, NOW, False),
        ({"intent_until": None}, NOW, False),
    ],
)
def test_it_is_leased_while_a_change_may_be_on_its_way(fields: dict[str, Any], now: datetime, *, leased: bool) -> None:
    assert a_schedule(**fields).is_leased(now) is leased


@pytest.mark.parametrize(("expires_at", "expired"), [(None, False), (NOW + DAY, False), (NOW, True), (NOW - DAY, True)])
def test_it_is_gone_to_readers_once_it_expired(expires_at: datetime | None, *, expired: bool) -> None:
    assert a_schedule(expires_at=expires_at).is_expired(NOW) is expired


def test_only_its_creation_is_the_first_revision() -> None:
    assert a_schedule().is_first_revision
    assert not changed(a_schedule()).is_first_revision


def test_eventbridge_should_have_active_and_paused_ones_only() -> None:
    assert {status for status in Status if status.is_live} == {Status.ACTIVE, Status.PAUSED}


# Timing


def test_a_garbled_timing_is_refused() -> None:
    with pytest.raises(InvalidExpression):
        _ = Timing("cron(0 9 * * 1-5)").parsed


@pytest.mark.parametrize(
    ("timing", "is_one_time", "ends"),
    [
        (once(NOW), True, True),
        (every_hour(), False, False),
        (every_hour(end_at=NOW + DAY), False, True),
        (Timing("cron(0 9 ? * MON *)"), False, False),
        (Timing("cron(0 9 ? * MON *)", end_at=NOW), False, True),
    ],
)
def test_a_timing_knows_whether_it_comes_again_and_whether_it_ends(
    timing: Timing, *, is_one_time: bool, ends: bool
) -> None:
    assert (timing.is_one_time, timing.ends) == (is_one_time, ends)


@pytest.mark.parametrize(
    ("expression", "timezone", "end_at", "last"),
    [
        ("cron(0 9 ? * MON *)", "UTC", "2027-03-08T09:00:00Z", "2027-03-08T09:00:00Z"),
        ("cron(0 9 ? * MON *)", "UTC", "2027-03-08T08:59:00Z", "2027-03-01T09:00:00Z"),
        ("cron(0 9 ? * MON *)", "Europe/Berlin", "2027-03-08T08:00:00Z", "2027-03-08T08:00:00Z"),
        # The end lies years after the last one.
        ("cron(* * * * ? 2028)", "Europe/Berlin", "2050-01-01T00:00:00Z", "2028-12-31T22:59:00Z"),
        ("cron(0 0 ? 2 2#5 *)", "UTC", "2105-01-01T00:00:00Z", "2072-02-29T00:00:00Z"),
        ("cron(0 9 ? * MON *)", "UTC", "1970-01-01T00:00:00Z", None),
    ],
)
def test_the_last_occurrence_is_found_however_far_back(
    expression: str, timezone: str, end_at: str, last: str | None
) -> None:
    timing = Timing(expression, timezone, end_at=from_iso(end_at))

    assert timing.last_occurrence() == (last and from_iso(last))


@given(st.integers(1, 10_000), st.integers(0, 100_000))
def test_the_last_of_a_rate_is_the_last_that_comes(period: int, minutes: int) -> None:
    end_at = NOW + minutes * MINUTE
    timing = Timing(f"rate({period} minutes)", "UTC", NOW, end_at)

    assert timing.last_occurrence() == NOW + minutes // period * period * MINUTE


@pytest.mark.parametrize("timing", [once(NOW), every_hour(), Timing("cron(0 9 ? * MON *)")])
def test_what_has_no_end_has_no_last_occurrence(timing: Timing) -> None:
    assert timing.last_occurrence() is None


def test_an_end_before_the_start_leaves_no_occurrence() -> None:
    assert every_hour(start_at=NOW, end_at=NOW - MINUTE).last_occurrence() is None
    assert every_hour(start_at=NOW, end_at=NOW - MINUTE).next_occurrence(datetime(2000, 1, 1, tzinfo=UTC)) is None
