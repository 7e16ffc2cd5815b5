"""Counts the occurrences of intervals without calculating each one: 35 days of an every-minute cron are 840 hours."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from ...core.timing.expressions import Cron, Expression, Rate
from ...core.timing.zones import first_instant, shifts, wall_time, zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def counts(expression: Expression, edges: Sequence[datetime], without: AbstractSet[date] = frozenset()) -> list[int]:
    """Returns how many occurrences each interval has: from one of the `edges` (aware, ascending) until before the next.

    The days `without`, in the expression's zone, are left out.
    """
    if isinstance(expression, Rate):
        return _of_rate(expression, _clipped(expression, edges), without)
    if isinstance(expression, Cron):
        return _of_cron(expression, _clipped(expression, edges), without)
    return _sorted_into(edges, expression.occurrences(edges[0] - datetime.resolution, without=without))


def _clipped(expression: Expression, edges: Sequence[datetime]) -> list[datetime]:
    """Returns the edges, none of them before the start or behind the end of the expression."""
    begin = expression.start_at or edges[0]
    end = expression.end_at + _SECOND if expression.end_at else edges[-1]
    return [max(begin, min(edge, end)) for edge in edges]


def _sorted_into(edges: Sequence[datetime], instants: Iterable[datetime]) -> list[int]:
    found = [0] * (len(edges) - 1)
    for instant in instants:
        if edges[0] <= instant < edges[-1]:
            found[bisect_right(edges, instant) - 1] += 1
    return found


# Cron: by wall hours. Each hour has the same minutes, except where the clocks are changed within it.


def _of_cron(cron: Cron, edges: Sequence[datetime], without: AbstractSet[date]) -> list[int]:
    tz = zone(cron.timezone)
    found = [0] * (len(edges) - 1)
    if edges[0] >= edges[-1]:
        return found
    # One more day: where the clocks are put back, a later wall time may be an earlier instant.
    hours = cron.fields.hours_from(wall_time(edges[0], tz), wall_time(edges[-1], tz) + _DAY, without)
    for day, of_day in groupby(hours, key=lambda hour: hour.date()):
        midnight = datetime.combine(day, time())
        begin = _begin_of_even_day(midnight, tz)
        if begin is None:
            _add(found, _sorted_into(edges, (at for hour in of_day for at in _instants(cron, hour, tz))))
        else:
            _add_day(found, edges, [begin + (hour - midnight) for hour in of_day], cron.fields.minutes)
    return found


def _begin_of_even_day(midnight: datetime, tz: ZoneInfo) -> datetime | None:
    """Returns the first instant of the day, or None if the clocks are changed within it."""
    begin, end = first_instant(midnight, tz), first_instant(midnight + _DAY, tz)
    return begin if begin is not None and end is not None and end - begin == _DAY else None


def _add_day(found: list[int], edges: Sequence[datetime], hours: Sequence[datetime], minutes: Sequence[int]) -> None:
    """Adds the minutes of the hours that begin at these instants: all at once if one interval has the whole day."""
    first, last = hours[0] + minutes[0] * _MINUTE, hours[-1] + minutes[-1] * _MINUTE
    if last < edges[0] or first >= edges[-1]:
        return
    place = bisect_right(edges, first) - 1
    if place >= 0 and last < edges[place + 1]:
        found[place] += len(hours) * len(minutes)
    elif len(hours) > 1:
        for hour in hours:
            _add_day(found, edges, [hour], minutes)
    else:
        _add(found, _sorted_into(edges, (hours[0] + minute * _MINUTE for minute in minutes)))


def _add(found: list[int], more: Sequence[int]) -> None:
    for place, number in enumerate(more):
        found[place] += number


def _instants(cron: Cron, hour: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    for wall in cron.fields.walls_in(hour):
        instant = first_instant(wall, tz)
        if instant is not None:
            yield instant


# Rate: by division, less the occurrences of the excluded days


def _of_rate(rate: Rate, edges: Sequence[datetime], without: AbstractSet[date]) -> list[int]:
    intervals = list(pairwise(edges))
    found = [_between(rate, begin, end, edges[0]) for begin, end in intervals]
    tz = zone(rate.timezone)
    near = (wall_time(edges[0], tz).date(), wall_time(edges[-1], tz).date())
    for day in without:
        if near[0] <= day <= near[1]:
            for since, until in _pieces(day, rate.timezone):
                for place, (begin, end) in enumerate(intervals):
                    found[place] -= _between(rate, max(begin, since), min(end, until), edges[0])
    return found


def _between(rate: Rate, begin: datetime, end: datetime, earliest: datetime) -> int:
    if begin >= end:
        return 0
    start = rate.start_at or earliest + rate.period
    return _before(end, start, rate.period) - _before(begin, start, rate.period)


def _before(instant: datetime, start: datetime, period: timedelta) -> int:
    """Returns how many of `start`, `start + period` … are before `instant`."""
    return max(0, -((start - instant) // period))


def _pieces(day: date, timezone: str) -> Iterator[tuple[datetime, datetime]]:
    """Yields the intervals in which the local date is `day`: two if the clocks are put back over midnight."""
    midnight = datetime.combine(day, time(), UTC)
    since, until = midnight - _DAY, midnight + 2 * _DAY
    changes = (shift.instant for shift in shifts(timezone, since, until))
    for begin, end in pairwise([since, *changes, until]):
        offset = wall_time(begin, zone(timezone)) - begin.replace(tzinfo=None)
        piece = max(begin, midnight - offset), min(end, midnight + _DAY - offset)
        if piece[0] < piece[1]:
            yield piece
