"""Tells the functions and the API what time it is in the local cloud, by a file that they follow (travelled.py)."""

from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from local.time.clock import Clock
from local.time.travelled import write_offset

FILE_NAME = "clock-offset"  # in the directory of the local cloud

_SECONDS_TOO_SMALL_TO_TELL = 0.001


class TimeSignal:
    """One file, made when the clock first differs from the real time. For many threads."""

    def __init__(self, clock: Clock, directory: Path) -> None:
        self._clock = clock
        self._offset_file = directory / FILE_NAME
        self._offset_file.unlink(missing_ok=True)
        self._told = 0.0
        self._lock = Lock()

    @property
    def offset_file(self) -> Path:
        return self._offset_file

    def send(self) -> datetime:
        """Tell the time as it is now, and return it."""
        with self._lock:
            now = self._clock.now()
            offset = (now - datetime.now(UTC)).total_seconds()
            if abs(offset - self._told) > _SECONDS_TOO_SMALL_TO_TELL:
                self._told = 0.0 if abs(offset) < _SECONDS_TOO_SMALL_TO_TELL else offset
                write_offset(self._offset_file, self._told)
            return now
