"""A five-field Unix cron, said in AWS's six fields: for the hint in an error, never for running it."""

from __future__ import annotations

from .cron import DAY_OF_WEEK, InvalidExpression, parse_fields

_WEEK = 7


def suggest_six_fields(text: str) -> str | None:
    """The six fields that the author of a five-field Unix cron probably meant: `0 9 * * 1-5` -> `0 9 ? * 2-6 *`.

    None if `text` is no such cron, or if AWS cannot say it in one expression: when both are given, Unix runs on the day
    of the month *or* the day of the week.
    """
    try:
        minutes, hours, day_of_month, month, weekday = text.split()
        six = " ".join([minutes, hours, *_day_fields(day_of_month, month.upper(), weekday.upper()), "*"])
        parse_fields(six)
    except ValueError:
        return None
    return six


def _day_fields(day_of_month: str, month: str, weekday: str) -> tuple[str, str, str]:
    aws_weekday = _aws_weekdays(weekday)
    if aws_weekday == "*":
        return day_of_month, month, "?"
    if day_of_month == "*":
        return "?", month, aws_weekday
    raise InvalidExpression("day-of-month and day-of-week", f"{day_of_month} {weekday}", "* in one of the two")


def _aws_weekdays(text: str) -> str:
    """`1-5` -> `2-6`. AWS has no steps in this field, so `1-5/2` becomes the list `2,4,6`."""
    return ",".join(_aws_item(item) for item in text.split(","))


def _aws_item(item: str) -> str:
    span, slash, step = item.partition("/")
    if span == "*" and not slash:
        return "*"
    first, dash, last = ("0", "-", "6") if span == "*" else span.partition("-")
    if slash:
        return ",".join(str(day % _WEEK + 1) for day in range(_unix_day(first), _unix_day(last) + 1, int(step)))
    if dash and _unix_day(last) - _unix_day(first) >= _WEEK - 1:
        return "*"
    return f"{_aws_day(first)}{dash}{_aws_day(last) if dash else ''}"


def _aws_day(day: str) -> str:
    return day if day in DAY_OF_WEEK.names else str(_unix_day(day) % _WEEK + 1)


def _unix_day(day: str) -> int:
    """0 to 7, Sunday is both. Raises ValueError."""
    if day in DAY_OF_WEEK.names:
        return DAY_OF_WEEK.names.index(day)
    return range(_WEEK + 1).index(int(day))
