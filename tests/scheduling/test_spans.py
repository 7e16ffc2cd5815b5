"""Which of two spans, or the record, sees to an occurrence, and which occurrence is the latest. Calculation only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.core.model.span import Span, opened_span
from chalicelib.scheduling.spans import Walk, _wait_for_end
from tests.builders import HOUR, MINUTE, NOW, SECOND, a_run, a_schedule, changed, every_hour

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from chalicelib.core.model.schedule import Schedule

BEFORE = a_schedule(timing=every_hour(), confirmed=True)


def paused(before: Schedule, hours: int) -> Schedule:
    return changed(before, status=Status.PAUSED, next_run_at=None, updated_at=NOW + hours * HOUR)


def a_span(after: Schedule) -> Span:
    span = opened_span(BEFORE, after)
    assert span is not None
    return span


DUE = NOW + HOUR
LEASE_UNTIL = DUE + 35 * SECOND
FINAL = DUE + 2 * HOUR
FIRST = paused(BEFORE, 2)
SECOND_ONE = paused(FIRST, 3)
OLDER, NEWER = a_span(FIRST), a_span(SECOND_ONE)


def test_an_occurrence_of_two_spans_is_left_to_that_of_the_later_change() -> None:
    due, now = NOW + 2 * HOUR, NOW + 9 * HOUR

    assert Walk(OLDER, SECOND_ONE, [NEWER], now).is_awaited_elsewhere(due)
    assert not Walk(NEWER, SECOND_ONE, [OLDER], now).is_awaited_elsewhere(due)


def test_an_occurrence_that_the_record_waits_for_is_left_to_the_record() -> None:
    resumed = replace(SECOND_ONE, status=Status.ACTIVE, next_run_at=NOW + 2 * HOUR)

    walk = Walk(OLDER, resumed, [], NOW + 9 * HOUR)

    assert [walk.is_awaited_elsewhere(NOW + hours * HOUR) for hours in (1, 2)] == [False, True]


def test_an_occurrence_is_the_latest_unless_a_later_one_has_come_in_whichever_timing() -> None:
    due = NOW + 2 * HOUR
    resumed = replace(SECOND_ONE, status=Status.ACTIVE, next_run_at=NOW + 4 * HOUR)
    other = replace(NEWER, since=NOW + 3 * HOUR)

    assert Walk(OLDER, resumed, [], due + HOUR - SECOND).is_latest(due)
    assert not Walk(OLDER, resumed, [], due + HOUR).is_latest(due)
    assert not Walk(OLDER, resumed, [other], due + HOUR - SECOND).is_latest(due)
    assert not Walk(OLDER, resumed, [], due).is_latest(NOW + HOUR)


@pytest.mark.parametrize(
    ("status", "now", "looks_at"),
    [
        (RunStatus.QUEUED, DUE, DUE + 5 * MINUTE),
        (RunStatus.QUEUED, FINAL, FINAL + 5 * MINUTE),
        (RunStatus.RUNNING, LEASE_UNTIL + 5 * MINUTE - SECOND, LEASE_UNTIL + 5 * MINUTE),
        (RunStatus.RUNNING, LEASE_UNTIL + 5 * MINUTE, LEASE_UNTIL + 10 * MINUTE),
        (RunStatus.RUNNING, FINAL - SECOND, FINAL - SECOND + 5 * MINUTE),
        (RunStatus.RUNNING, FINAL, None),
    ],
)
def test_a_run_that_never_ends_is_given_up_after_all_that_may_still_start_it(
    status: RunStatus, now: datetime, looks_at: datetime | None
) -> None:
    run = a_run(BEFORE, status=status, scheduled_time=DUE)

    assert _wait_for_end(run, now, FINAL) == looks_at


@pytest.mark.parametrize(
    ("before_the_change", "is_superseded"), [(2 * MINUTE, False), (2 * MINUTE - SECOND, True), (-MINUTE, True)], ids=str
)
def test_what_lies_less_than_two_minutes_before_a_change_of_timing_is_superseded(
    before_the_change: timedelta, *, is_superseded: bool
) -> None:
    due = NOW + HOUR
    retimed = replace(OLDER, timing_changed_at=due + before_the_change)

    assert Walk(retimed, FIRST, [], NOW + 9 * HOUR).is_superseded(due) is is_superseded
