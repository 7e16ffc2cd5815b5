"""EventBridge as a sweep asks it: no longer once it did not answer. What does not need it must not wait for it."""

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
"""After so many such answers EventBridge is not asked again in this sweep: due retries must not wait for it."""


class SweepGateway:
    """A SchedulerGateway that is out of reach for the rest of a sweep after `MOST_UNAVAILABLE` calls that were.

    An answer that denies something is an answer: what is asked beside it may go well.
    """

    def __init__(self, gateway: SchedulerGateway) -> None:
        self._gateway = gateway
        self._unavailable = 0

    def begin(self) -> None:
        """A new sweep."""
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
            # Shards may count at the same moment: then it is asked once or twice more.
            self._unavailable += 1
            raise
