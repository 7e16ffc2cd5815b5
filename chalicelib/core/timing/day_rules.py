"""The days of a month that a cron expression matches: one rule for each form of its two day fields.

Weekdays have AWS's numbers: 1 = SUN … 7 = SAT. A workday is Monday to Friday (AWS: "weekday", the letter W).
`days_in(month)` of each rule returns the days of that month, ascending; empty if the month has no such day.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from functools import lru_cache
from typing import TYPE_CHECKING

from ..frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

SUNDAY, SATURDAY = 1, 7
_WEEKDAYS = tuple(range(SUNDAY, SATURDAY + 1)) * 6


class Month(Frozen):
    """A month for the rules: the weekday of its first day, and its number of days."""

    first_weekday: int
    length: int

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, year: int, month: int) -> Month:
        first_weekday, length = monthrange(year, month)  # calendar counts from 0 = Monday
        return cls((first_weekday + 1) % 7 + 1, length)

    def weekday(self, day: int) -> int:
        return (self.first_weekday + day - 2) % 7 + 1


class DaysOfMonth(Frozen):
    """`1,15`, `1-7`, `*/2`: these days, if the month has them."""

    days: tuple[int, ...]

    def days_in(self, month: Month) -> Sequence[int]:
        return self.days[: bisect_right(self.days, month.length)]


class LastDay(Frozen):
    """`L`: the last day of the month."""

    def days_in(self, month: Month) -> Sequence[int]:
        return [month.length]


class LastWorkday(Frozen):
    """`LW`: the last workday of the month."""

    def days_in(self, month: Month) -> Sequence[int]:
        return NearestWorkday(month.length).days_in(month)


class NearestWorkday(Frozen):
    """`15W`: the workday nearest to that day in the same month; none if the month has no such day."""

    day: int

    def days_in(self, month: Month) -> Sequence[int]:
        if self.day > month.length:
            return []
        return [self.day + self._days_off(month)]

    def _days_off(self, month: Month) -> int:
        weekday = month.weekday(self.day)
        if weekday == SATURDAY:
            return -1 if self.day > 1 else 2
        if weekday == SUNDAY:
            return 1 if self.day < month.length else -2
        return 0


class Weekdays(Frozen):
    """`MON-FRI`: every day that is one of these weekdays."""

    weekdays: tuple[int, ...]

    def days_in(self, month: Month) -> Sequence[int]:
        return _days_of(self.weekdays, month)


@lru_cache(maxsize=1024)
def _days_of(weekdays: tuple[int, ...], month: Month) -> tuple[int, ...]:
    of_days = _WEEKDAYS[month.first_weekday - 1 :][: month.length]
    return tuple(day for day, weekday in enumerate(of_days, 1) if weekday in weekdays)


class NthWeekday(Frozen):
    """`3#2`: the second Tuesday. A fifth weekday is none in a month with four of them."""

    weekday: int
    nth: int

    def days_in(self, month: Month) -> Sequence[int]:
        day = 1 + (self.weekday - month.first_weekday) % 7 + 7 * (self.nth - 1)
        return [day] if day <= month.length else []


class LastOfWeekday(Frozen):
    """`6L`: the last Friday of the month."""

    weekday: int

    def days_in(self, month: Month) -> Sequence[int]:
        return [month.length - (month.weekday(month.length) - self.weekday) % 7]


DayRule = DaysOfMonth | LastDay | LastWorkday | NearestWorkday | Weekdays | NthWeekday | LastOfWeekday
