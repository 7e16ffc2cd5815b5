"""The sweeper's access to EventBridge. A sweep stops calling EventBridge after several failures.

Work that does not need EventBridge must not wait for its timeouts.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core.errors import SchedulerDenied, SchedulerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ..core.model.ports import SchedulerGateway
    from ..core.model.schedule import Action, Schedule

MOST_UNAVAILABLE = 3
"""Number of SchedulerUnavailable errors after which a sweep stops calling EventBridge, so that retries do not wait."""


class SweepGateway:
    """A SchedulerGateway that raises SchedulerUnavailable for the rest of a sweep after `MOST_UNAVAILABLE` such errors.

    SchedulerDenied does not count: EventBridge responded, and other calls may succeed.
    """

    def __init__(self, gateway: SchedulerGateway) -> None:
        self._gateway = gateway
        self._unavailable = 0

    def begin(self) -> None:
        """Begins a new sweep: EventBridge is called again."""
        self._unavailable = 0

    @property
    def is_given_up(self) -> bool:
        return self._unavailable >= MOST_UNAVAILABLE

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        with self._counted():
            self._gateway.put(schedule, action, now=now)

    def delete(self, schedule: Schedule) -> None:
        with self._counted():
            self._gateway.delete(schedule)

    def has(self, schedule: Schedule) -> bool:
        with self._counted():
            return self._gateway.has(schedule)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self.is_given_up:
            raise SchedulerUnavailable
        try:
            yield
        except SchedulerDenied:
            raise
        except SchedulerUnavailable:
            # Threads may overwrite each other's increment; then EventBridge is called once or twice more.
            self._unavailable += 1
            raise
