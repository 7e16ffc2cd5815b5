"""Which occurrence a delivery stands for, and what an ended run changes on its schedule. Pure calculation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from .run import Run, RunStatus
from .schedule import LastRun, Schedule, Status

if TYPE_CHECKING:
    from datetime import datetime

    from .schedule import Timing

MINUTE = timedelta(minutes=1)


def occurrence_for(timing: Timing, scheduled_time: datetime, window: timedelta) -> datetime | None:
    """The planned occurrence that EventBridge means by `scheduled_time`: the nearest one within a minute + window.

    Recurring schedules live on whole minutes and EventBridge's own seconds are not documented, so never by equality.
    """
    earliest = scheduled_time - MINUTE - window
    candidates = takewhile(
        lambda at: at <= scheduled_time + MINUTE, timing.occurrences(earliest - timedelta(seconds=1))
    )
    return min(candidates, key=lambda at: abs(at - scheduled_time), default=None)


def account_for(schedule: Schedule, run: Run, *, keep_record: timedelta) -> Schedule:
    """The schedule after this run ended. `keep_record` is how long a finished schedule's record stays.

    The run moves the schedule on only if it is the very occurrence the schedule waits for, by the timing it has now;
    otherwise it is only counted, and the gaps are the sweeper's.
    """
    last_run = LastRun(run.scheduled_time, run.status, run.reason)
    counted = replace(schedule, last_run=last_run, run_count=schedule.run_count + 1)
    waits_for_it = schedule.next_run_at == run.scheduled_time and schedule.revision == run.revision
    if schedule.status is not Status.ACTIVE or not waits_for_it:
        return counted
    next_run_at = schedule.timing.next_occurrence(run.scheduled_time)
    if next_run_at is None:
        return _finished(counted, run, keep_record)
    return replace(counted, next_run_at=next_run_at) if schedule.confirmed else counted


def _finished(schedule: Schedule, run: Run, keep_record: timedelta) -> Schedule:
    """A one-time schedule ends as its run did; a recurring one that has no occurrence left is completed."""
    failed = schedule.timing.is_one_time and run.status is RunStatus.FAILED
    return replace(
        schedule,
        status=Status.FAILED if failed else Status.COMPLETED,
        reason=run.reason if failed else None,
        next_run_at=None,
        expires_at=run.scheduled_time + keep_record,
    )
