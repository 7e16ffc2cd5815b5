"""Which occurrence a delivery stands for, and what an ended run changes on its schedule. Pure calculation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

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
"""How many runs that wait for a retry or a release the record lists, the latest; `waiting_runs` counts them all."""


def occurrence_for(timing: Timing, scheduled_time: datetime, window: timedelta) -> datetime | None:
    """The planned occurrence that EventBridge means by `scheduled_time`: the nearest one within a minute + window.

    Recurring schedules live on whole minutes and EventBridge's own seconds are not documented, so never by equality.
    """
    earliest = scheduled_time - MINUTE - window
    before = latest(timing.occurrences, earliest - timedelta(seconds=1), scheduled_time)
    following = (at for at in [timing.next_occurrence(scheduled_time)] if at and at <= scheduled_time + MINUTE)
    return min((*before, *following), key=lambda at: abs(at - scheduled_time), default=None)


def with_outcome(
    schedule: Schedule, run: Run, *, now: datetime, keep_record: timedelta, replacing: Run | None = None
) -> Schedule:
    """The schedule after this run ended, or was put off. `keep_record` is how long a finished one's record stays.
    `replacing` is the run as it was before, whose reservation ends or goes over to this one.

    The run moves the schedule on only if it is the very occurrence that the schedule waits for; a later one never hides
    an earlier one that is missing.
    """
    counted = _counted(_with_waiting(with_reservation(schedule, run, replacing), run, replacing), run)
    if not run.is_occurrence:
        return counted
    if not schedule.status.is_live:
        return _ended_anew(counted, run)
    if _is_last_of_max_runs(schedule, run):
        left = left_open(schedule, run, now=now)
        pending_since = earliest(counted.pending_since, left.since if left else None)
        return _removed(replace(_finished(counted, run, now + keep_record), pending_since=pending_since), run)
    if schedule.next_run_at == run.scheduled_time:
        counted = replace(counted, next_run_at=schedule.next_occurrence(run.scheduled_time))
    if _goes_on(counted, run):
        return counted
    finished = _finished(counted, run, now + keep_record)
    # What was paused or not carried out may still stand in EventBridge; so may a recurring one, that was applied again
    # behind its last occurrence, or has its last dates excluded.
    fired_out = schedule.status is Status.ACTIVE and run.counts and schedule.timing.is_one_time
    return finished if fired_out else _removed(finished, run)


def with_recorded_outcome(schedule: Schedule, run: Run, *, now: datetime, keep_record: timedelta) -> Schedule:
    """The same for a run whose ending was recorded, and counted, while the schedule still waited for an earlier one."""
    before = replace(schedule, run_count=schedule.run_count - run.counts)
    after = with_outcome(before, run, now=now, keep_record=keep_record, replacing=run)
    return replace(after, failures_in_a_row=schedule.failures_in_a_row)


def with_reservation(schedule: Schedule, run: Run, replacing: Run | None) -> Schedule:
    """The schedule with its number of reserved runs, and its list of running ones, as `run` leaves them."""
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
    """What is due when the last of `max_runs` ends, and has no outcome yet: it is not to be done, but recorded.

    None if this run is not the last of them, or nothing is left. A run whose process died ends long after its attempts.
    """
    if not _is_last_of_max_runs(schedule, run):
        return None
    is_first = schedule.next_run_at == run.scheduled_time
    before = replace(schedule, next_run_at=schedule.next_occurrence(run.scheduled_time)) if is_first else schedule
    # No change has the next revision: what has ended is not changed, and a new schedule under its id begins with it.
    return span_until(now, before, replace(schedule, next_run_at=None, revision=schedule.revision + 1))


def _counted(schedule: Schedule, run: Run) -> Schedule:
    """With this run as its last one, and no longer pending or in progress, unless it is."""
    return replace(
        schedule,
        last_run=LastRun(run.scheduled_time, run.status, run.reason),
        pending_since=_pending_since(schedule, run),
        in_progress=_in_progress(schedule, run),
        run_count=schedule.run_count + run.counts,
        failures_in_a_row=_failures_in_a_row(schedule, run),
    )


def _pending_since(schedule: Schedule, run: Run) -> datetime | None:
    """A one-time schedule has one occurrence: its run's end is the end of its span, which the sweeper then deletes."""
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


def _ended_anew(schedule: Schedule, run: Run) -> Schedule:
    """A one-time schedule that had failed, and whose run was done after all or again, ends as that run did."""
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
    """The schedule after all occurrences of a span have an outcome. `others` are the spans that are still open.

    `last` is the run by which it is finished if nothing more is to come, as `last_of` says; None if that has no record.
    """
    closed = replace(schedule, pending_since=earliest(*(span.since for span in others)))
    if last is None or not closed.status.is_live or _goes_on(closed, last):
        return closed
    return _removed(_finished(closed, last, now + keep_record), last)


def last_of(schedule: Schedule, span: Span) -> datetime | None:
    """The occurrence whose run decides how a schedule ends for which nothing but this span is left."""
    if schedule.timing.is_one_time:
        return schedule.timing.next_occurrence(EPOCH)
    return span.last()


def auto_resumed(schedule: Schedule, since: datetime | None) -> Schedule | None:
    """A paused schedule, active again for what comes from `since` on; None if nothing does.

    It may be resumed before that: the Notification Lambda goes by the scheduled time.
    """
    if since is None:
        return None
    next_run_at = schedule.next_occurrence(since - timedelta(seconds=1))
    if next_run_at is None:
        return None
    return replace(schedule, status=Status.ACTIVE, reason=None, next_run_at=next_run_at)


def _goes_on(schedule: Schedule, run: Run) -> bool:
    """Is there more to come? A paused schedule is over only if its last occurrence was carried out all the same."""
    if schedule.next_run_at is not None or schedule.pending_since is not None or schedule.waiting_runs:
        return True
    if schedule.status is Status.ACTIVE:
        return False
    return not run.counts or schedule.next_occurrence(run.scheduled_time) is not None


def _finished(schedule: Schedule, run: Run, expires_at: datetime) -> Schedule:
    """A one-time schedule ends as its run did; a recurring one that has no occurrence left is completed."""
    failed = schedule.timing.is_one_time and run.status in (RunStatus.FAILED, RunStatus.MISSED)
    return replace(
        schedule,
        status=Status.FAILED if failed else Status.COMPLETED,
        reason=run.reason if failed else None,
        next_run_at=None,
        expires_at=expires_at,
    )


def _removed(schedule: Schedule, run: Run) -> Schedule:
    """An intent that the sweeper takes up at once: runs have no right to touch EventBridge.

    One that is open already is somebody's lease. It stays, and whoever takes it up finds the schedule ended.
    """
    return replace(schedule, confirmed=False, intent_until=run.scheduled_time) if schedule.confirmed else schedule
