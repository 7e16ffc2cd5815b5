"""Finds the occurrence of a delivery, and calculates how an ended run changes its schedule. Pure calculation."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from ..frozen import replace
from ..timing.instants import EPOCH
from ..timing.latest import latest
from .run import Run, RunStatus
from .schedule import LastRun, Overlap, Schedule, Status
from .span import Span, earliest, span_until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from .schedule import Timing

MINUTE = timedelta(minutes=1)
UNLIMITED = 10**9

MAX_IN_PROGRESS = 50
"""The most retrying or held runs that the record lists, the latest ones. `waiting_runs` counts all of them."""


@lru_cache(maxsize=16)
def occurrence_for(timing: Timing, scheduled_time: datetime, window: timedelta) -> datetime | None:
    """Returns the occurrence nearest to EventBridge's `scheduled_time`, within a minute and the window, or None.

    The times are not compared for equality: recurring occurrences are whole minutes, and AWS does not document the
    seconds of `scheduled_time`. The latest results are kept, since one run asks several times.
    """
    if timing.next_occurrence(scheduled_time - timedelta(seconds=1)) == scheduled_time:
        return scheduled_time
    begin = scheduled_time - MINUTE - window
    before = latest(timing.occurrences, begin - timedelta(seconds=1), scheduled_time)
    following = (at for at in [timing.next_occurrence(scheduled_time)] if at and at <= scheduled_time + MINUTE)
    return min((*before, *following), key=lambda at: abs(at - scheduled_time), default=None)


def with_outcome(
    schedule: Schedule, run: Run, *, now: datetime, keep_record: timedelta, replacing: Run | None = None
) -> Schedule:
    """Returns the schedule after this run ended or was postponed. `keep_record` is how long a finished record is kept.
    `replacing` is the run's former state, whose reservation is released or passed to this run.

    `next_run_at` advances only if the run is the occurrence that the schedule waits for, so a later run never hides a
    missing earlier one.
    """
    counted = _counted(_with_waiting(with_reservation(schedule, run, replacing), run, replacing), run)
    if not run.is_occurrence:
        return counted
    if not schedule.status.is_live:
        return _with_late_result(counted, run)
    if _is_last_of_max_runs(schedule, run):
        left = left_open(schedule, run, now=now)
        pending_since = earliest(counted.pending_since, left.since if left else None)
        return _removed(replace(_finished(counted, run, now + keep_record), pending_since=pending_since), run)
    if schedule.next_run_at == run.scheduled_time:
        counted = replace(counted, next_run_at=schedule.next_occurrence(run.scheduled_time))
    if _continues(counted, run):
        return counted
    finished = _finished(counted, run, now + keep_record)
    # EventBridge deletes a one-time schedule when it fires. It may still have a paused one, one that did not fire, or
    # a recurring one that was updated after its last occurrence or whose last dates are excluded.
    fired_out = schedule.status is Status.ACTIVE and run.counts and schedule.timing.is_one_time
    return finished if fired_out else _removed(finished, run)


def with_recorded_outcome(schedule: Schedule, run: Run, *, now: datetime, keep_record: timedelta) -> Schedule:
    """Returns the same for a run that was recorded and counted while the schedule waited for an earlier occurrence."""
    before = replace(schedule, run_count=schedule.run_count - run.counts)
    after = with_outcome(before, run, now=now, keep_record=keep_record, replacing=run)
    return replace(after, failures_in_a_row=schedule.failures_in_a_row)


def with_reservation(schedule: Schedule, run: Run, replacing: Run | None) -> Schedule:
    """Returns the schedule with its number of reserved runs and its list of running runs after `run`."""
    held_before = replacing is not None and replacing.holds_reservation
    return replace(
        schedule,
        reserved=max(0, schedule.reserved + run.holds_reservation - held_before),
        running=_running(schedule, run),
    )


def _with_waiting(schedule: Schedule, run: Run, replacing: Run | None) -> Schedule:
    if not run.is_occurrence:
        return schedule
    waited_before = replacing is not None and replacing.is_waited_for
    return replace(schedule, waiting_runs=max(0, schedule.waiting_runs + run.is_in_progress - waited_before))


def _running(schedule: Schedule, run: Run) -> tuple[datetime, ...]:
    if not run.is_occurrence:
        return schedule.running
    others = {at for at in schedule.running if at != run.scheduled_time}
    is_listed = run.status is RunStatus.RUNNING and schedule.overlap is Overlap.SKIP
    return tuple(sorted(others | ({run.scheduled_time} if is_listed else set())))


def left_open(schedule: Schedule, run: Run, *, now: datetime) -> Span | None:
    """Returns the pending occurrences at the end of the last of `max_runs`: they are recorded but not executed.

    Returns None if this run is not the last one, or nothing is pending. A crashed run ends long after its attempts, so
    later occurrences may be due.
    """
    if not _is_last_of_max_runs(schedule, run):
        return None
    is_first = schedule.next_run_at == run.scheduled_time
    before = replace(schedule, next_run_at=schedule.next_occurrence(run.scheduled_time)) if is_first else schedule
    # No change uses this revision: an ended schedule is not changed, and a new schedule with its id starts later.
    return span_until(now, before, replace(schedule, next_run_at=None, revision=schedule.revision + 1))


def _counted(schedule: Schedule, run: Run) -> Schedule:
    """Returns the schedule with this run as its last run, and with updated counts and lists."""
    return replace(
        schedule,
        last_run=LastRun(run.scheduled_time, run.status, run.reason),
        pending_since=_pending_since(schedule, run),
        in_progress=_in_progress(schedule, run),
        run_count=schedule.run_count + run.counts,
        failures_in_a_row=_failures_in_a_row(schedule, run),
    )


def _pending_since(schedule: Schedule, run: Run) -> datetime | None:
    """A one-time schedule has one occurrence, so its run's end also ends its span, which the sweeper deletes later."""
    is_all = schedule.timing.is_one_time and schedule.timing.next_occurrence(EPOCH) == run.scheduled_time
    ends_it = is_all and run.is_occurrence and run.scheduled_time == schedule.pending_since
    return None if ends_it else schedule.pending_since


def _in_progress(schedule: Schedule, run: Run) -> tuple[datetime, ...]:
    if not run.is_occurrence:
        return schedule.in_progress
    others = {at for at in schedule.in_progress if at != run.scheduled_time}
    waiting = {run.scheduled_time} if run.is_in_progress else set()
    return tuple(sorted(others | waiting)[-MAX_IN_PROGRESS:])


def _failures_in_a_row(schedule: Schedule, run: Run) -> int:
    if not run.counts:
        return schedule.failures_in_a_row
    return 0 if run.status is RunStatus.SUCCEEDED else schedule.failures_in_a_row + 1


def _with_late_result(schedule: Schedule, run: Run) -> Schedule:
    """Returns a failed one-time schedule with the result of its late or redriven run."""
    if schedule.status is not Status.FAILED or not schedule.timing.is_one_time:
        return schedule
    if run.status is RunStatus.SUCCEEDED:
        return replace(schedule, status=Status.COMPLETED, reason=None)
    return replace(schedule, reason=run.reason) if run.status is RunStatus.FAILED else schedule


def _is_last_of_max_runs(schedule: Schedule, run: Run) -> bool:
    return schedule.status.is_live and run.counts and (schedule.max_runs or UNLIMITED) <= schedule.run_count + 1


def with_span_closed(
    schedule: Schedule, others: Iterable[Span], last: Run | None, *, now: datetime, keep_record: timedelta
) -> Schedule:
    """Returns the schedule after all occurrences of a span have an outcome. `others` are the spans that are still open.

    `last` is the run of the occurrence that `last_of` returns; it decides how the schedule ends if nothing follows.
    None: that run has no record.
    """
    closed = replace(schedule, pending_since=earliest(*(span.since for span in others)))
    if last is None or not closed.status.is_live or _continues(closed, last):
        return closed
    return _removed(_finished(closed, last, now + keep_record), last)


def last_of(schedule: Schedule, span: Span) -> datetime | None:
    """Returns the occurrence whose run decides how the schedule ends if only this span is left."""
    if schedule.timing.is_one_time:
        return schedule.timing.next_occurrence(EPOCH)
    return span.last()


def auto_resumed(schedule: Schedule, since: datetime | None) -> Schedule | None:
    """Returns a paused schedule, active again for occurrences from `since` on, or None if there are none.

    It may be resumed before `since`: the Notification Lambda skips occurrences scheduled before it.
    """
    if since is None:
        return None
    next_run_at = schedule.next_occurrence(since - timedelta(seconds=1))
    if next_run_at is None:
        return None
    return replace(schedule, status=Status.ACTIVE, reason=None, next_run_at=next_run_at)


def _continues(schedule: Schedule, run: Run) -> bool:
    """Returns whether occurrences or runs follow. A paused schedule ends only if its last occurrence was executed."""
    if schedule.next_run_at is not None or schedule.pending_since is not None or schedule.waiting_runs:
        return True
    if schedule.status is Status.ACTIVE:
        return False
    return not run.counts or schedule.next_occurrence(run.scheduled_time) is not None


def _finished(schedule: Schedule, run: Run, expires_at: datetime) -> Schedule:
    """A one-time schedule ends with the result of its run; a recurring one without further occurrences is completed."""
    failed = schedule.timing.is_one_time and run.status in (RunStatus.FAILED, RunStatus.MISSED)
    return replace(
        schedule,
        status=Status.FAILED if failed else Status.COMPLETED,
        reason=run.reason if failed else None,
        next_run_at=None,
        expires_at=expires_at,
    )


def _removed(schedule: Schedule, run: Run) -> Schedule:
    """Returns an intent that is due immediately: the sweeper deletes the schedule, since the Notification Lambda has no
    permission for EventBridge.

    The lease of an open intent is not changed, because another process may hold it. The next holder finds the end.
    """
    return replace(schedule, confirmed=False, intent_until=run.scheduled_time) if schedule.confirmed else schedule
