"""Runs done again: one that a person asks for, all of a kind at a given rate, and those that the operator releases.

A redrive is recorded before it is started: the run is queued, with the time at which the sweeper is to start it. So a
thousand of them at ten a minute are a thousand watches six seconds apart, and nobody has to stay at it.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ..core.errors import (
    RunNotFound,
    RunNotRedrivable,
    ScheduleBusy,
    ScheduleEnded,
    ScheduleNotFound,
)
from ..core.model import ids
from ..core.model.ports import all_items
from ..core.model.run import START_AGAIN_AFTER, Run, RunStatus
from ..core.model.schedule import Schedule, Status
from ..core.timing.instants import whole_ms
from .retention import USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from ..core.model.job import Job, Selection
    from ..core.model.ports import ScheduleRepository
    from .retention import Durations
    from .run_starts import RunStarts

TRIES = 4
PAGE = 100

REDRIVABLE = frozenset({RunStatus.FAILED, RunStatus.MISSED, RunStatus.SKIPPED})


class RunRedriver:
    """Queues runs that have ended, or were held, to be done. `clock` gives aware UTC."""

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
        """One run, at once. Raises RunNotFound, RunNotRedrivable, ScheduleNotFound, ScheduleEnded, ScheduleBusy."""
        for _ in range(TRIES):
            now = whole_ms(self._clock())
            run, schedule = self._run(user_id, schedule_id, run_id, now), self._schedule(user_id, schedule_id, now)
            queued = self._queued(run, now + START_AGAIN_AFTER, now)
            if self._repository.claim(queued, expecting=schedule, replacing=run) is None:
                self._starts.start_or_leave(queued, schedule)
                return queued
        raise ScheduleBusy

    def queue(self, job: Job, stop_at: datetime) -> tuple[Job, bool]:
        """Queues what the job is for, at its rate, as far as there is time. True if it came to the end of the list."""
        for run in self._runs_of(job):
            now = whole_ms(self._clock())
            if now >= stop_at:
                return job, False
            at = max(job.next_at or now, now)
            if self._queue_one(run, at, now):
                job = replace(job, done=job.done + 1, next_at=at + job.interval)
        return job, True

    def _queue_one(self, run: Run, at: datetime, now: datetime) -> bool:
        """Whether it was; what has gone on since it was listed, or may not be done again, is left as it is.

        A held one is queued even if its schedule was cancelled meanwhile: it has to end, and the guard skips it.
        """
        schedule = self._repository.get(run.user_id, run.schedule_id)
        if schedule is None or schedule.is_expired(now):
            return False
        if schedule.status is Status.CANCELLED and run.status is not RunStatus.HELD:
            return False
        return self._repository.claim(self._queued(run, at, now), expecting=schedule, replacing=run) is None

    def _runs_of(self, job: Job) -> Iterator[Run]:
        if job.selection is None:
            return self._held()
        return (run for run in self._selected(job.selection) if _is_meant(run, job.selection, job.created_at))

    def _selected(self, selection: Selection) -> Iterator[Run]:
        list_of = partial(self._repository.list_runs_of_user, selection.user_id, selection.status)
        return all_items(partial(list_of, since=selection.since, until=selection.until, limit=PAGE))

    def _held(self) -> Iterator[Run]:
        for shard in range(ids.WATCH_SHARDS):
            yield from all_items(partial(self._repository.list_held_runs, shard, limit=PAGE))

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
        """A held one goes on with the tries it has; any other gets new ones."""
        claim_id = uuid.uuid4().hex
        if run.status is RunStatus.HELD:
            return run.released(at, claim_id)
        return run.redrive(at, claim_id, expires_at=now + self._durations.keep_runs)


def _is_meant(run: Run, selection: Selection, asked_at: datetime) -> bool:
    """What fails again after it was asked for is not done a third time."""
    if run.attempts and (run.attempts[-1].ended_at or run.attempts[-1].started_at) >= asked_at:
        return False
    of_schedule = selection.schedule_id in (None, run.schedule_id)
    return of_schedule and selection.resource_id in (None, run.resource_id)
