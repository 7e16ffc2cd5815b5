"""Starts runs that are recorded in the table: invokes the Notification Lambda with the run's payload."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from ..core.errors import ScheduleNotFound, StarterUnavailable
from ..core.model import payload
from ..core.model.run import RunStatus

if TYPE_CHECKING:
    from datetime import datetime

    from ..core.model.ports import RunStarter, ScheduleRepository
    from ..core.model.run import Run
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

    def start_or_leave(self, run: Run, schedule: Schedule) -> None:
        """Starts the run now if possible; otherwise the sweeper starts it. Raises StoreUnavailable."""
        with suppress(ScheduleNotFound, StarterUnavailable):
            self.start(run, schedule)


def is_interrupted(run: Run, now: datetime) -> bool:
    """Returns whether the run's lease has expired and Lambda has had the time for its own retries."""
    return run.status is RunStatus.RUNNING and now >= run.lease_until + LAMBDA_TRIES_WITHIN
