"""The search for the first occurrence is bounded. Its calls are counted: a clock would measure the machine too."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.timing.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Callable

ORDINARY = [
    ("one time", "at(2027-06-01T09:00:00)", "Europe/Berlin", "2027-03-01T00:00:00Z"),
    ("every 15 minutes, elapsed", "rate(15 minutes)", "UTC", "2027-03-01T00:00:00Z"),
    ("weekdays at nine", "cron(0 9 ? * MON-FRI *)", "Europe/Berlin", "2027-03-01T00:00:00Z"),
    ("every quarter of an hour", "cron(0/15 * * * ? *)", "Europe/Berlin", "2027-03-01T00:00:00Z"),
    ("every minute, at midnight", "cron(* * * * ? *)", "Europe/Berlin", "2027-03-01T22:59:00Z"),
    ("last Friday of the month", "cron(15 10 ? * 6L *)", "America/New_York", "2027-03-01T00:00:00Z"),
]
WORST = [
    ("no such date in 5 months of 173 years", "cron(0 0 31 2,4,6,9,11 ? *)", "UTC", "2027-03-01T00:00:00Z"),
    ("only in the gap of each spring", "cron(* 2 ? 3 1L *)", "Europe/Berlin", "2027-03-01T00:00:00Z"),
    ("a fifth Monday in February, past 2100", "cron(59 23 ? 2 2#5 *)", "UTC", "2072-03-01T00:00:00Z"),
    ("the last minute of the last year", "cron(59 23 31 12 ? 2199)", "Pacific/Apia", "1970-01-01T00:00:00Z"),
    ("over a day that does not exist", "cron(* * * * ? *)", "Pacific/Apia", "2011-12-30T09:59:00Z"),
    ("from within a repeated hour", "cron(* * * * ? *)", "Europe/Berlin", "2027-10-31T01:00:00Z"),
    ("within seven repeated hours", "cron(* * * * ? *)", "Antarctica/Vostok", "1994-01-31T17:00:00Z"),
]
BOUNDED = [*((row, 250) for row in ORDINARY), *((row, 15_000) for row in WORST)]


def calls_of(work: Callable[[], object]) -> int:
    """The calls of functions that `work` makes, those of Python's own included."""
    calls = 0

    def count(_frame: object, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(("row", "most"), BOUNDED, ids=[row[0] for row, _ in BOUNDED])
def test_the_first_occurrence_is_found_in_a_bounded_number_of_calls(row: tuple[str, ...], most: int) -> None:
    _, text, zone_name, after = row
    expression, moment = parse(text, zone_name), datetime.fromisoformat(after)

    assert calls_of(lambda: expression.next_occurrence(moment)) < most
