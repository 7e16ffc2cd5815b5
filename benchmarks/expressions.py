"""Measures how long it takes to parse an expression and to find its first occurrence.

Run `python -m benchmarks.expressions`. The target for the first occurrence is well under a millisecond for ordinary
expressions, and less than 5 ms for the worst.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from chalicelib.core.timing.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 201

# Each row has a description, an expression, a zone and the instant to begin after.
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


def main() -> None:
    for title, rows in (("ordinary", ORDINARY), ("worst", WORST)):
        print(f"{title:<40}{'parse':>12}{'first':>12}   (medians of {ROUNDS}, in microseconds)")
        for name, text, zone_name, after in rows:
            report(name, text, zone_name, datetime.fromisoformat(after))
    print(f"{'a thousand in a row, weekdays at nine':<40}{'':>12}{a_thousand():>12.0f}")


def report(name: str, text: str, zone_name: str, after: datetime) -> None:
    expression = parse(text, zone_name)
    parsing = microseconds(lambda: parse(text, zone_name))
    first = microseconds(lambda: next(expression.occurrences(after), None))
    print(f"  {name:<38}{parsing:>12.1f}{first:>12.1f}")


def a_thousand() -> float:
    expression = parse("cron(0 9 ? * MON-FRI *)", "Europe/Berlin")
    after = datetime.fromisoformat("2027-03-01T00:00:00Z")
    return microseconds(lambda: list(islice(expression.occurrences(after), 1000)))


def microseconds(work: Callable[[], object]) -> float:
    return median(timed(work) for _ in range(ROUNDS)) * 1e6


def timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


if __name__ == "__main__":
    main()
