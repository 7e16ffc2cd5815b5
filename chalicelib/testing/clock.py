"""A clock that tests set."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class StoppedClock:
    """A clock for `SchedulerService(…, clock=clock, sleep=clock.sleep)`. `sleep` advances it and does not wait.

    `now` is aware UTC. Tests may set it.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
