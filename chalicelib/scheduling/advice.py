"""Warnings about an expression, such as wall times that do not exist. Pure calculation, for previews."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..core.timing.day_rules import SATURDAY, SUNDAY, Month
from ..core.timing.expressions import At, Cron, Expression, Rate
from ..core.timing.zones import is_ambiguous, shifts, wall_time, zone
from .english import clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ..core.timing.cron import CronFields
    from ..core.timing.zones import Shift

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_YEAR = timedelta(days=366)
_COMMON_YEAR = 2027


def warnings(expression: Expression, after: datetime, horizon: timedelta = _YEAR) -> list[str]:
    """Returns warnings about occurrences after `after` (aware), the most important first; an empty list if none apply.

    Clock changes are searched up to `horizon` after `after`, by default a year.
    """
    first = next(expression.occurrences(after), None)
    if first is None:
        return ["never fires again"]
    if isinstance(expression, At):
        return list(_of_wall_time(expression, first))
    coming = list(shifts(expression.timezone, *_window(expression, after, horizon)))
    if isinstance(expression, Rate):
        return list(_of_drift(expression, coming))
    if isinstance(expression, Cron):
        return [*_of_leap_years(expression.fields), *_of_shifts(expression, coming)]
    return []


def _window(expression: Expression, after: datetime, horizon: timedelta) -> tuple[datetime, datetime]:
    until = after + horizon
    return max(after, expression.start_at or after), min(until, expression.end_at or until)


def _of_wall_time(at: At, instant: datetime) -> Iterator[str]:
    place = f"on {at.wall.date().isoformat()} in {at.timezone}"
    shown = wall_time(instant, zone(at.timezone))
    if shown != at.wall:
        yield f"{clock(at.wall)} does not exist {place}: runs at {clock(shown)}"
    elif is_ambiguous(at.wall, at.timezone):
        yield f"{clock(at.wall)} happens twice {place}: runs once, at the first"


def _of_drift(rate: Rate, coming: list[Shift]) -> Iterator[str]:
    keeps_wall_times = rate.period % _DAY == timedelta() or _DAY % rate.period == timedelta()
    drifts = [shift.size for shift in coming if shift.size % rate.period]
    if keeps_wall_times and drifts:
        size = "an hour" if drifts[0] == _HOUR else f"{drifts[0] // timedelta(minutes=1)} minutes"
        yield f"drifts by {size} over daylight saving: use cron for a wall time"


def _of_leap_years(fields: CronFields) -> Iterator[str]:
    common = [
        Month(first_weekday, Month.of(_COMMON_YEAR, month).length)
        for month in fields.months
        for first_weekday in range(SUNDAY, SATURDAY + 1)
    ]
    if not any(fields.days.days_in(month) for month in common):
        yield "fires only in leap years"


def _of_shifts(cron: Cron, coming: list[Shift]) -> Iterator[str]:
    for shift in coming:
        walls = _walls_within(shift, cron.fields)
        if walls:
            yield _of_shift(shift, walls, cron.timezone)


def _walls_within(shift: Shift, fields: CronFields) -> list[datetime]:
    return list(fields.walls(shift.start, shift.end))


def _of_shift(shift: Shift, walls: list[datetime], timezone: str) -> str:
    one = len(walls) == 1
    times = clock(walls[0]) if one else f"{clock(walls[0])} to {clock(walls[-1])}"
    place = f"on {walls[0].date().isoformat()} in {timezone}"
    if shift.is_gap:
        return f"{times} {'does' if one else 'do'} not exist {place}: skipped"
    return f"{times} {'happens' if one else 'happen'} twice {place}: runs once, at the first"
