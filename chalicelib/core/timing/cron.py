"""Parses the six fields of AWS's `cron(minutes hours day-of-month month day-of-week year)` strictly.

Source: EventBridge Scheduler User Guide, "Schedule types". docs/emulation.md lists decisions where AWS is silent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ..frozen import Frozen
from .day_rules import (
    SATURDAY,
    DayRule,
    DaysOfMonth,
    LastDay,
    LastOfWeekday,
    LastWorkday,
    Month,
    NearestWorkday,
    NthWeekday,
    Weekdays,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

_T = TypeVar("_T")
_MIDNIGHT = time()
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


class InvalidExpression(ValueError):
    """A schedule expression that AWS, or a strict reading of its documentation, refuses.

    `field` is the invalid part, `value` its text, and `allowed` the allowed values.
    """

    def __init__(self, field: str, value: str, allowed: str) -> None:
        super().__init__(field, value, allowed)
        self.field = field
        self.value = value
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.field}: {self.value!r} is not allowed; allowed: {self.allowed}"


class Field(Frozen):
    """One of the six fields: its numbers from `low` to `high`, their names if there are any, and its wildcards.

    Methods raise ValueError with the allowed values as message.
    """

    name: str
    low: int
    high: int
    wildcards: str
    names: tuple[str, ...] = ()
    wraps: bool = True  # a range may continue after the end: hours 20-2, weekdays FRI-MON

    @property
    def allowed(self) -> str:
        names = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.low}-{self.high}{names} with {self.wildcards}"

    @cached_property
    def every(self) -> tuple[int, ...]:
        """All numbers of the field: one tuple, so that stored expressions share it."""
        return tuple(range(self.low, self.high + 1))

    @cached_property
    def _number_of(self) -> dict[str, int]:
        """The number of each text for one: its digits, with or without leading zeros, or its name."""
        widths = range(1, len(str(self.high)) + 1)
        digits = {str(number).zfill(width): number for number in self.every for width in widths}
        return digits | dict(zip(self.names, self.every, strict=False))

    def numbers(self, text: str) -> tuple[int, ...]:
        """Returns the numbers of `text`, such as `5`, `8-17`, `0/15`, `1,15` or `*`, ascending."""
        if text == "*":
            return self.every
        if text in self._number_of:
            return (self._number_of[text],)
        items = text.split(",")
        if "*" in text and len(items) > 1:
            raise ValueError("* alone, or a list without it")
        numbers: set[int] = set()
        return tuple(sorted(numbers.union(*map(self._item, items))))

    def number(self, text: str) -> int:
        """Returns the number of `text`, which is a number or a name."""
        if text not in self._number_of:
            raise ValueError(self.allowed)
        return self._number_of[text]

    def _item(self, item: str) -> Sequence[int]:
        span, slash, step = item.partition("/")
        if not slash:
            return self._span(span)
        if "/" not in self.wildcards:
            raise ValueError(self.allowed)
        is_start = "-" not in span and span != "*"
        numbers = range(self.number(span), self.high + 1) if is_start else self._span(span)
        return numbers[:: self._step(step)]

    def _span(self, span: str) -> Sequence[int]:
        if span == "*":
            return self.every
        first, dash, last = span.partition("-")
        if not dash:
            return [self.number(first)]
        if (first in self.names) != (last in self.names):
            raise ValueError("a range of two numbers or of two names")
        return self._range(self.number(first), self.number(last))

    def _range(self, first: int, last: int) -> Sequence[int]:
        if first <= last:
            return range(first, last + 1)
        if not self.wraps:
            raise ValueError("a range that begins with the lower number")
        return [*range(first, self.high + 1), *range(self.low, last + 1)]

    def _step(self, text: str) -> int:
        # Quartz, which has a similar syntax, refuses a step beyond the field's highest value.
        longest = min(self.high, self.high - self.low + 1)
        # isdigit() alone accepts digits that int() cannot read.
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(longest))
        if not is_number or not 1 <= int(text) <= longest:
            raise ValueError(f"a step of 1 to {longest}")
        return int(text)


MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

MINUTES = Field("minutes", 0, 59, ", - * /")
HOURS = Field("hours", 0, 23, ", - * /")
DAY_OF_MONTH = Field("day-of-month", 1, 31, ", - * ? / L W")
MONTH = Field("month", 1, 12, ", - * /", MONTH_NAMES)
DAY_OF_WEEK = Field("day-of-week", 1, 7, ", - * ? L #", WEEKDAY_NAMES)
YEAR = Field("year", 1970, 2199, ", - * /", wraps=False)
_FIELDS = (MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR)
SIX_FIELDS = "six fields with one blank between them: " + " ".join(field.name for field in _FIELDS)


class CronFields(Frozen):
    """The parsed fields. All times are wall times, without a zone."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DayRule
    months: tuple[int, ...]
    years: tuple[int, ...]

    def walls(self, start: datetime, until: datetime) -> Iterator[datetime]:
        """Yields each matching wall minute from `start` up to, not including, `until`, naive, ascending."""
        for hour in self.hours_from(start, until):
            for wall in self.walls_in(hour):
                if start <= wall < until:
                    yield wall

    def walls_in(self, hour: datetime) -> Iterator[datetime]:
        """Yields the matching minutes of a wall hour, ascending."""
        return (hour + minute * _MINUTE for minute in self.minutes)

    def next_wall(self, after: datetime) -> datetime | None:
        """Returns the first matching wall minute after `after` (naive), or None, without an iterator."""
        day, clock = after.date(), self._next_time(after)
        found = self._day_from(day if clock is not None else day + _DAY)
        if found is None:
            return None
        if clock is None or found != day:
            clock = time(self.hours[0], self.minutes[0])
        return datetime.combine(found, clock)

    def _next_time(self, after: datetime) -> time | None:
        """Returns the first matching time after that of `after` on a day, or None."""
        place = bisect_right(self.minutes, after.minute)
        if place < len(self.minutes) and after.hour in self.hours:
            return time(after.hour, self.minutes[place])
        place = bisect_right(self.hours, after.hour)
        return time(self.hours[place], self.minutes[0]) if place < len(self.hours) else None

    def _day_from(self, start: date) -> date | None:
        """Returns the first matching day from `start` on, or None."""
        for year in self.years[bisect_left(self.years, start.year) :]:
            for month in self.months:
                if year == start.year and month < start.month:
                    continue
                days = self.days.days_in(Month.of(year, month))
                place = bisect_left(days, start.day) if (year, month) == (start.year, start.month) else 0
                if place < len(days):
                    return date(year, month, days[place])
        return None

    def hours_from(
        self, start: datetime, until: datetime, without: Container[date] = frozenset()
    ) -> Iterator[datetime]:
        """Yields each wall hour with matching minutes that ends after `start`, naive, ascending.

        The search ends at `until` (naive). The days `without` are left out.
        """
        for day in self._days_from(start, until):
            if day.date() in without:
                continue
            first = start.hour if day <= start else 0
            for hour in self.hours[bisect_left(self.hours, first) :]:
                yield day + hour * _HOUR

    def _days_from(self, start: datetime, until: datetime) -> Iterator[datetime]:
        for year, month in self._months_from(start):
            if (year, month) > (until.year, until.month):
                return
            days = self.days.days_in(Month.of(year, month))
            first = start.day if (year, month) == (start.year, start.month) else 1
            for day in days[bisect_left(days, first) :]:
                midnight = datetime.combine(date(year, month, day), _MIDNIGHT)
                if midnight > until:
                    return
                yield midnight

    def _months_from(self, start: datetime) -> Iterator[tuple[int, int]]:
        for year in self.years[bisect_left(self.years, start.year) :]:
            first = start.month if year == start.year else 1
            for month in self.months[bisect_left(self.months, first) :]:
                yield year, month


def parse_fields(text: str) -> CronFields:
    """Parses the text between the brackets of `cron(…)`. Raises InvalidExpression if it is not valid."""
    parts = text.split(" ")
    if len(parts) != len(_FIELDS):
        raise InvalidExpression("cron", text, SIX_FIELDS)
    minutes, hours, day_of_month, month, day_of_week, year = parts
    return CronFields(
        _read(MINUTES, minutes, MINUTES.numbers),
        _read(HOURS, hours, HOURS.numbers),
        _day_rule(day_of_month, day_of_week),
        _read(MONTH, month, MONTH.numbers),
        _read(YEAR, year, YEAR.numbers),
    )


def _read(field: Field, text: str, reader: Callable[[str], _T]) -> _T:
    try:
        return reader(text)
    except ValueError as exc:
        raise InvalidExpression(field.name, text, str(exc)) from exc


def _day_rule(day_of_month: str, day_of_week: str) -> DayRule:
    if (day_of_month == "?") == (day_of_week == "?"):
        fields = f"{DAY_OF_MONTH.name} and {DAY_OF_WEEK.name}"
        raise InvalidExpression(fields, f"{day_of_month} {day_of_week}", "? in exactly one of the two")
    if day_of_week == "?":
        return _read(DAY_OF_MONTH, day_of_month, _month_day_rule)
    return _read(DAY_OF_WEEK, day_of_week, _weekday_rule)


def _month_day_rule(text: str) -> DayRule:
    if text == "L":
        return LastDay()
    if text == "LW":
        return LastWorkday()
    if text.endswith("W"):
        return NearestWorkday(DAY_OF_MONTH.number(text.removesuffix("W")))
    if "L" in text:
        raise ValueError("L or LW alone")
    return DaysOfMonth(DAY_OF_MONTH.numbers(text))


def _weekday_rule(text: str) -> DayRule:
    weekday, hash_sign, nth = text.partition("#")
    if hash_sign:
        if nth not in {"1", "2", "3", "4", "5"}:
            raise ValueError("one weekday, # and 1-5: 3#2 is the second Tuesday")
        return NthWeekday(DAY_OF_WEEK.number(weekday), int(nth))
    if text == "L":
        return Weekdays((SATURDAY,))
    if text.endswith("L"):
        return LastOfWeekday(DAY_OF_WEEK.number(text.removesuffix("L")))
    return Weekdays(DAY_OF_WEEK.numbers(text))
