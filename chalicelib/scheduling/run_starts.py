"""Runs that EventBridge does not start: records, queues and starts them by invoking the Notification Lambda."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ..core.errors import ScheduleNotFound, StarterUnavailable
from ..core.model import payload
from ..core.model.run import START_AGAIN_AFTER, Run, RunStatus

if TYPE_CHECKING:
    from datetime import datetime

    from ..core.model.ports import RunStarter, ScheduleRepository
    from ..core.model.schedule import Schedule

LAMBDA_TRIES_WITHIN = timedelta(minutes=5)
"""Time that Lambda's two retries of a crashed invocation take: delays of 1 and 2 minutes, and the work itself."""


class RunStarts:
    """Starts recorded runs with the schedule's action. Reads the action from the table if the schedule has none."""

    def __init__(self, repository: ScheduleRepository, starter: RunStarter) -> None:
        self._repository = repository
        self._starter = starter

    def start(self, run: Run, schedule: Schedule) -> None:
        """Invokes the Notification Lambda for the run.

        Raises ScheduleNotFound if the action is not in the table, StarterUnavailable or StoreUnavailable.
        """
        action = schedule.action or self._repository.get_action(schedule)
        if action is None:
            raise ScheduleNotFound("the schedule's action is not in the table")
        self._starter.start(payload.for_run(run, schedule, action))

    def queue(self, ended: Run, schedule: Schedule, *, replacing: Run | None) -> None:
        """Queues the occurrence of `ended` instead of recording its end, and starts it.

        A late delivery has the same run id and needs the same claim, so only one of the two acts.
        """
        queued = replace(ended, status=RunStatus.QUEUED, reason=None, watched=True)
        if self._repository.claim(queued, expecting=schedule, replacing=replacing) is None:
            self.start(queued, schedule)

    def start_or_leave(self, run: Run, schedule: Schedule) -> None:
        """Starts the run now if possible; otherwise the sweeper starts it. Raises StoreUnavailable."""
        with suppress(ScheduleNotFound, StarterUnavailable):
            self.start(run, schedule)


def not_done(
    schedule: Schedule,
    due: datetime,
    ending: tuple[RunStatus, str],
    *,
    earlier: Run | None,
    claim_id: str,
    now: datetime,
    keep_runs: timedelta,
) -> Run:
    """Returns the occurrence at `due` as a missed or skipped run of the schedule, with the attempts of `earlier`."""
    status, reason = ending
    run = Run(
        schedule_created_at=schedule.created_at,
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        resource_id=schedule.resource_id,
        scheduled_time=due,
        delivered_for=due,
        status=status,
        reason=reason,
        revision=schedule.revision,
        action_type=schedule.action_type,
        claim_id=claim_id,
        lease_until=now + START_AGAIN_AFTER,
        expires_at=now + keep_runs,
    )
    return run if earlier is None else run.with_history_of(earlier)


def is_interrupted(run: Run, now: datetime) -> bool:
    """Returns whether the run's lease has expired and Lambda has had the time for its own retries."""
    return run.status is RunStatus.RUNNING and now >= run.lease_until + LAMBDA_TRIES_WITHIN
