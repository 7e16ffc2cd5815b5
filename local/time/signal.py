"""Publishes the time of the local cloud to the functions and the API, in a file that they follow (travelled.py).

A second file has the clock's offset for processes that sign messages to other consumers, if they sign with real time.
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
    """Creates the files when the clock first differs from the real time. Safe for threads.

    `signs_with_real_time`: whether signatures of webhooks have the real time; by default they have the clock's time.
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
        """Publish the present time and return it."""
        with self._lock:
            now = self._clock.now()
            offset = (now - datetime.now(UTC)).total_seconds()
            if abs(offset - self._told) > _SECONDS_TOO_SMALL_TO_TELL:
                self._told = 0.0 if abs(offset) < _SECONDS_TOO_SMALL_TO_TELL else offset
                write_offset(self._offset_file, self._told)
                self._tell_signers()
            return now

    def _tell_signers(self) -> None:
        """The caller holds the lock."""
        if self._signs_with_real_time:
            write_offset(self._signing_file, self._told)
        else:
            self._signing_file.unlink(missing_ok=True)
