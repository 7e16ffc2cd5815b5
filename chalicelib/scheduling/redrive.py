"""Redrives single runs, redrives selections of runs at a given rate, and queues held runs that the operator releases.

A redrive is recorded before it starts: the run is queued with the time at which the sweeper must start it. A thousand
redrives at ten per minute are a thousand watches, six seconds apart.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import (
    RunNotFound,
    RunNotRedrivable,
    ScheduleBusy,
    ScheduleEnded,
    ScheduleNotFound,
    StoreUnavailable,
)
from ..core.model import ids
from ..core.model.run import START_AGAIN_AFTER, Run, RunStatus
from ..core.model.schedule import RECORD_OUTLIVES_RUNS, Schedule, Status
from ..core.timing.instants import whole_ms
from .retention import USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from ..core.model.job import Job
    from ..core.model.ports import Page, ScheduleRepository
    from .retention import Durations
    from .run_starts import RunStarts

TRIES = 4
PAGE = 5
"""Number of runs that a job reads between two stored positions. A page must fit into the shortest slice, because a page
that was not completed is read again by the next slice.
"""

REDRIVABLE = frozenset({RunStatus.FAILED, RunStatus.MISSED, RunStatus.SKIPPED})


class RunRedriver:
    """Queues ended and held runs. `clock` returns aware UTC datetimes."""

    def __init__(
        self,
        repository: ScheduleRepository,
        starts: RunStarts,
        clock: Callable[[], datetime],
        durations: Durations = USUAL,
    ) -> None:
        self._repository = repository
        self._starts = starts
        self._clock = clock
        self._durations = durations

    def redrive(self, user_id: str, schedule_id: str, run_id: str) -> Run:
        """Queues one run, starts it immediately and returns it.

        Raises RunNotFound, RunNotRedrivable, ScheduleNotFound, ScheduleEnded if the schedule was cancelled, or
        ScheduleBusy if run or schedule change at every attempt.
        """
        for _ in range(TRIES):
            now = whole_ms(self._clock())
            run, schedule = self._run(user_id, schedule_id, run_id, now), self._schedule(user_id, schedule_id, now)
            queued = self._queued(run, now + START_AGAIN_AFTER, now)
            extended = _outliving(schedule, queued)
            if self._repository.claim(queued, expecting=schedule, replacing=run, extending=extended) is None:
                self._starts.start_or_leave(queued, extended or schedule)
                return queued
        raise ScheduleBusy

    def queue(self, job: Job, stop_at: datetime) -> tuple[Job, bool]:
        """Queues the job's runs at its rate until `stop_at`. Returns the job, and whether its walk is complete.

        Raises StoreUnavailable if the table fails before any progress.
        """
        reached = (job, False)
        try:
            for step in self._steps(job, stop_at):
                reached = step
        except StoreUnavailable:
            if reached == (job, False):
                raise
        return reached

    def _steps(self, job: Job, stop_at: datetime) -> Iterator[tuple[Job, bool]]:
        """Yields the job after each queued run and after each page, and whether that page was the last one."""
        if job.walk_began_at is None:
            job = replace(job, walk_began_at=whole_ms(self._clock()), passed_over=0)
        is_through = False
        while not is_through:
            page, passed_over = self._page(job), 0
            for run in page.items:
                now = whole_ms(self._clock())
                if now >= stop_at:
                    return
                at = max(job.next_at or now, now)
                if not _is_selected(run, job):
                    continue
                if self._queue_one(run, at, now):
                    job = replace(job, done=job.done + 1, next_at=at + job.interval)
                    yield job, False
                else:
                    passed_over += 1
            job, is_through = _after_page(page, replace(job, passed_over=job.passed_over + passed_over))
            yield job, is_through

    def _queue_one(self, run: Run, at: datetime, now: datetime) -> bool:
        """Queues the run and returns True. Returns False if it has changed since it was listed or must not be redriven.

        A held run is queued even if its schedule was cancelled: the run must end, and the Notification Lambda skips it.
        """
        queued = self._queued(run, at, now)
        for _ in range(TRIES):
            schedule = self._repository.get(run.user_id, run.schedule_id)
            if schedule is None or schedule.is_expired(now):
                return False
            if schedule.status is Status.CANCELLED and run.status is not RunStatus.HELD:
                return False
            extended = _outliving(schedule, queued)
            conflict = self._repository.claim(queued, expecting=schedule, replacing=run, extending=extended)
            if conflict is None or not conflict.schedule_changed:
                return conflict is None
        return False

    def _page(self, job: Job) -> Page[Run]:
        of = job.selection
        if of is None:
            return self._repository.list_held_runs(job.shard, limit=PAGE, cursor=job.cursor)
        return self._repository.list_runs_of_user(
            of.user_id, of.status, since=of.since, until=of.until, limit=PAGE, cursor=job.cursor
        )

    def _run(self, user_id: str, schedule_id: str, run_id: str, now: datetime) -> Run:
        run = self._repository.get_run(user_id, schedule_id, run_id)
        if run is None or run.is_expired(now):
            raise RunNotFound
        if run.status not in REDRIVABLE:
            raise RunNotRedrivable(run.status)
        return run

    def _schedule(self, user_id: str, schedule_id: str, now: datetime) -> Schedule:
        schedule = self._repository.get(user_id, schedule_id)
        if schedule is None or schedule.is_expired(now):
            raise ScheduleNotFound
        if schedule.status is Status.CANCELLED:
            raise ScheduleEnded
        return schedule

    def _queued(self, run: Run, at: datetime, now: datetime) -> Run:
        """Returns the queued run. A held run keeps its count of attempts; any other run gets new attempts."""
        claim_id = uuid.uuid4().hex
        if run.status is RunStatus.HELD:
            return run.released(at, claim_id)
        return run.redrive(at, claim_id, expires_at=now + self._durations.keep_runs)


def _outliving(schedule: Schedule, run: Run) -> Schedule | None:
    """Returns the schedule with a later expiry than this run, or None if it already expires later.

    A run needs its schedule's record.
    """
    if schedule.expires_at is None or run.expires_at is None:
        return None
    expires_at = run.expires_at + RECORD_OUTLIVES_RUNS
    return replace(schedule, expires_at=expires_at) if schedule.expires_at < expires_at else None


def _after_page(page: Page[Run], job: Job) -> tuple[Job, bool]:
    """Returns the job after this page, and whether the page was its last one. A release reads all shards."""
    if page.next_cursor is not None:
        return replace(job, cursor=page.next_cursor), False
    is_last = job.selection is not None or job.shard + 1 == ids.WATCH_SHARDS
    return replace(job, cursor=None, shard=0 if is_last else job.shard + 1), is_last


def _is_selected(run: Run, job: Job) -> bool:
    """Returns whether the job selects this run. A run with an attempt since the job's creation is not queued again."""
    of = job.selection
    if of is None:
        return True
    if run.attempts and (run.attempts[-1].ended_at or run.attempts[-1].started_at) >= job.created_at:
        return False
    return of.schedule_id in (None, run.schedule_id) and of.resource_id in (None, run.resource_id)
