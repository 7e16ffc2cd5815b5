"""Jobs: work on many items. A job is recorded, and the sweeper does it in slices."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from ..core.errors import JobNotFound, ScheduleBusy, ScheduleNotFound
from ..core.model.job import Job, JobKind, JobStatus
from ..core.model.ports import all_items
from ..core.model.run import RunStatus
from ..core.model.schedule import LIVE, Schedule, Status
from ..core.timing.instants import END_OF_TIME, EPOCH, whole_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from ..core.model.job import Selection
    from ..core.model.ports import ScheduleRepository
    from ..core.model.run import Run
    from .redrive import RunRedriver
    from .update import ScheduleUpdater

SLICE = timedelta(seconds=10)
PAGE = 100
ITEMS_AT_ONCE = 25
LISTS_SETTLE = timedelta(minutes=1)
"""Lists are eventually consistent: only a walk that begins this long after the job can prove that nothing is left.

A schedule that is paused or resumed during a walk may be missing from both lists: one was read before the change, and
the other does not show it yet. So two walks, this far apart, must leave nothing undone.
"""
PER_MINUTE = 60
"""Default number of runs that a job queues per minute."""

JOB_RETENTION = timedelta(days=90)


class JobRunner:
    """Starts and continues jobs. `clock` returns aware UTC datetimes."""

    def __init__(
        self,
        repository: ScheduleRepository,
        changes: ScheduleUpdater,
        redrives: RunRedriver,
        clock: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._changes = changes
        self._redrives = redrives
        self._clock = clock

    def start(
        self,
        kind: JobKind,
        user_id: str | None,
        *,
        selection: Selection | None = None,
        per_minute: int = PER_MINUTE,
    ) -> Job:
        """Records a new job and returns it. The next sweep begins its work."""
        job = new_job(kind, user_id, self._clock(), selection=selection, per_minute=per_minute)
        self._repository.save_job(job, replacing=None)
        return job

    def get(self, job_id: str) -> Job:
        """Returns the job. Raises JobNotFound."""
        job = self._repository.get_job(job_id)
        if job is None or (job.expires_at is not None and job.expires_at <= self._clock()):
            raise JobNotFound
        return job

    def continue_job(self, job: Job, stop_at: datetime) -> str:
        """Does one slice of an acquired job, until `stop_at` at the latest. Returns one word for the sweep's report."""
        if job.status is JobStatus.COMPLETED:
            return "nothing"
        began_at = self._clock()
        following, is_through = self._slice(job, min(began_at + SLICE, stop_at))
        following, complete = _after_walk(following, began_at) if is_through else (following, False)
        if complete and job.kind is JobKind.ERASE and job.user_id is not None:
            self._repository.erase_count(job.user_id)
            self._repository.erase_webhook_keys(job.user_id)
        self._repository.save_job(self._after(following, complete=complete), replacing=job)
        return "job"

    def _slice(self, job: Job, stop_at: datetime) -> tuple[Job, bool]:
        if job.kind in (JobKind.REDRIVE, JobKind.RELEASE):
            return self._redrives.queue(job, stop_at)
        complete = True
        for schedule in self._schedules(job):
            if self._clock() >= stop_at:
                return job, False
            if self._do(job, schedule, stop_at):
                job = replace(job, done=job.done + 1)
            else:
                complete = False
        return job, complete and (job.kind is JobKind.CANCEL_ALL or self._erase_orphans(job.user_id or "", stop_at))

    def _erase_orphans(self, user_id: str, stop_at: datetime) -> bool:
        """Erases runs whose schedule has no record, as after a restore of the table. Returns False if time ran out.

        Only the lists of failed and missed runs show them. No schedule is left by now, so every listed run is an
        orphan.
        """
        for schedule_id in {run.schedule_id for run in self._failures(user_id)}:
            if self._clock() >= stop_at or not self._erase_all_runs(user_id, schedule_id, stop_at):
                return False
        return True

    def _failures(self, user_id: str) -> Iterator[Run]:
        for status in (RunStatus.FAILED, RunStatus.MISSED):
            list_of = partial(self._repository.list_runs_of_user, user_id, status, since=EPOCH, until=END_OF_TIME)
            yield from all_items(partial(list_of, limit=PAGE))

    def _schedules(self, job: Job) -> Iterator[Schedule]:
        """Yields the schedules that the job must process. An erasure includes those created after the job."""
        for status in LIVE if job.kind is JobKind.CANCEL_ALL else Status:
            list_of = partial(self._repository.list_by_user, job.user_id or "", status, limit=PAGE)
            until = _created_by(job)
            yield from (found for found in all_items(list_of) if until is None or found.created_at <= until)

    def _do(self, job: Job, schedule: Schedule, stop_at: datetime) -> bool:
        """Cancels or erases the schedule. Returns False if the next slice must try it again."""
        try:
            ended = self._changes.cancel(schedule.user_id, schedule.schedule_id, created_by=_created_by(job))
        except ScheduleBusy:
            return False
        except ScheduleNotFound:
            # The record is expired but not deleted, or deleted but still listed.
            ended = schedule
        return job.kind is JobKind.CANCEL_ALL or (ended.confirmed and self._erase(ended, stop_at))

    def _erase(self, schedule: Schedule, stop_at: datetime) -> bool:
        """Erases the runs, the record, and runs that were written in between. Returns whether all of it is erased.

        The record is erased after the runs: after a crash, the next slice finds the remaining runs by the record.
        """
        if not self._erase_all_runs(schedule.user_id, schedule.schedule_id, stop_at):
            return False
        self._repository.erase(schedule)
        return self._repository.erase_runs(schedule.user_id, schedule.schedule_id, limit=ITEMS_AT_ONCE)

    def _erase_all_runs(self, user_id: str, schedule_id: str, stop_at: datetime) -> bool:
        """Erases the runs and the action of a schedule. Returns False if time ran out."""
        while not self._repository.erase_runs(user_id, schedule_id, limit=ITEMS_AT_ONCE):
            if self._clock() >= stop_at:
                return False
        return True

    def _after(self, job: Job, *, complete: bool) -> Job:
        now = whole_ms(self._clock())
        return replace(
            job,
            status=JobStatus.COMPLETED if complete else JobStatus.RUNNING,
            updated_at=max(now, job.updated_at + timedelta(milliseconds=1)),
            watch_at=None if complete else now,
            expires_at=now + JOB_RETENTION if complete else None,
        )


def _after_walk(job: Job, began_at: datetime) -> tuple[Job, bool]:
    """Returns the job after a complete walk whose last slice began at `began_at`, and whether the job is completed."""
    settled_at = job.created_at + LISTS_SETTLE
    if job.kind in (JobKind.REDRIVE, JobKind.RELEASE):
        # A run does not leave its list while the job selects it, so one walk is enough.
        return replace(job, walk_began_at=None), job.walk_began_at is not None and job.walk_began_at >= settled_at
    if job.walk_began_at is None:
        return replace(job, walk_began_at=whole_ms(began_at) if began_at >= settled_at else None), False
    return job, whole_ms(began_at) >= job.walk_began_at + LISTS_SETTLE


def _created_by(job: Job) -> datetime | None:
    """Returns the latest creation time of the job's schedules, or None if there is no limit.

    `cancel_all` does not cancel schedules that the user creates after the request.
    """
    return job.created_at if job.kind is JobKind.CANCEL_ALL else None


def new_job(
    kind: JobKind,
    user_id: str | None,
    at: datetime,
    *,
    selection: Selection | None = None,
    per_minute: int = PER_MINUTE,
) -> Job:
    """Returns a job that is due immediately."""
    now = whole_ms(at)
    return Job(
        job_id=uuid.uuid4().hex,
        kind=kind,
        user_id=user_id,
        status=JobStatus.RUNNING,
        done=0,
        created_at=now,
        updated_at=now,
        watch_at=now,
        selection=selection,
        per_minute=per_minute,
    )
