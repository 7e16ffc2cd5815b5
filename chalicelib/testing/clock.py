"""A clock that only its owner moves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class StoppedClock:
    """For `SchedulerService(…, clock=clock, sleep=clock.sleep)`: whoever sleeps moves it on, and nobody waits.

    `now` is aware UTC, and may be set.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
