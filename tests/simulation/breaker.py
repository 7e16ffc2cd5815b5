"""Makes one call to a port fail, chosen by its number, in each way in which a call to AWS can fail."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from chalicelib.core.errors import ScheduleBusy, SchedulerUnavailable, StarterUnavailable, StoreUnavailable
from chalicelib.testing import Crash, Faults
from tests.notification.world import no_answer, throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

UNAVAILABLE: Mapping[str, Callable[[], Exception]] = {
    "repository": StoreUnavailable,
    "gateway": SchedulerUnavailable,
    "starter": StarterUnavailable,
    "provider": throttled,
}

AGAIN = (Crash, StoreUnavailable, SchedulerUnavailable, ScheduleBusy)
"""What a sane client answers by asking again: no answer, 503, 409 with Retry-After."""

TIMEOUT = timedelta(seconds=8)
"""Two tries of connecting and waiting (composition.PATIENCE)."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a call goes wrong: is its work done all the same, does the process die of it, how long does it take?"""

    done: bool
    dies: bool = False
    takes: timedelta = timedelta(0)


class Kind(Enum):
    """The ways there are."""

    CRASH_BEFORE = Way(done=False, dies=True)
    CRASH_AFTER = Way(done=True, dies=True)
    THROTTLED = Way(done=False)
    TIMEOUT_DONE = Way(done=True, takes=TIMEOUT)
    TIMEOUT_NOT_DONE = Way(done=False, takes=TIMEOUT)


class Breaker(Faults):
    """Breaks the call whose turn it is, once. `sleep` lets time pass while a call hangs."""

    def __init__(self) -> None:
        super().__init__()
        self.sleep: Callable[[float], None] = lambda _: None
        self.broke: str | None = None
        self._turn = 0
        self._way = Kind.THROTTLED.value

    def break_call(self, number: int, kind: Kind) -> None:
        """The `number`-th call from now on, counted from 1."""
        self._turn, self._way, self.broke = number, kind.value, None

    def mend(self) -> None:
        """No call is broken any more."""
        self._turn = 0

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        self._turn -= 1
        breaks, way = self._turn == 0, self._way
        if breaks and not way.done:
            self._fail(call)
        try:
            with super().around(call):
                yield
        finally:
            if breaks and way.done:
                self._fail(call)

    def _fail(self, call: str) -> None:
        self.broke = call
        self.sleep(self._way.takes.total_seconds())
        if self._way.dies:
            raise Crash
        port = call.partition(".")[0]
        # A provider's own answers reach the action, which has to tell a clear no from one that never came.
        raise no_answer() if port == "provider" and self._way.takes else UNAVAILABLE[port]()
