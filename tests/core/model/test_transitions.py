"""What a pause's end and a run's end make of a schedule. Calculation only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Overlap, Status
from chalicelib.core.model.span import Span, opened_span
from chalicelib.core.model.transitions import (
    MAX_IN_PROGRESS,
    auto_resumed,
    left_open,
    with_outcome,
    with_recorded_outcome,
    with_span_closed,
)
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_run, a_schedule, changed, confirmed, every_hour, once

if TYPE_CHECKING:
    from datetime import timedelta

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

DUE = NOW + HOUR
HOURLY = a_schedule(timing=every_hour(), confirmed=True, intent_until=None)
LAST_HOUR = a_schedule(timing=every_hour(end_at=DUE), confirmed=True, intent_until=None)
ONCE = confirmed(a_schedule(timing=once(DUE)))
PAUSED: dict[str, Any] = {"status": Status.PAUSED, "next_run_at": None}


def after(schedule: Schedule, status: RunStatus = RunStatus.SUCCEEDED, **run: Any) -> Schedule:
    """The schedule after its next run ended as `status`, a second after its time."""
    return with_outcome(schedule, a_run(schedule, status=status, **run), now=DUE + SECOND, keep_record=DAY)


def a_span(before: Schedule = HOURLY) -> Span:
    """All of it up to a pause that began in the third hour."""
    span = opened_span(before, changed(before, **PAUSED, updated_at=NOW + 2.5 * HOUR))
    assert span is not None
    return span


# The next occurrence


def test_the_occurrence_at_the_very_end_of_a_pause_is_the_next_one() -> None:
    paused = a_schedule(timing=every_hour(), **PAUSED)

    resumed = auto_resumed(paused, NOW + 2 * HOUR)

    assert resumed is not None
    assert resumed.next_run_at == NOW + 2 * HOUR


@pytest.mark.parametrize(("hours", "next_in"), [(1, 2), (2, 1)])
def test_only_the_run_that_a_schedule_waits_for_moves_it_on(hours: int, next_in: int) -> None:
    assert after(HOURLY, scheduled_time=NOW + hours * HOUR).next_run_at == NOW + next_in * HOUR


# Counters and lists


def test_of_more_waiting_runs_than_the_record_lists_the_latest_are_kept() -> None:
    listed = tuple(NOW + number * HOUR for number in range(1, MAX_IN_PROGRESS + 1))
    latest = listed[-1] + HOUR
    schedule = replace(HOURLY, in_progress=listed, waiting_runs=len(listed), next_run_at=latest)

    waiting = after(schedule, RunStatus.RETRYING, waits=True, next_attempt_at=latest + HOUR)

    assert waiting.in_progress == (*listed[1:], latest)
    assert waiting.waiting_runs == MAX_IN_PROGRESS + 1


def test_a_run_that_ends_gives_back_its_reservation_and_is_no_longer_waited_for() -> None:
    schedule = replace(HOURLY, max_runs=9, reserved=1, waiting_runs=1, in_progress=(DUE,))
    running = a_run(schedule, reserved=True, waits=True)

    ended = with_outcome(
        schedule, replace(running, status=RunStatus.SUCCEEDED), now=DUE + SECOND, keep_record=DAY, replacing=running
    )

    assert (ended.reserved, ended.waiting_runs, ended.in_progress, ended.run_count) == (0, 0, (), 1)


def test_a_run_that_begins_to_wait_keeps_its_reservation_and_is_waited_for_once() -> None:
    schedule = replace(HOURLY, max_runs=9, reserved=1, waiting_runs=1, in_progress=(DUE,))
    running = a_run(schedule, reserved=True, waits=True)

    waiting = with_outcome(
        schedule, replace(running, status=RunStatus.RETRYING), now=DUE + SECOND, keep_record=DAY, replacing=running
    )

    assert (waiting.reserved, waiting.waiting_runs, waiting.in_progress, waiting.run_count) == (1, 1, (DUE,), 0)


def test_a_running_run_is_listed_for_overlap_until_it_ends() -> None:
    schedule = replace(HOURLY, overlap=Overlap.SKIP, running=(DUE,))

    assert after(schedule, RunStatus.RUNNING).running == (DUE,)
    assert after(schedule, RunStatus.SUCCEEDED).running == ()


@pytest.mark.parametrize(
    ("status", "in_a_row"), [(RunStatus.FAILED, 3), (RunStatus.SUCCEEDED, 0), (RunStatus.SKIPPED, 2)]
)
def test_a_success_ends_a_row_of_failures_and_a_skipped_run_neither_ends_nor_lengthens_it(
    status: RunStatus, in_a_row: int
) -> None:
    assert after(replace(HOURLY, failures_in_a_row=2), status).failures_in_a_row == in_a_row


def test_a_run_whose_end_was_counted_moves_the_schedule_on_and_counts_no_second_time() -> None:
    schedule = replace(HOURLY, run_count=1, failures_in_a_row=1)
    recorded = a_run(schedule, status=RunStatus.FAILED)

    moved = with_recorded_outcome(schedule, recorded, now=DUE + HOUR, keep_record=DAY)

    assert (moved.run_count, moved.failures_in_a_row, moved.next_run_at) == (1, 1, DUE + HOUR)


# The end


def test_a_one_time_schedule_that_was_changed_after_its_time_ends_with_its_run() -> None:
    renamed = replace(ONCE, next_run_at=None, pending_since=DUE)

    ended = after(renamed, scheduled_time=DUE)

    assert (ended.status, ended.pending_since) == (Status.COMPLETED, None)


@pytest.mark.parametrize(
    ("run_ended", "schedule_ended"),
    [
        (RunStatus.SUCCEEDED, Status.COMPLETED),
        (RunStatus.SKIPPED, Status.COMPLETED),
        (RunStatus.FAILED, Status.FAILED),
        (RunStatus.MISSED, Status.FAILED),
    ],
)
def test_a_one_time_schedule_ends_as_its_run_did(run_ended: RunStatus, schedule_ended: Status) -> None:
    assert after(ONCE, run_ended).status is schedule_ended


def test_a_failed_one_time_schedule_whose_run_is_done_after_all_is_completed() -> None:
    failed = replace(ONCE, status=Status.FAILED, reason="no answer", next_run_at=None)

    done = after(failed, scheduled_time=DUE, redriven=True)

    assert (done.status, done.reason) == (Status.COMPLETED, None)


@pytest.mark.parametrize(
    ("to_come", "ends"),
    [({}, True), ({"waiting_runs": 1, "in_progress": (NOW,)}, False), ({"pending_since": NOW}, False)],
    ids=["nothing", "a retry", "an occurrence of a span"],
)
def test_a_schedule_ends_with_its_last_run_unless_something_is_to_come(to_come: dict[str, Any], *, ends: bool) -> None:
    assert after(replace(LAST_HOUR, **to_come)).status is (Status.COMPLETED if ends else Status.ACTIVE)


@pytest.mark.parametrize(("before", "status"), [(LAST_HOUR, Status.COMPLETED), (HOURLY, Status.PAUSED)])
def test_a_paused_schedule_ends_with_a_run_only_if_that_was_its_last(before: Schedule, status: Status) -> None:
    assert after(replace(before, **PAUSED), scheduled_time=DUE).status is status


@pytest.mark.parametrize(("max_runs", "status"), [(3, Status.COMPLETED), (4, Status.ACTIVE), (None, Status.ACTIVE)])
def test_the_last_of_max_runs_ends_a_schedule(max_runs: int | None, status: Status) -> None:
    assert after(replace(HOURLY, max_runs=max_runs, run_count=2)).status is status


@pytest.mark.parametrize("late", [SECOND, 8 * DAY], ids=str)
def test_the_record_of_an_ended_schedule_stays_its_time_from_the_end_of_the_run(late: timedelta) -> None:
    ended = with_outcome(ONCE, a_run(ONCE, status=RunStatus.SUCCEEDED), now=DUE + late, keep_record=DAY)

    assert ended.expires_at == DUE + late + DAY


# EventBridge


@pytest.mark.parametrize(
    ("before", "run_ended", "is_removed"),
    [
        (ONCE, RunStatus.SUCCEEDED, False),
        (ONCE, RunStatus.MISSED, True),
        (replace(ONCE, **PAUSED), RunStatus.SUCCEEDED, True),
        (LAST_HOUR, RunStatus.SUCCEEDED, True),
    ],
    ids=["fired", "not carried out", "paused", "recurring"],
)
def test_only_a_one_time_schedule_that_fired_is_gone_from_eventbridge_by_itself(
    before: Schedule, run_ended: RunStatus, *, is_removed: bool
) -> None:
    attempts = () if run_ended is RunStatus.MISSED else a_run(before).attempts

    ended = after(before, run_ended, scheduled_time=DUE, attempts=attempts)

    assert not ended.status.is_live
    assert (ended.confirmed, ended.intent_until) == ((False, DUE) if is_removed else (True, None))


def test_an_intent_that_is_open_keeps_its_lease_when_the_schedule_ends() -> None:
    being_changed = replace(LAST_HOUR, confirmed=False, intent_until=DUE + MINUTE)

    assert after(being_changed).intent_until == DUE + MINUTE


# Spans


def test_the_last_of_max_runs_leaves_what_was_due_when_it_ended_as_a_span_of_its_own() -> None:
    schedule = replace(HOURLY, max_runs=1)
    last, now = a_run(schedule, status=RunStatus.FAILED), DUE + 2.5 * HOUR

    span = left_open(schedule, last, now=now)
    ended = with_outcome(schedule, last, now=now, keep_record=DAY)

    assert span is not None
    assert list(span.occurrences()) == [DUE + HOUR, DUE + 2 * HOUR]
    # A change that was recorded in the same moment has the span of its own revision.
    assert span.revision == schedule.revision + 1
    assert (ended.status, ended.pending_since) == (Status.COMPLETED, DUE + HOUR)


@pytest.mark.parametrize(
    ("now_of", "status"), [({}, Status.ACTIVE), ({"next_run_at": None}, Status.COMPLETED)], ids=["more", "nothing"]
)
def test_a_schedule_ends_with_its_span_only_if_nothing_is_to_come(now_of: dict[str, Any], status: Status) -> None:
    waiting = replace(HOURLY, pending_since=DUE, **now_of)

    closed = with_span_closed(waiting, [], _last_run(), now=NOW + DAY, keep_record=DAY)

    assert (closed.status, closed.pending_since) == (status, None)


def test_a_schedule_waits_for_the_first_of_the_spans_that_are_still_open() -> None:
    first, second = (a_span().moved_to(DUE + hours * HOUR) for hours in (0, 1))
    waiting = replace(HOURLY, next_run_at=None, pending_since=NOW)

    closed = with_span_closed(waiting, [second, first], _last_run(), now=NOW + DAY, keep_record=DAY)

    assert (closed.status, closed.pending_since) == (Status.ACTIVE, DUE)


def _last_run() -> Run:
    return a_run(HOURLY, scheduled_time=DUE + HOUR, status=RunStatus.SUCCEEDED)
