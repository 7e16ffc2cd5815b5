"""The clock of the local cloud: real time, or an advanced time."""

from datetime import UTC, datetime, timedelta
from threading import Lock


class Clock:
    """Runs at real speed from the time it was set to, and stops while the agenda runs the jobs of an instant.

    Durations, such as time-outs, are not measured with it: a clock advance must not change them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._offset = timedelta()
        self._standing: datetime | None = None

    def now(self) -> datetime:
        """Returns the time as aware UTC."""
        with self._lock:
            return self._standing or datetime.now(UTC) + self._offset

    def stand_at(self, instant: datetime) -> None:
        """Stop at `instant` (aware) until `run_on`, another `stand_at`, or `reset`."""
        with self._lock:
            self._standing = instant.astimezone(UTC)

    def run_on(self) -> None:
        """Run at real speed again, from the instant where it stopped. No effect on a running clock."""
        with self._lock:
            if self._standing is not None:
                self._offset = self._standing - datetime.now(UTC)
                self._standing = None

    def reset(self) -> None:
        """Return to real time."""
        with self._lock:
            self._offset = timedelta()
            self._standing = None
