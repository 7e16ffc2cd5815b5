"""Describes expressions in English, by their meaning and not by their spelling: `2,3,4,5,6` is Monday to Friday."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ..core.timing.cron import DAY_OF_MONTH, DAY_OF_WEEK, HOURS, MINUTES, MONTH, YEAR, CronFields, Field
from ..core.timing.day_rules import (
    DayRule,
    DaysOfMonth,
    LastDay,
    LastOfWeekday,
    LastWorkday,
    NearestWorkday,
    NthWeekday,
    Weekdays,
)
from ..core.timing.expressions import At, Cron, Rate, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, timedelta

    from ..core.model.schedule import Timing
    from ..core.timing.expressions import Expression

_MAX_LISTED_TIMES = 8
_MAX_LISTED_RUNS = 3
_MAX_LISTED_STEPS = 5
_MIN_SPAN = 3  # "1 and 2", but "1 to 3"
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def describe(expression: Expression) -> str:
    """Returns the expression as a sentence, such as `At 09:00 on Monday to Friday, Europe/Berlin`."""
    if isinstance(expression, At):
        return f"{once(expression.wall)}, {expression.timezone}"
    if isinstance(expression, Rate):
        return every(expression.period) + _start_and_end(expression)
    assert isinstance(expression, Cron)  # noqa: S101 - there are three kinds
    return f"{calendar(expression.fields)}, {expression.timezone}{_start_and_end(expression)}"


def describe_stored(timing: Timing) -> str:
    """Returns the sentence of a stored timing, as `describe` does.

    A cron expression that was described before is not parsed again: pages of a user's schedules are read often.
    """
    if timing.kind != "cron":
        return describe(timing.parsed)
    return f"{_calendar_of(timing.expression)}, {timing.timezone}{_start_and_end(timing)}"


@lru_cache(maxsize=1024)
def _calendar_of(expression: str) -> str:
    parsed = parse(expression)
    assert isinstance(parsed, Cron)  # noqa: S101 - its text begins with `cron(`
    return calendar(parsed.fields)


def _start_and_end(expression: Expression | Timing) -> str:
    start = f", from {instant(expression.start_at)}" if expression.start_at else ""
    end = f", until {instant(expression.end_at)}" if expression.end_at else ""
    return start + end


def once(wall: datetime) -> str:
    """Returns a text such as `Once at 09:00 on Monday 2027-03-01`."""
    return f"Once at {clock(wall)} on {_WEEKDAYS[wall.isoweekday() % 7]} {wall.date().isoformat()}"


def every(period: timedelta) -> str:
    """Returns a text such as `Every 15 minutes`. Days are given as 24 hours: a rate does not follow clock changes."""
    minutes = int(period.total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    if days and not rest:
        return "Every 24 hours" if days == 1 else f"Every {days} days of 24 hours"
    if minutes % 60 == 0:
        return _every(minutes // 60, "hour")
    return _every(minutes, "minute")


def calendar(fields: CronFields) -> str:
    """Returns a text such as `At 09:00 on Monday to Friday in June of 2027`."""
    times = _times(fields.hours, fields.minutes)
    days = _days(fields.days) or ("every day" if times.startswith("At") else "")
    return " ".join(part for part in (times, days, _months_and_years(fields)) if part)


def clock(wall: datetime) -> str:
    """Returns `09:00`, or `09:00:30` if there are seconds."""
    return wall.strftime("%H:%M:%S" if wall.second else "%H:%M")


def instant(moment: datetime) -> str:
    """Returns `2027-03-01 09:00 UTC` for an aware UTC datetime."""
    return f"{moment.date().isoformat()} {clock(moment)} UTC"


def _every(number: int, unit: str) -> str:
    return f"Every {unit}" if number == 1 else f"Every {number} {unit}s"


def _times(hours: Sequence[int], minutes: Sequence[int]) -> str:
    if len(hours) * len(minutes) <= _MAX_LISTED_TIMES:
        return "At " + _joined(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)
    hour_step = _step(hours, HOURS)
    if len(minutes) == 1 and hour_step:
        return f"{_every(hour_step, 'hour')} from {hours[0]:02}:{minutes[0]:02}"
    return _minutes(minutes) + _hours(hours)


def _minutes(minutes: Sequence[int]) -> str:
    step = _step(minutes, MINUTES)
    if step is None:
        return f"At {_numbered('minute', minutes, MINUTES)} of the hour"
    return _every(step, "minute") + (f" from minute {minutes[0]}" if minutes[0] else "")


def _hours(hours: Sequence[int]) -> str:
    if _is_all(hours, HOURS):
        return ""
    runs = _runs(hours, HOURS)
    if len(runs) > _MAX_LISTED_RUNS:
        return f", in the hours {_listed(hours, HOURS)}"
    return ", " + _joined(f"{run[0]:02}:00 to {run[-1]:02}:59" for run in runs)


def _days(rule: DayRule) -> str:
    match rule:
        case DaysOfMonth(days):
            words = "" if _is_all(days, DAY_OF_MONTH) else f"on {_numbered('day', days, DAY_OF_MONTH)} of the month"
        case LastDay():
            words = "on the last day of the month"
        case LastWorkday():
            words = "on the last workday (Monday to Friday) of the month"
        case NearestWorkday(day):
            words = f"on the workday (Monday to Friday) nearest day {day} of the month"
        case NthWeekday(weekday, nth):
            words = f"on the {_ORDINALS[nth - 1]} {_weekday(weekday)} of the month"
        case LastOfWeekday(weekday):
            words = f"on the last {_weekday(weekday)} of the month"
        case Weekdays(weekdays):
            words = "" if _is_all(weekdays, DAY_OF_WEEK) else f"on {_listed(weekdays, DAY_OF_WEEK, _weekday)}"
    return words


def _months_and_years(fields: CronFields) -> str:
    months = "" if _is_all(fields.months, MONTH) else _listed(fields.months, MONTH, lambda month: _MONTHS[month - 1])
    years = "" if _is_all(fields.years, YEAR) else _listed(fields.years, YEAR)
    return "in " + " of ".join(part for part in (months, years) if part) if months or years else ""


def _weekday(number: int) -> str:
    return _WEEKDAYS[number - 1]


def _is_all(numbers: Sequence[int], field: Field) -> bool:
    return len(numbers) == field.high - field.low + 1


def _step(numbers: Sequence[int], field: Field) -> int | None:
    """Returns the distance of numbers that divide the field evenly, such as 0, 15, 30, 45; else None."""
    size = field.high - field.low + 1
    step, rest = divmod(size, len(numbers))
    even = rest == 0 and len(numbers) > 1 and all(after - before == step for before, after in pairwise(numbers))
    return step if even else None


def _numbered(noun: str, numbers: Sequence[int], field: Field) -> str:
    return f"{noun}{'s' if len(numbers) > 1 else ''} {_listed(numbers, field)}"


def _listed(numbers: Sequence[int], field: Field, word: Callable[[int], str] = str) -> str:
    """Returns a text such as `1, 8 and 15`, `Monday to Friday and Sunday` or `1, 3, 5, ..., 31`."""
    if _is_long_progression(numbers):
        return ", ".join([*map(word, numbers[:3]), "...", word(numbers[-1])])
    return _joined(part for run in _runs(numbers, field) for part in _run(run, word))


def _is_long_progression(numbers: Sequence[int]) -> bool:
    steps = {after - before for before, after in pairwise(numbers)}
    return len(numbers) > _MAX_LISTED_STEPS and len(steps) == 1 and steps != {1}


def _runs(numbers: Sequence[int], field: Field) -> list[list[int]]:
    """Returns the groups of consecutive numbers. Only weekdays wrap around: the hours 20-2 are two groups."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    if field is DAY_OF_WEEK and len(runs) > 1 and runs[0][0] == field.low and runs[-1][-1] == field.high:
        runs[0] = runs.pop() + runs[0]
    return runs


def _run(run: list[int], word: Callable[[int], str]) -> list[str]:
    return [word(number) for number in run] if len(run) < _MIN_SPAN else [f"{word(run[0])} to {word(run[-1])}"]


def _joined(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
