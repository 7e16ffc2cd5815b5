"""When the sweeper runs: at whole minutes at which a watch is due, and at no others.

On AWS a rule runs it every minute. Here each travelled minute would cost a walk over the index (half an hour a month on
an empty table), so the watches are followed as they are written, and a minute without a due one is left out.
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
_SECONDS_TO_SWEEP = 60.0  # more than the deployed function has

_logger = logging.getLogger(__name__)


@dataclass
class _Planned:
    """A sweep, and the items it is for."""

    entry: Entry
    items: set[str] = field(default_factory=set)


class Sweeping:
    """Follows the watches and has the sweepers run: that of `make run`, and those that were deployed.

    For many threads. Runs nothing until there is a sweeper; what is written before is remembered for it.
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
        """From now on, a POST to `url` runs the sweeper, and is answered when it has ended."""
        self._url = url
        self._begin()

    def deploy(self, function: str, run: Callable[[], None]) -> None:
        """From now on, `run` runs this deployed sweeper too, and returns when that has ended."""
        self._deployed[function] = run
        self._begin()

    def remove(self, function: str) -> None:
        """The deployed sweeper is gone."""
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
        """An item of the table was written; None: it is gone. item: attributes as DynamoDB's API has them."""
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
        """The first sweep that can see it: the sweeper runs once in a minute. A clock that was reset begins anew."""
        now = self._clock.now()
        minute = _whole_minute(max(watch_at, now))
        return minute + _MINUTE if minute == self._swept <= now else minute

    def _sweep(self, minute: datetime) -> None:
        with self._lock:
            planned = self._planned.pop(minute, None)
            if planned is None:
                return  # its last item was written while this job was on its way to a thread
            self._swept = minute
        self._time_signal.send()
        self._run_sweepers()
        with self._lock:
            for key in planned.items & self._minutes.keys():
                # Nobody wrote it: the sweeper failed, or had no time for it. The next one finds it still due.
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
            _logger.error("the sweeper cannot be run: %r", error)  # noqa: TRY400 - the traceback tells nothing more
        finally:
            connection.close()


def _watch_at(item: Mapping[str, Any]) -> datetime | None:
    """Where it stands in the index of watches, if it does."""
    partition, sort = INDEXES["watch"]
    return from_iso(item[sort]["S"]) if partition in item and sort in item else None


def _whole_minute(instant: datetime) -> datetime:
    """The first one that is not before `instant`."""
    return instant + (EPOCH - instant) % _MINUTE
