"""A simulation of Lambda's asynchronous queue: backlogs, retries, events that expire, and outages.

Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from chalicelib.core.errors import ScheduledTasksError
from chalicelib.testing import Crash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalicelib.testing import StoppedClock

LAMBDA_PAUSES = (timedelta(minutes=1), timedelta(minutes=2))
"""Before the second and the third try of an asynchronous invocation."""

LONGEST_PAUSE = timedelta(minutes=5)
"""Between two tries of an event that finds no room, and between EventBridge's of an invocation that is refused."""

EVENT_AGE = timedelta(hours=1)
"""How long an event may wait (Terraform, `event_age_seconds`)."""

MAX_AGE = timedelta(hours=1)
"""How long EventBridge tries to hand an event over (`delivery.max_age_seconds`)."""


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """An event, and when it is the turn of it next. `accepted_at`: since when it is in the queue; None: not yet."""

    at: datetime
    order: int
    event: Mapping[str, Any] = field(compare=False)
    give_up_at: datetime = field(compare=False)
    accepted_at: datetime | None = field(default=None, compare=False)
    failed: int = field(default=0, compare=False)


class LambdaQueue:
    """An event that fails is tried twice more, then it goes to `on_failure`; so does one older than `event_age`.

    `backlog` says how long the next event waits for its turn. While `is_down` no environment starts;
    `delayed_by_outage` counts the tries. While `refuses_invokes` EventBridge cannot hand over, and what it gives up
    goes to `undelivered`.
    """

    def __init__(self, handle: Callable[[Mapping[str, Any]], None], clock: StoppedClock) -> None:
        self._handle = handle
        self._clock = clock
        self._order = count()
        self.events: list[Waiting] = []
        self.on_failure: list[Mapping[str, Any]] = []
        self.undelivered: list[Mapping[str, Any]] = []
        self.backlog: Callable[[], timedelta] = lambda: timedelta(0)
        self.event_age = EVENT_AGE
        self.is_down = False
        self.delayed_by_outage = 0
        self.refuses_invokes = False

    def add(self, event: Mapping[str, Any], at: datetime, *, max_age: timedelta = MAX_AGE) -> None:
        """EventBridge, or one of ours, hands it over at `at`."""
        heappush(self.events, Waiting(at, next(self._order), event, at + max_age))

    @property
    def next_at(self) -> datetime | None:
        return self.events[0].at if self.events else None

    def work(self) -> None:
        """What is the next event's turn, once."""
        waiting = heappop(self.events)
        if waiting.accepted_at is not None:
            self._start(waiting)
        elif self.refuses_invokes:
            self._refuse(waiting)
        else:
            self._accept(waiting)

    def _refuse(self, waiting: Waiting) -> None:
        now = self._clock()
        if now >= waiting.give_up_at:
            self.undelivered.append(waiting.event)
        else:
            self._later(waiting, min(now + LONGEST_PAUSE, waiting.give_up_at))

    def _accept(self, waiting: Waiting) -> None:
        accepted, delay = replace(waiting, accepted_at=self._clock()), self.backlog()
        if delay:
            self._later(accepted, self._clock() + delay)
        else:
            self._start(accepted)

    def _start(self, waiting: Waiting) -> None:
        assert waiting.accepted_at is not None
        now = self._clock()
        if now - waiting.accepted_at > self.event_age:
            self.on_failure.append(waiting.event)
        elif self.is_down:
            self.delayed_by_outage += 1
            self._later(waiting, now + LONGEST_PAUSE)
        else:
            self._invoke(waiting)

    def _invoke(self, waiting: Waiting) -> None:
        try:
            self._handle(waiting.event)
        except (Crash, ScheduledTasksError):
            if waiting.failed < len(LAMBDA_PAUSES):
                self._later(replace(waiting, failed=waiting.failed + 1), self._clock() + LAMBDA_PAUSES[waiting.failed])
            else:
                self.on_failure.append(waiting.event)

    def _later(self, waiting: Waiting, at: datetime) -> None:
        heappush(self.events, replace(waiting, at=at, order=next(self._order)))
