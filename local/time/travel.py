"""Clock operations of the control API: read, advance, follow or end an advance, return to real time."""

from collections.abc import Mapping
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any

from chalicelib.core.timing.instants import from_iso, iso_ms
from chalicelib.scheduling.durations import read_duration
from local.time.agenda import Agenda
from local.time.clock import Clock
from local.time.signal import TimeSignal

SECONDS_TO_WAIT = 20.0  # less than the read timeout of common HTTP clients


class InvalidClockAdvance(ValueError):
    """The request has no time that the clock can advance to. The message says why."""


class ClockAdvanceInProgress(Exception):
    """Another clock advance has not ended."""


class TimeTravel:
    """Clock advances, one at a time, each on its own thread. Safe for threads.

    seconds_to_wait: for the end of an advance, at most.
    """

    def __init__(
        self, clock: Clock, agenda: Agenda, time_signal: TimeSignal, *, seconds_to_wait: float = SECONDS_TO_WAIT
    ) -> None:
        self._clock = clock
        self._agenda = agenda
        self._time_signal = time_signal
        self._seconds_to_wait = seconds_to_wait
        self._lock = Lock()
        self._advance: _ClockAdvance | None = None

    def advance(self, request: Mapping[str, Any]) -> None:
        """Start a clock advance and wait for its end, at most `seconds_to_wait`; `state` shows its progress.

        request: {"advance": ISO 8601 duration}, {"to": ISO 8601 instant} or {"reset": true}, which ends an advance in
        progress. Raises InvalidClockAdvance, ClockAdvanceInProgress.
        """
        with self._lock:
            if request == {"reset": True}:
                self._reset()
                return
            if self._advance is not None and self._advance.is_alive():
                raise ClockAdvanceInProgress
            advance = self._advance = _ClockAdvance(
                self._agenda, self._time_signal, _target(request, self._clock.now())
            )
            advance.start()
        advance.join(self._seconds_to_wait)

    def end(self) -> None:
        """End the clock advance in progress, if there is one. The clock continues from its present time."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._advance is not None:
            self._advance.end()

    def _reset(self) -> None:
        self._end()
        self._agenda.reset()
        self._time_signal.send()
        self._advance = None

    def state(self) -> dict[str, Any]:
        """Returns the time, and the target and number of jobs of the clock advance in progress or the last one."""
        advance = self._advance
        state: dict[str, Any] = {"now": iso_ms(self._clock.now()), "travelling": False}
        if advance is not None:
            state |= {"travelling": advance.is_alive(), "to": iso_ms(advance.target), "jobs": advance.jobs}
        return state


class _ClockAdvance(Thread):
    def __init__(self, agenda: Agenda, time_signal: TimeSignal, target: datetime) -> None:
        super().__init__(name="clock advance", daemon=True)
        self.target = target
        self._agenda = agenda
        self._time_signal = time_signal
        self._jobs_before = agenda.jobs_run
        self._jobs_in_total: int | None = None
        self._is_ended = Event()

    @property
    def jobs(self) -> int:
        """Returns how many jobs have run so far."""
        return self._agenda.jobs_run - self._jobs_before if self._jobs_in_total is None else self._jobs_in_total

    def run(self) -> None:
        self._jobs_in_total = self._agenda.advance(self.target, self._is_ended.is_set)
        self._time_signal.send()

    def end(self) -> None:
        """Returns when the advance has ended. A job that hangs does not delay it."""
        self._is_ended.set()
        self._agenda.interrupt()
        self.join()


def _target(request: Mapping[str, Any], now: datetime) -> datetime:
    try:
        target = _read(request, now)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidClockAdvance(f"{dict(request)} is not a valid change of the clock: {error}") from error
    if target < now:
        raise InvalidClockAdvance(f"{iso_ms(target)} is before the clock's {iso_ms(now)}; allowed: a later time")
    return target


def _read(request: Mapping[str, Any], now: datetime) -> datetime:
    match request:
        case {"to": instant, **rest} if not rest:
            return from_iso(instant)
        case {"advance": duration, **rest} if not rest:
            return now + read_duration(duration)
    raise ValueError('send {"advance": "P30D"}, {"to": "2027-03-28T00:00:00Z"} or {"reset": true}')
