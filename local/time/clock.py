"""The local cloud's one clock: real time, or travelled time."""

from datetime import UTC, datetime, timedelta
from threading import Lock


class Clock:
    """Runs at real speed from wherever it was set; stands still while the agenda works through an instant.

    Durations (time-outs, pauses of a thread) are never measured here: a clock advance must not change them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._offset = timedelta()
        self._standing: datetime | None = None

    def now(self) -> datetime:
        """The aware UTC instant."""
        with self._lock:
            return self._standing or datetime.now(UTC) + self._offset

    def stand_at(self, instant: datetime) -> None:
        """Stand still at `instant` (aware) until `run_on`, another `stand_at`, or `reset`."""
        with self._lock:
            self._standing = instant.astimezone(UTC)

    def run_on(self) -> None:
        """Run at real speed again, from the instant it stood at; a running clock just runs on."""
        with self._lock:
            if self._standing is not None:
                self._offset = self._standing - datetime.now(UTC)
                self._standing = None

    def reset(self) -> None:
        """Go back to real time."""
        with self._lock:
            self._offset = timedelta()
            self._standing = None
