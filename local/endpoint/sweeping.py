"""Runs the sweeper at whole minutes at which a watch is due, and at no others.

On AWS a rule runs it every minute. In a clock advance, each minute would cost a query of the index: half an hour for a
month on an empty table. Therefore the local cloud records each watch when it is written, and omits other minutes.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core.dynamodb.repository import INDEXES
from chalicelib.core.timing.instants import EPOCH, from_iso
from local.time.agenda import Agenda, Entry
from local.time.clock import Clock
from local.time.signal import TimeSignal

_MINUTE = timedelta(minutes=1)
_SECONDS_TO_SWEEP = 60.0  # more than the deployed function's timeout

_logger = logging.getLogger(__name__)


@dataclass
class _Planned:
    """A planned sweep, and the items whose watch is due then."""

    entry: Entry
    items: set[str] = field(default_factory=set)


class Sweeping:
    """Records the watches and runs the sweepers: the one of `make run`, and the deployed ones.

    Thread-safe. While there is no sweeper, watches are recorded and nothing runs.
    """

    def __init__(self, clock: Clock, agenda: Agenda, time_signal: TimeSignal) -> None:
        self._clock = clock
        self._agenda = agenda
        self._time_signal = time_signal
        self._url: str | None = None
        self._deployed: dict[str, Callable[[], None]] = {}
        self._lock = Lock()
        self._watched: dict[str, datetime] = {}
        self._planned: dict[datetime, _Planned] = {}
        self._minutes: dict[str, datetime] = {}  # of each watched item
        self._swept = EPOCH

    @property
    def url(self) -> str | None:
        return self._url

    def register(self, url: str) -> None:
        """Run the sweeper with a POST to `url` from now on. The POST is answered when the sweep has finished."""
        self._url = url
        self._begin()

    def deploy(self, function: str, run: Callable[[], None]) -> None:
        """Call `run` for this deployed sweeper from now on. It returns when the sweep has finished."""
        self._deployed[function] = run
        self._begin()

    def remove(self, function: str) -> None:
        """Stop running a deployed sweeper."""
        self._deployed.pop(function, None)

    def _begin(self) -> None:
        with self._lock:
            for key, watch_at in self._watched.items():
                if key not in self._minutes:
                    self._plan(key, watch_at)

    @property
    def _has_sweeper(self) -> bool:
        return self._url is not None or bool(self._deployed)

    def follow(self, key: str, item: Mapping[str, Any] | None) -> None:
        """Record a write of the table. item: attributes in the form of DynamoDB's API; None if the item was deleted."""
        watch_at = _watch_at(item or {})
        with self._lock:
            self._forget(key)
            if watch_at is not None:
                self._watched[key] = watch_at
                if self._has_sweeper:
                    self._plan(key, watch_at)

    def _forget(self, key: str) -> None:
        self._watched.pop(key, None)
        minute = self._minutes.pop(key, EPOCH)
        planned = self._planned.get(minute)
        if planned is None:
            return
        planned.items.discard(key)
        if not planned.items:
            planned.entry.cancel()
            del self._planned[minute]

    def _plan(self, key: str, watch_at: datetime) -> None:
        minute = self._minute_for(watch_at)
        if minute not in self._planned:
            self._planned[minute] = _Planned(self._agenda.call_at(minute, partial(self._sweep, minute)))
        self._planned[minute].items.add(key)
        self._minutes[key] = minute

    def _minute_for(self, watch_at: datetime) -> datetime:
        """Returns the minute of the first sweep that finds the watch. There is one sweep a minute.

        After a clock reset the last sweep is in the future, and is ignored.
        """
        now = self._clock.now()
        minute = _whole_minute(max(watch_at, now))
        return minute + _MINUTE if minute == self._swept <= now else minute

    def _sweep(self, minute: datetime) -> None:
        with self._lock:
            planned = self._planned.pop(minute, None)
            if planned is None:
                return  # its last item was written after this job was due and before it ran
            self._swept = minute
        self._time_signal.send()
        self._run_sweepers()
        with self._lock:
            for key in planned.items & self._minutes.keys():
                # The sweep did not write this item: it failed or ran out of time. The next sweep finds the item due.
                if self._minutes[key] == minute:
                    del self._minutes[key]
                    if self._has_sweeper:
                        self._plan(key, minute)

    def _run_sweepers(self) -> None:
        if self._url is not None:
            self._run_sweeper(self._url)
        for run in list(self._deployed.values()):
            run()

    def _run_sweeper(self, url: str) -> None:
        place = urlsplit(url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=_SECONDS_TO_SWEEP)
        try:
            connection.request("POST", place.path)
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                _logger.error("the sweeper failed: %s", answer.read().decode(errors="replace"))
        except (OSError, HTTPException) as error:
            _logger.error("the sweeper at %s cannot run: %r", url, error)  # noqa: TRY400 - the traceback is not needed
        finally:
            connection.close()


def _watch_at(item: Mapping[str, Any]) -> datetime | None:
    """Returns the item's watch, or None if the item is not in the index of watches."""
    partition, sort = INDEXES["watch"]
    return from_iso(item[sort]["S"]) if partition in item and sort in item else None


def _whole_minute(instant: datetime) -> datetime:
    """Returns the first whole minute that is not before `instant`."""
    return instant + (EPOCH - instant) % _MINUTE
