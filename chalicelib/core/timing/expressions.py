"""Parses schedule expressions of EventBridge Scheduler and calculates their occurrences.

`at(…)` and `cron(…)` are wall time in a zone, `rate(…)` is elapsed time. Time is an argument; there is no I/O.
Source: EventBridge Scheduler User Guide, "Schedule types". docs/emulation.md lists decisions where AWS is silent.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from ..frozen import Frozen
from .cron import YEAR, CronFields, InvalidExpression, parse_fields
from .zones import UnknownZone, first_instant, wall_time, zone

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from zoneinfo import ZoneInfo

__all__ = ["At", "Cron", "Expression", "InvalidExpression", "Rate", "ceil_minute", "floor_minute", "parse"]

_MAX_LENGTH = 256
_AT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})")
_RATE = re.compile(r"([1-9][0-9]{0,5}) (minute|hour|day)s?")
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_UNITS = {"minute": _MINUTE, "hour": _HOUR, "day": _DAY}

# The calendar of all expressions: the allowed years of a cron, and one more day at each end for the time zones.
_BEGIN = datetime(YEAR.low - 1, 12, 31, tzinfo=UTC)
_END = datetime(YEAR.high + 1, 1, 2, tzinfo=UTC)


class Expression(Frozen, ABC):
    """A parsed expression, an immutable value that can be compared, hashed and pickled. Only `parse` makes it.

    `start_at` and `end_at` (aware UTC) are the first and the last instant that may be an occurrence. None: no limit.
    """

    kind: ClassVar[Literal["at", "rate", "cron"]]
    text: str
    timezone: str
    start_at: datetime | None
    end_at: datetime | None

    def occurrences(self, after: datetime, *, without: Container[date] = frozenset()) -> Iterator[datetime]:
        """Yields the occurrences after `after` (aware), as aware UTC datetimes, ascending.

        The days `without`, in the expression's zone, are left out; a day costs one step, not one per occurrence.
        The end is `end_at`, or the expression's last occurrence. The calendar ends with the year 2199.
        Raises ValueError if `after` is naive.
        """
        if after.tzinfo is None:
            raise ValueError("`after` must be an aware datetime")
        last = min(self.end_at or _END, _END)
        return takewhile(lambda instant: instant <= last, self._instants(min(max(after, _BEGIN), _END), last, without))

    def next_occurrence(self, after: datetime, *, without: Container[date] = frozenset()) -> datetime | None:
        """Returns the first of these `occurrences`, or None. Raises ValueError if `after` is naive."""
        return next(self.occurrences(after, without=without), None)

    @abstractmethod
    def _instants(self, after: datetime, last: datetime, without: Container[date]) -> Iterator[datetime]:
        """Yields the instants after `after`. If there are none, the search ends at most a day after `last`."""


class At(Expression):
    """`at(yyyy-mm-ddThh:mm:ss)`: fires once, at the naive wall time `wall`."""

    kind = "at"
    wall: datetime

    def _instants(self, after: datetime, last: datetime, without: Container[date]) -> Iterator[datetime]:
        # In a gap fold=0 uses the offset before the gap, as java.time does: 02:30 becomes 03:30.
        instant = self.wall.replace(tzinfo=zone(self.timezone)).astimezone(UTC)
        if after < instant <= last and wall_time(instant, zone(self.timezone)).date() not in without:
            yield instant


class Rate(Expression):
    """`rate(value unit)`: fires at `start_at` and then every `period` of elapsed time. The time zone has no effect."""

    kind = "rate"
    period: timedelta

    def _instants(self, after: datetime, last: datetime, without: Container[date]) -> Iterator[datetime]:
        tz, start = zone(self.timezone), self.start_at or after + self.period
        instant = self._following(after, start)
        while instant <= last:
            shown = wall_time(instant, tz)
            if shown.date() in without:
                until = _same_day_until(instant, shown, tz)
                instant = self._following(max(until - datetime.resolution, instant), start)
            else:
                yield instant
                instant += self.period

    def _following(self, after: datetime, start: datetime) -> datetime:
        return start + max(0, (after - start) // self.period + 1) * self.period


class Cron(Expression):
    """`cron(…)`: fires at each matching wall minute that exists, and at the first of the two if it is ambiguous."""

    kind = "cron"
    fields: CronFields

    def next_occurrence(self, after: datetime, *, without: Container[date] = frozenset()) -> datetime | None:
        return self._at_next_wall(after, without) or super().next_occurrence(after, without=without)

    def _at_next_wall(self, after: datetime, without: Container[date]) -> datetime | None:
        """Returns the instant of the first matching wall minute after that of `after`, or None if it is no occurrence.

        All earlier wall minutes first occur before `after` or do not exist. All later ones occur later.
        """
        if after.tzinfo is None or not (self.start_at or _BEGIN) <= after < _END:
            return None
        tz = zone(self.timezone)
        wall = self.fields.next_wall(wall_time(after, tz))
        if wall is None or wall.date() in without:
            return None
        instant = first_instant(wall, tz)
        return instant if instant is not None and after < instant <= (self.end_at or _END) else None

    def _instants(self, after: datetime, last: datetime, without: Container[date]) -> Iterator[datetime]:
        tz = zone(self.timezone)
        begin = max(after + datetime.resolution, self.start_at or _BEGIN)
        # One more day: where the clocks are put back, a later wall time may be an earlier instant.
        until = wall_time(last, tz) + _DAY
        for hour in self.fields.hours_from(wall_time(begin, tz), until, without):
            for instant in self._instants_in(hour, tz):
                if instant >= begin:
                    yield instant

    def _instants_in(self, hour: datetime, tz: ZoneInfo) -> Iterable[datetime]:
        """Returns the occurrences of a wall hour.

        No zone has two shifts in one hour. If the first and the last minute exist and are as far apart as their wall
        times, no shift is between them. If neither exists, no minute between them does.
        """
        minutes = self.fields.minutes
        first = first_instant(hour + minutes[0] * _MINUTE, tz)
        if len(minutes) == 1:
            return () if first is None else (first,)
        last = first_instant(hour + minutes[-1] * _MINUTE, tz)
        if first is None and last is None:
            return ()
        if first is not None and last is not None and last - first == (minutes[-1] - minutes[0]) * _MINUTE:
            return (first + (minute - minutes[0]) * _MINUTE for minute in minutes)
        walls = (first_instant(wall, tz) for wall in self.fields.walls_in(hour))
        return (instant for instant in walls if instant is not None)


def parse(
    text: str, timezone: str = "UTC", *, start_at: datetime | None = None, end_at: datetime | None = None
) -> Expression:
    """Parses an expression. Raises InvalidExpression if it is not valid; `field` is "timezone" for an unknown zone.

    A nonexistent wall time of `at(…)` is allowed: a change of the zone's rules must not make a stored schedule
    unreadable. The validation of a new schedule calls `zones.resolve_wall_time`.
    """
    kind, inner = _split(text)
    zone_name = _zone_name(timezone)
    if kind == "at":
        return At(text, zone_name, None, None, _wall(inner))  # AWS ignores StartDate and EndDate of a one-time schedule
    window = (_utc("start_at", start_at), _utc("end_at", end_at))
    if kind == "rate":
        return Rate(text, zone_name, *window, _period(inner))
    return Cron(text, zone_name, *window, parse_fields(inner))


def kind_of(text: str) -> Literal["at", "rate", "cron"]:
    """Returns the kind of an expression without parsing it. Raises InvalidExpression if it has none of these forms."""
    return _split(text)[0]


def _same_day_until(instant: datetime, shown: datetime, tz: ZoneInfo) -> datetime:
    """Returns an instant up to which the local date is certainly that of `shown` (naive), the local time at `instant`.

    It is the end of the day if the offset does not change before. If it does, the date could change earlier: the
    result is then an hour later, or `instant` itself if the change is within the hour.
    """
    midnight = datetime.combine(shown.date() + _DAY, time())
    for length in (_DAY, _HOUR):
        rest = min(midnight - shown, length)
        if wall_time(instant + rest, tz) == shown + rest:
            return instant + rest
    return instant


def floor_minute(instant: datetime) -> datetime:
    """Returns the start of the minute of `instant`. EventBridge rounds a StartDate in this way."""
    return instant.replace(second=0, microsecond=0)


def ceil_minute(instant: datetime) -> datetime:
    """Returns `instant` if it is a whole minute, else the next one. Recurring schedules begin at whole minutes."""
    floor = floor_minute(instant)
    return floor if floor == instant else floor + _MINUTE


def _split(text: str) -> tuple[Literal["at", "rate", "cron"], str]:
    kind, bracket, inner = text.partition("(")
    if len(text) > _MAX_LENGTH or kind not in {"at", "rate", "cron"} or not bracket or not inner.endswith(")"):
        raise InvalidExpression("expression", text, "at(…), rate(…) or cron(…) of up to 256 characters")
    return cast("Literal['at', 'rate', 'cron']", kind), inner.removesuffix(")")


def _wall(text: str) -> datetime:
    try:
        parts = _AT.fullmatch(text)
        year, month, day, hour, minute, second = map(int, parts.groups() if parts else ())
        wall = datetime.combine(date(year, month, day), time(hour, minute, second))
    except ValueError as exc:
        raise InvalidExpression("at", text, "a real date and time yyyy-mm-ddThh:mm:ss without an offset") from exc
    if not YEAR.low <= wall.year <= YEAR.high:
        raise InvalidExpression("at", text, f"a year from {YEAR.low} to {YEAR.high}")
    return wall


def _period(text: str) -> timedelta:
    parts = _RATE.fullmatch(text)
    if parts is None:
        raise InvalidExpression("rate", text, "1 to 999999, one blank, and minute(s), hour(s) or day(s)")
    return int(parts[1]) * _UNITS[parts[2]]


def _zone_name(name: str) -> str:
    try:
        return zone(name).key  # one text for all expressions of the zone
    except UnknownZone as exc:
        raise InvalidExpression("timezone", name, "an IANA time zone name such as Europe/Berlin") from exc


def _utc(field: str, instant: datetime | None) -> datetime | None:
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise InvalidExpression(field, instant.isoformat(), "an aware datetime")
    return instant.astimezone(UTC)
