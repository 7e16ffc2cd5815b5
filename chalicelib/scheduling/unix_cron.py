"""A five-field Unix cron, said in AWS's six fields: for the hint in an error, never for running it."""

from __future__ import annotations

from ..core.timing.cron import DAY_OF_WEEK, parse_fields

_WEEK = 7


def suggest_six_fields(text: str) -> str | None:
    """The six fields that the author of a five-field Unix cron probably meant: `0 9 * * 1-5` -> `0 9 ? * 2-6 *`.

    None if `text` is no such cron, or if AWS cannot say it in one expression: when both are given, Unix runs on the day
    of the month *or* the day of the week.
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
    """`1-5` -> `2-6`. AWS has no steps among weekdays, so `1-5/2` becomes `2,4,6`; all seven days become `*`."""
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
    """0 to 7, where both are Sunday. Raises ValueError."""
    if day in DAY_OF_WEEK.names:
        return DAY_OF_WEEK.names.index(day)
    return range(_WEEK + 1).index(int(day))
