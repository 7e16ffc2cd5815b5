"""Records the calls to AWS, for tests that count them."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from chalicelib.core.timing.instants import iso_ms

_MOST = 10_000


@dataclass(frozen=True)
class Call:
    """One call. operation: service:Name. time: of its start. caller: see `Operation.caller`. status: HTTP status."""

    operation: str
    time: datetime
    caller: str
    status: int
    milliseconds: float

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"time": iso_ms(self.time), "milliseconds": round(self.milliseconds, 1)}


class Calls:
    """The latest 10,000 calls, oldest first. Thread-safe."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_MOST)
        self._dropped = 0
        self._lock = Lock()

    @property
    def dropped(self) -> int:
        """How many older calls have been dropped since the start or the last `clear`."""
        return self._dropped

    def add(self, call: Call) -> None:
        with self._lock:
            self._dropped += len(self._calls) == _MOST
            self._calls.append(call)

    def all(self) -> list[Call]:
        return list(self._calls)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._dropped = 0
