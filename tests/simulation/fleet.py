"""A simulated Lambda fleet: a limited number of environments, each with its own speed; other events wait in the queue.

Environments overlap in time and share one clock. The clock is set to the time at which an environment starts, and the
environment's work advances it. The code under test reads the time in seconds, so the order within a second is
irrelevant.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.core.timing.expressions import ceil_minute
from chalicelib.core.timing.instants import EPOCH, from_iso
from chalicelib.testing import FakeMaster, Faults
from notification.dead_letters import DeadLetters
from notification.pace import Pace
from notification.runner import Runner
from notification.webhook_signer import Signer
from tests.notification.world import SETTINGS, FakeAws, run_id_of
from tests.simulation.chaos import OneByOne, WatchedRepository
from tests.simulation.simulator import A_SECOND, Life

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chalicelib.testing import StoppedClock

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
INVOCATION = timedelta(seconds=30)
EVENT_AGE = timedelta(hours=1)

LATENCIES = {"repository": 0.008, "starter": 0.0, "gateway": 0.0}
"""Seconds of a call: DynamoDB's; the others are not on the way of a mail."""

SES_SECONDS = 0.06

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
MOST_DOUBLINGS = 9
"""Between the tries of an event that is throttled (Lambda guide, "Error handling for asynchronous invocation")."""


class Slow(Faults):
    """Nothing fails, but each call takes its time while `sleep` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.sleep: Callable[[float], None] | None = None

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        if self.sleep is not None:
            self.sleep(LATENCIES[call.partition(".")[0]])
        yield


class LimitedSes(FakeAws):
    """Takes so many mails in each second of the clock, and refuses the others."""

    def __init__(self, clock: StoppedClock, a_second: int) -> None:
        super().__init__()
        self._clock = clock
        self._most = a_second
        self._taken: Counter[datetime] = Counter()
        self.sent: list[tuple[datetime, str]] = []
        self.refused = 0

    def send_email(self, **request: Any) -> dict[str, Any]:
        self._clock.sleep(SES_SECONDS)
        second = self._clock.now.replace(microsecond=0)
        if self._taken[second] >= self._most:
            self.refused += 1
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "14 a second"}}, "SendEmail")
        self._taken[second] += 1
        self.sent.append((self._clock.now, run_id_of(request)))
        return {}


@dataclass(slots=True)
class Environment:
    """One at a time."""

    runner: Runner
    free_at: datetime


class Fleet(Life):
    """`size` environments in front of a provider that takes `a_second` mails; `rate` None does not pace them.

    An event that finds no room waits longer each time, as AWS's guide has it at the worst.
    """

    sweeper_class = OneByOne

    def __init__(self, size: int, *, a_second: int, rate: float | None) -> None:
        self.slow = Slow()
        super().__init__(self.slow)
        self.clock.now = self._swept_at = NINE - timedelta(minutes=10)
        self.repository = self.table = WatchedRepository(self.slow)
        self.service = self.a_service()
        self.sweeper = self._a_sweeper()
        self.ses = self.aws = LimitedSes(self.clock, a_second)
        self.throttled = 0
        self.dropped: list[Mapping[str, Any]] = []
        self._random = Random(14)  # noqa: S311 - spreads pauses, no secret
        self._order, claims = count(), count()
        self._events: list[tuple[datetime, int, int, datetime, Mapping[str, Any]]] = []
        self._environments = [self._environment(size, rate, claims) for _ in range(size)]

    def _environment(self, size: int, rate: float | None, claims: Iterator[int]) -> Environment:
        pace = Pace(
            {"email": rate} if rate else {},
            size,
            clock=self._seconds,
            sleep=self.clock.sleep,
        )
        letters = DeadLetters(lambda: self.ses, "https://queue")  # type: ignore[arg-type, return-value]
        runner = Runner(
            self.repository,
            letters,
            SETTINGS,
            aws=self.ses,
            signer=Signer(self.repository, FakeMaster(), self.clock),
            clock=self.clock,
            new_id=lambda: f"claim-{next(claims)}",
            pace=pace.keep,
        )
        return Environment(runner, self.clock.now)

    def _seconds(self) -> float:
        return (self.clock.now - EPOCH).total_seconds()

    def invoke(self, event: Mapping[str, Any], at: datetime) -> None:
        """Asynchronously."""
        heappush(self._events, (at, next(self._order), 0, at + EVENT_AGE, event))

    def work(self) -> None:
        """Until nothing is left to do."""
        while self._events or self.table.watched.next_watch is not None:
            sweep_at = self._sweep_at()
            if self._events and (sweep_at is None or self._events[0][0] <= sweep_at):
                self._take()
            elif sweep_at is not None:
                self._sweep_quickly(sweep_at)

    def _sweep_at(self) -> datetime | None:
        watch = self.table.watched.next_watch
        return ceil_minute(max(from_iso(watch), self._swept_at + A_SECOND)) if watch else None

    def _sweep_quickly(self, at: datetime) -> None:
        """Its pace is another matter (benchmarks/retries.py)."""
        self.slow.sleep, self.clock.now = None, at
        self.sweep()
        while self.starter.events:
            self.invoke(self.starter.events.pop(0), at)

    def _take(self) -> None:
        at, _, tries, until, event = heappop(self._events)
        environment = min(self._environments, key=lambda each: each.free_at)
        if environment.free_at <= at:
            self.slow.sleep, self.clock.now = self.clock.sleep, at
            environment.runner.handle(event, INVOCATION)
            environment.free_at = self.clock.now
            return
        self.throttled += 1
        again = at + self._pause(tries)
        if again > until:
            self.dropped.append(event)
        else:
            heappush(self._events, (again, next(self._order), tries + 1, until, event))

    def _pause(self, tries: int) -> timedelta:
        doublings: int = 2 ** min(tries, MOST_DOUBLINGS)
        longest = min(FIRST_PAUSE * doublings, LONGEST_PAUSE)
        share: float = self._random.uniform(0.5, 1)
        return longest * share
