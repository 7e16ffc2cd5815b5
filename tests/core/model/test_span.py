"""Which occurrences a change leaves open, and which of them a span has. Calculation only."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model.schedule import Status, Timing
from chalicelib.core.model.span import Span, due, opened_span, waits_from
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_schedule, changed, every_hour

if TYPE_CHECKING:
    from datetime import timedelta

HOURLY = a_schedule(timing=every_hour(), confirmed=True, intent_until=None)
DAILY = Timing("cron(0 0 * * ? *)")


def opened(at: timedelta, **changes: Any) -> Span | None:
    """What such a change of the hourly schedule leaves open, so long after NOW."""
    return opened_span(HOURLY, changed(HOURLY, updated_at=NOW + at, **changes))


def a_pause(at: timedelta) -> Span:
    span = opened(at, status=Status.PAUSED, next_run_at=None)
    assert span is not None
    return span


@pytest.mark.parametrize(
    ("at", "found"), [(HOUR - SECOND, False), (HOUR, True), (HOUR + SECOND, True)], ids=["before", "at", "after"]
)
def test_a_pause_leaves_open_what_was_due_when_it_began(at: timedelta, *, found: bool) -> None:
    span = opened(at, status=Status.PAUSED, next_run_at=None)

    assert (span is not None) is found


@pytest.mark.parametrize(
    ("status", "ahead", "found"),
    [
        (Status.ACTIVE, 2 * MINUTE, True),
        (Status.ACTIVE, 2 * MINUTE + SECOND, False),
        (Status.PAUSED, SECOND, False),
    ],
)
def test_a_change_of_timing_leaves_open_what_the_old_one_has_in_the_next_two_minutes(
    status: Status, ahead: timedelta, *, found: bool
) -> None:
    before = replace(HOURLY, status=status, paused_until=NOW)

    span = opened_span(before, changed(before, timing=DAILY, next_run_at=NOW + DAY, updated_at=NOW + HOUR - ahead))

    assert (span is not None) is found


def test_what_the_record_still_waits_for_is_in_no_span() -> None:
    assert opened(2.5 * HOUR, name="other") is None


def test_what_lies_before_that_for_which_the_record_waits_is_in_a_span() -> None:
    span = opened(2.5 * HOUR, name="other", next_run_at=NOW + 3 * HOUR)

    assert span is not None
    assert list(span.occurrences()) == [NOW + HOUR, NOW + 2 * HOUR]


def test_a_span_has_its_first_and_its_last_occurrence_and_those_between() -> None:
    span = replace(a_pause(4 * HOUR), since=NOW + 2 * HOUR)

    assert list(span.occurrences()) == [NOW + hours * HOUR for hours in (2, 3, 4)]
    assert span.last() == NOW + 4 * HOUR
    assert [hours for hours in (1, 2, 2.5, 3, 4, 5) if span.has(NOW + hours * HOUR)] == [2, 3, 4]


def test_a_span_of_what_eventbridge_never_had_says_so() -> None:
    assert not a_pause(HOUR).never_applied

    before = replace(HOURLY, never_applied=True)
    span = opened_span(before, changed(before, status=Status.PAUSED, next_run_at=None, updated_at=NOW + HOUR))

    assert span is not None
    assert span.never_applied


@pytest.mark.parametrize(
    ("ended_at", "first"), [(-HOUR, NOW + HOUR), (0 * HOUR, NOW + HOUR), (2 * HOUR, NOW + 2 * HOUR)], ids=str
)
def test_what_lay_before_the_end_of_a_pause_or_before_its_record_is_never_due(ended_at: timedelta, first: Any) -> None:
    paused = replace(
        HOURLY, timing=every_hour(start_at=NOW), status=Status.PAUSED, next_run_at=None, paused_until=NOW + ended_at
    )

    assert list(islice(due(paused, NOW + DAY), 1)) == [first]


def test_what_is_paused_without_an_end_or_has_ended_waits_for_nothing() -> None:
    assert waits_from(replace(HOURLY, status=Status.PAUSED, next_run_at=None)) is None
    assert waits_from(replace(HOURLY, status=Status.COMPLETED)) is None
