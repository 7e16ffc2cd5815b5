"""Tells the functions and the API what time it is in the local cloud, by a file that they follow (travelled.py).

A second file says how far the clock is ahead for those that sign messages to consumers outside, if they are to sign
with the real time.
"""

from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from local.time.clock import Clock
from local.time.travelled import write_offset

FILE_NAME = "clock-offset"  # in the directory of the local cloud
_SIGNING_FILE_NAME = "signing-ahead"

_SECONDS_TOO_SMALL_TO_TELL = 0.001


class TimeSignal:
    """Files made when the clock first differs from the real time. For many threads.

    `signs_with_real_time`: whether the signatures of webhooks have the real time; those of the clock by default.
    """

    def __init__(self, clock: Clock, directory: Path) -> None:
        self._clock = clock
        self._offset_file = directory / FILE_NAME
        self._signing_file = directory / _SIGNING_FILE_NAME
        for file in (self._offset_file, self._signing_file):
            file.unlink(missing_ok=True)
        self._signs_with_real_time = False
        self._told = 0.0
        self._lock = Lock()

    @property
    def offset_file(self) -> Path:
        return self._offset_file

    @property
    def signing_file(self) -> Path:
        return self._signing_file

    @property
    def signs_with_real_time(self) -> bool:
        return self._signs_with_real_time

    def sign_with_real_time(self, yes: bool) -> None:  # noqa: FBT001 - a switch
        with self._lock:
            self._signs_with_real_time = yes
            self._tell_signers()

    def send(self) -> datetime:
        """Tell the time as it is now, and return it."""
        with self._lock:
            now = self._clock.now()
            offset = (now - datetime.now(UTC)).total_seconds()
            if abs(offset - self._told) > _SECONDS_TOO_SMALL_TO_TELL:
                self._told = 0.0 if abs(offset) < _SECONDS_TOO_SMALL_TO_TELL else offset
                write_offset(self._offset_file, self._told)
                self._tell_signers()
            return now

    def _tell_signers(self) -> None:
        """To be called with the lock held."""
        if self._signs_with_real_time:
            write_offset(self._signing_file, self._told)
        else:
            self._signing_file.unlink(missing_ok=True)
