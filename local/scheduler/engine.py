"""Calculates firings. Time is an argument and randomness is a hash, so that a clock advance can be repeated."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import takewhile

from local.scheduler.models import Schedule

ON_TIME = timedelta()
AS_LATE_AS_AWS = timedelta(seconds=60)  # UG:schedule-types: "invokes its target within a minute of the chosen time"

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)  # makes "strictly after" include the instant itself


@dataclass(frozen=True, slots=True)
class Firing:
    """One occurrence. `scheduled_time` follows from the expression; the target is invoked at `fires_at`."""

    schedule: Schedule
    scheduled_time: datetime
    fires_at: datetime


class Engine:
    """Calculates the firings of schedules. `lateness` is the longest imitated delay (see `AS_LATE_AS_AWS`)."""

    def __init__(self, lateness: timedelta = ON_TIME) -> None:
        self._lateness = lateness

    def next_firing(self, schedule: Schedule, after: datetime = _BEGINNING) -> Firing | None:
        """Returns the first firing scheduled after `after`; without `after`, the first one."""
        return next(self._firings(schedule, after), None)

    def firings(self, schedules: Iterable[Schedule], after: datetime, until: datetime) -> Iterator[Firing]:
        """Yields each firing with `after < fires_at <= until`, ascending by `fires_at`."""
        streams = (self._firings_between(schedule, after, until) for schedule in schedules)
        return heapq.merge(*streams, key=lambda firing: firing.fires_at)

    def _firings_between(self, schedule: Schedule, after: datetime, until: datetime) -> Iterator[Firing]:
        longest_delay = schedule.window + self._lateness
        overdue = schedule.expression.kind == "at"  # its time may lie before its arming by any span
        candidates = self._firings(schedule, _BEGINNING if overdue else after - longest_delay - _TICK)
        until_then = takewhile(lambda firing: firing.fires_at <= until, candidates)
        return (firing for firing in until_then if firing.fires_at > after)

    def _firings(self, schedule: Schedule, after: datetime) -> Iterator[Firing]:
        """Yields firings in ascending order: a delay ends at the next scheduled time."""
        if not schedule.enabled:
            return
        occurrences = _occurrences(schedule, after)
        if not schedule.window and not self._lateness:  # no delay, so the following occurrence does not matter
            yield from (Firing(schedule, instant, max(instant, schedule.armed_at)) for instant in occurrences)
            return
        current = next(occurrences, None)
        while current is not None:
            following = next(occurrences, None)
            yield Firing(schedule, current, self._fires_at(schedule, current, following))
            current = following

    def _fires_at(self, schedule: Schedule, scheduled_time: datetime, following: datetime | None) -> datetime:
        window = _room(schedule, scheduled_time, following)
        in_window = scheduled_time + window * _chance("window", schedule.arn, scheduled_time)
        lateness = self._lateness * _chance("lateness", schedule.arn, scheduled_time)
        fires_at = max(in_window, schedule.armed_at) + lateness
        return fires_at if following is None else min(fires_at, max(following, schedule.armed_at))


def _occurrences(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yields scheduled times. A one-time schedule keeps its time when it has passed; a recurring one does not."""
    if schedule.expression.kind == "at":
        return schedule.expression.occurrences(after)
    return schedule.expression.occurrences(max(after, _counts_from(schedule) - _TICK))


def _counts_from(schedule: Schedule) -> datetime:
    """A rate without StartDate fires at once. Its scheduled time is the time of arming, cut to the second."""
    bare_rate = schedule.expression.kind == "rate" and schedule.start is None
    return schedule.armed_at.replace(microsecond=0) if bare_rate else schedule.armed_at


def _room(schedule: Schedule, scheduled_time: datetime, following: datetime | None) -> timedelta:
    """The flexible window, cut at the next occurrence and at the EndDate."""
    limits = [following, schedule.expression.end_at]
    return min([schedule.window, *(limit - scheduled_time for limit in limits if limit is not None)])


def _chance(what: str, arn: str, scheduled_time: datetime) -> float:
    """A stable random number in [0, 1)."""
    digest = sha256(f"{what} {arn} {scheduled_time.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
