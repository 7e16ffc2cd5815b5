"""Translates five-field Unix cron into AWS's six fields, only for the hint in an error."""

from __future__ import annotations

from ..core.timing.cron import DAY_OF_WEEK, parse_fields

_WEEK = 7


def suggest_six_fields(text: str) -> str | None:
    """Returns the six fields with the meaning of a five-field Unix cron: `0 9 * * 1-5` -> `0 9 ? * 2-6 *`.

    Returns None if `text` is not such a cron, or if AWS has no single expression for it: Unix cron with both a day of
    the month and a day of the week runs on either of them.
    """
    try:
        minutes, hours, day_of_month, month, weekday = text.upper().split()
        days = _day_fields(day_of_month, _aws_weekdays(weekday))
        six = f"{minutes} {hours} {days[0]} {month} {days[1]} *"
        parse_fields(six)
    except ValueError:
        return None
    return six


def _day_fields(day_of_month: str, day_of_week: str) -> tuple[str, str]:
    if day_of_week == "*":
        return day_of_month, "?"
    return "?" if day_of_month == "*" else day_of_month, day_of_week


def _aws_weekdays(text: str) -> str:
    items = [_aws_item(item) for item in text.split(",")]
    return "*" if "*" in items else ",".join(items)


def _aws_item(item: str) -> str:
    """Translates one item: `1-5` -> `2-6`. AWS has no steps for weekdays: `1-5/2` becomes `2,4,6`, all days `*`."""
    span, slash, step = item.partition("/")
    first, dash, last = ("0", "-", "6") if span == "*" else span.partition("-")
    if slash:
        return ",".join(str(day % _WEEK + 1) for day in range(_unix_day(first), _unix_day(last) + 1, int(step)))
    if not dash:
        return _aws_day(first)
    if _unix_day(last) - _unix_day(first) >= _WEEK - 1:
        return "*"
    return f"{_aws_day(first)}-{_aws_day(last)}"


def _aws_day(day: str) -> str:
    return day if day in DAY_OF_WEEK.names else str(_unix_day(day) % _WEEK + 1)


def _unix_day(day: str) -> int:
    """Returns the day's number, 0 to 7; 0 and 7 are Sunday. Raises ValueError if it is not a day."""
    if day in DAY_OF_WEEK.names:
        return DAY_OF_WEEK.names.index(day)
    return range(_WEEK + 1).index(int(day))
