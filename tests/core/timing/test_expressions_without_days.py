"""Days that are left out: the same occurrences as a look at each one would leave, wherever the clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.timing.expressions import parse
from chalicelib.core.timing.zones import wall_time, zone

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = timedelta(days=1)

# A zone, and a day about which its clocks are changed.
CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2027, 10, 31)),
    ("Africa/Casablanca", date(2027, 2, 7)),
    ("Asia/Beirut", date(2027, 3, 28)),  # 00:00 does not exist
    ("Atlantic/Azores", date(2027, 10, 31)),
    ("America/St_Johns", date(1988, 4, 3)),  # from 00:01 to 02:01
    ("America/St_Johns", date(1988, 10, 30)),  # from 00:01 back to 22:01 of the day before
    ("America/Havana", date(2027, 11, 7)),
    ("Pacific/Apia", date(2011, 12, 30)),  # does not exist
    ("Antarctica/Vostok", date(1994, 1, 31)),  # seven hours back
    ("Australia/Lord_Howe", date(2027, 4, 4)),  # half an hour
]
LEFT_OUT: list[Callable[[date], frozenset[date]]] = [
    lambda day: frozenset({day}),
    lambda day: frozenset({day - DAY}),
    lambda day: frozenset({day - DAY, day}),
    lambda day: frozenset({day - DAY, day + DAY}),
    lambda day: frozenset(day + number * DAY for number in range(-2, 3)),
]


@pytest.mark.parametrize(
    "text",
    [
        "rate(7 minutes)",
        "rate(3 hours)",
        "cron(* * * * ? *)",
        pytest.param("rate(1 minute)", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("left_out", LEFT_OUT)
@pytest.mark.parametrize(("zone_name", "day"), CHANGES)
def test_what_is_left_is_what_a_look_at_each_occurrence_leaves(
    zone_name: str, day: date, left_out: Callable[[date], frozenset[date]], text: str
) -> None:
    days, tz = left_out(day), zone(zone_name)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - 4 * DAY
    expression = parse(text, zone_name, start_at=begin + timedelta(seconds=60), end_at=begin + 8 * DAY)

    found = list(expression.occurrences(begin, without=days))

    assert found == [at for at in expression.occurrences(begin) if wall_time(at, tz).date() not in days]


def test_a_walk_may_begin_within_a_day_that_is_left_out() -> None:
    noon = datetime(2027, 3, 28, 12, tzinfo=UTC)
    days = frozenset({noon.date()})
    following = [
        next(parse(text, "Europe/Berlin").occurrences(noon, without=days))
        for text in ("rate(1 minute)", "cron(* * * * ? *)")
    ]

    assert following == [datetime(2027, 3, 28, 22, tzinfo=UTC)] * 2


def test_one_time_on_a_day_that_is_left_out_never_fires() -> None:
    at = parse("at(2027-03-28T01:00:00)", "America/New_York")

    assert list(at.occurrences(datetime(2027, 1, 1, tzinfo=UTC), without={date(2027, 3, 28)})) == []


def test_an_end_is_kept_behind_the_days_that_are_left_out() -> None:
    begin = datetime(2027, 3, 1, tzinfo=UTC)
    rate = parse("rate(1 hour)", start_at=begin, end_at=begin + 2 * DAY)
    found = list(rate.occurrences(begin, without={begin.date()}))

    assert (found[0], found[-1], len(found)) == (begin + DAY, begin + 2 * DAY, 25)
