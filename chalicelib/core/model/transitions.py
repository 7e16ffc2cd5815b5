"""Which occurrence a delivery stands for, and what an ended run changes on its schedule. Pure calculation."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from .run import Run, RunStatus
from .schedule import LastRun, Overlap, Schedule, Status

if TYPE_CHECKING:
    from datetime import datetime

    from .schedule import Timing

MINUTE = timedelta(minutes=1)

MAX_PENDING = 150
"""They stand in the record, which is small. By default an occurrence is waited for two hours at most, so a schedule
that fires each minute has no more of them.
"""

MAX_IN_PROGRESS = 50
"""How many runs that wait for a retry or a release the record knows of, the latest. The runs themselves know."""


def occurrence_for(timing: Timing, scheduled_time: datetime, window: timedelta) -> datetime | None:
    """The planned occurrence that EventBridge means by `scheduled_time`: the nearest one within a minute + window.

    Recurring schedules live on whole minutes and EventBridge's own seconds are not documented, so never by equality.
    """
    earliest = scheduled_time - MINUTE - window
    candidates = takewhile(
        lambda at: at <= scheduled_time + MINUTE, timing.occurrences(earliest - timedelta(seconds=1))
    )
    return min(candidates, key=lambda at: abs(at - scheduled_time), default=None)


def with_outcome(schedule: Schedule, run: Run, *, keep_record: timedelta, replacing: Run | None = None) -> Schedule:
    """The schedule after this run ended, or was put off. `keep_record` is how long a finished one's record stays.
    `replacing` is the run as it was before, whose reservation ends or goes over to this one.

    The run moves the schedule on only if it is the very occurrence that the schedule waits for; a later one never hides
    an earlier one that is missing.
    """
    counted = _counted(with_reservation(schedule, run, replacing), run)
    if not run.is_occurrence:
        return counted
    if not schedule.status.is_live:
        return _ended_anew(counted, run)
    if run.counts and schedule.max_runs is not None and counted.run_count >= schedule.max_runs:
        finished = replace(_finished(counted, run, keep_record), pending_occurrences=_left(counted, run))
        return _removed(finished, run)
    if schedule.next_run_at == run.scheduled_time:
        counted = replace(counted, next_run_at=schedule.next_occurrence(run.scheduled_time))
    if _goes_on(counted, run):
        return counted
    finished = _finished(counted, run, keep_record)
    # What was paused or not carried out may still stand in EventBridge; so may a recurring one, that was applied again
    # behind its last occurrence, or has its last dates excluded.
    fired_out = schedule.status is Status.ACTIVE and run.counts and schedule.timing.is_one_time
    return finished if fired_out else _removed(finished, run)


def with_recorded_outcome(schedule: Schedule, run: Run, *, keep_record: timedelta) -> Schedule:
    """The same for a run whose ending was recorded, and counted, while the schedule still waited for an earlier one."""
    before = replace(schedule, run_count=schedule.run_count - run.counts)
    after = with_outcome(before, run, keep_record=keep_record, replacing=run)
    return replace(after, failures_in_a_row=schedule.failures_in_a_row)


def with_reservation(schedule: Schedule, run: Run, replacing: Run | None) -> Schedule:
    """The schedule with its number of reserved runs, and its list of running ones, as `run` leaves them."""
    held_before = replacing is not None and replacing.holds_reservation
    return replace(
        schedule,
        reserved=max(0, schedule.reserved + run.holds_reservation - held_before),
        running=_running(schedule, run),
    )


def _running(schedule: Schedule, run: Run) -> tuple[datetime, ...]:
    if not run.is_occurrence:
        return schedule.running
    others = {at for at in schedule.running if at != run.scheduled_time}
    is_listed = run.status is RunStatus.RUNNING and schedule.overlap is Overlap.SKIP
    return tuple(sorted(others | ({run.scheduled_time} if is_listed else set())))


def _left(schedule: Schedule, run: Run) -> tuple[datetime, ...]:
    """What was due before its last run ended and has no ending yet: it is not to be done, but to be told of."""
    until = (run.attempts[-1].ended_at if run.attempts else None) or run.scheduled_time
    return tuple(at for at in pending_until(schedule, until) if at != run.scheduled_time)


def _counted(schedule: Schedule, run: Run) -> Schedule:
    """With this run as its last one, and neither owed nor unfinished any more, unless it is."""
    return replace(
        schedule,
        last_run=LastRun(run.scheduled_time, run.status, run.reason),
        pending_occurrences=tuple(
            at for at in schedule.pending_occurrences if at != run.scheduled_time or not run.is_occurrence
        ),
        in_progress=_in_progress(schedule, run),
        run_count=schedule.run_count + run.counts,
        failures_in_a_row=_failures_in_a_row(schedule, run),
    )


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


def pending_until(schedule: Schedule, now: datetime) -> tuple[datetime, ...]:
    """What the schedule owes by `now` and has not accounted for, ascending; the latest `MOST_OWED`."""
    waits_from = _waits_from(schedule)
    if waits_from is None or waits_from > now:
        return schedule.pending_occurrences
    due = takewhile(lambda at: at <= now, schedule.occurrences(waits_from - timedelta(seconds=1)))
    return tuple(deque((*schedule.pending_occurrences, *due), maxlen=MAX_PENDING))


def _waits_from(schedule: Schedule) -> datetime | None:
    """A pause ends at its end, even if nobody could end it then."""
    if schedule.status is Status.PAUSED:
        return schedule.paused_until
    return schedule.next_run_at if schedule.status is Status.ACTIVE else None


def auto_resumed(schedule: Schedule) -> Schedule | None:
    """A paused schedule, active again for what comes from the end of its pause on; None if nothing does.

    It may be woken before that end: the Notification Lambda goes by the scheduled time.
    """
    if schedule.paused_until is None:
        return None
    next_run_at = schedule.next_occurrence(schedule.paused_until - timedelta(seconds=1))
    if next_run_at is None:
        return None
    return replace(schedule, status=Status.ACTIVE, reason=None, next_run_at=next_run_at)


def _goes_on(schedule: Schedule, run: Run) -> bool:
    """Is there more to come? A paused schedule is over only if its last occurrence was carried out all the same."""
    if schedule.next_run_at is not None or schedule.pending_occurrences or schedule.in_progress:
        return True
    if schedule.status is Status.ACTIVE:
        return False
    return not run.counts or schedule.next_occurrence(run.scheduled_time) is not None


def _finished(schedule: Schedule, run: Run, keep_record: timedelta) -> Schedule:
    """A one-time schedule ends as its run did; a recurring one that has no occurrence left is completed."""
    failed = schedule.timing.is_one_time and run.status in (RunStatus.FAILED, RunStatus.MISSED)
    return replace(
        schedule,
        status=Status.FAILED if failed else Status.COMPLETED,
        reason=run.reason if failed else None,
        next_run_at=None,
        expires_at=run.scheduled_time + keep_record,
    )


def _removed(schedule: Schedule, run: Run) -> Schedule:
    """An intent that the sweeper takes up at once: runs have no right to touch EventBridge.

    One that is open already is somebody's lease. It stays, and whoever takes it up finds the schedule ended.
    """
    return replace(schedule, confirmed=False, intent_until=run.scheduled_time) if schedule.confirmed else schedule
