"""Starts runs that are recorded in the table: the Notification Lambda is invoked with the run's payload."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..core.errors import ScheduleNotFound, StarterUnavailable
from ..core.model import payload

if TYPE_CHECKING:
    from ..core.model.ports import RunStarter, ScheduleRepository
    from ..core.model.run import Run
    from ..core.model.schedule import Schedule


class RunStarts:
    """Starts recorded runs with the schedule's action, read from the table if the schedule comes without it."""

    def __init__(self, repository: ScheduleRepository, starter: RunStarter) -> None:
        self._repository = repository
        self._starter = starter

    def start(self, run: Run, schedule: Schedule) -> None:
        """Raises ScheduleNotFound if the action is not in the table, StarterUnavailable, StoreUnavailable."""
        action = schedule.action or self._repository.get_action(schedule)
        if action is None:
            raise ScheduleNotFound("the schedule's action is not in the table")
        self._starter.start(payload.for_run(run, schedule, action))

    def start_or_leave(self, run: Run, schedule: Schedule) -> None:
        """Starts the run now if that is possible; otherwise the sweeper starts it. Raises StoreUnavailable."""
        with suppress(ScheduleNotFound, StarterUnavailable):
            self.start(run, schedule)
