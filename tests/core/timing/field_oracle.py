"""What the six fields of a cron expression mean, found the slow way: is this minute meant?

It asks of each number whether a field's text allows it, and finds special days by looking at the calendar around them.
It knows neither zones nor the product: whoever uses it brings the wall time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache, lru_cache

_DAY = timedelta(days=1)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def fits(fields: str, wall: datetime) -> bool:
    """Does that wall minute match all six fields?"""
    minutes, hours, day_of_month, month, day_of_week, year = fields.split()
    return (
        _allows(minutes, wall.minute, 0, 59)
        and _allows(hours, wall.hour, 0, 23)
        and is_day(day_of_month, month, day_of_week, year, wall.date())
    )


@lru_cache(maxsize=100_000)
def is_day(day_of_month: str, month: str, day_of_week: str, year: str, day: date) -> bool:
    """Does that date match the four fields that speak of dates?"""
    if not _allows(month, day.month, 1, 12) or not _allows(year, day.year, 1970, 2199):
        return False
    return _is_weekday(day_of_week, day) if day_of_month == "?" else _is_day_of_month(day_of_month, day)


@cache
def _allows(field: str, number: int, low: int, high: int) -> bool:
    return any(_item_allows(item, number, low, high) for item in field.split(","))


def _item_allows(item: str, number: int, low: int, high: int) -> bool:
    """Go round the field from the first number to the last, and count."""
    span, _, step = item.partition("/")
    if span == "*":
        first, last = low, high
    elif "-" in span:
        first, last = (_number(end) for end in span.split("-"))
    else:
        first, last = _number(span), high if step else _number(span)
    here, count = first, 0
    while here != number:
        if here == last:
            return False
        here, count = low if here == high else here + 1, count + 1
    return count % int(step or 1) == 0


def _number(text: str) -> int:
    for names in (_MONTHS, _WEEKDAYS):
        if text in names:
            return names.index(text) + 1
    return int(text)


def _is_day_of_month(field: str, day: date) -> bool:
    if field == "L":
        return (day + _DAY).month != day.month
    if field == "LW":
        return day == _workdays(day)[-1]
    if field.endswith("W"):
        return _exists(int(field[:-1]), day) and day == min(_workdays(day), key=lambda other: _distance(other, field))
    return _allows(field, day.day, 1, 31)


def _is_weekday(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    if field == "L":
        return number == _number("SAT")
    if field.endswith("L"):
        return number == _number(field[:-1]) and (day + 7 * _DAY).month != day.month
    if "#" in field:
        name, nth = field.split("#")
        earlier = [week for week in range(1, 5) if (day - week * 7 * _DAY).month == day.month]
        return number == _number(name) and int(nth) == len(earlier) + 1
    return _allows(field, number, 1, 7)


def _workdays(day: date) -> list[date]:
    days = (day.replace(day=1) + offset * _DAY for offset in range(31))
    return [other for other in days if other.month == day.month and other.isoweekday() not in {6, 7}]


def _exists(number: int, day: date) -> bool:
    return (day.replace(day=1) + (number - 1) * _DAY).month == day.month


def _distance(day: date, field: str) -> int:
    return abs(day.day - int(field[:-1]))
