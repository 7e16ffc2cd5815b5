"""Counting occurrences: equal to listing them, and cheap where there are many."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.timing.expressions import parse
from chalicelib.scheduling.lists.counting import counts

if TYPE_CHECKING:
    from chalicelib.core.timing.expressions import Expression

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def listed(expression: Expression, edges: list[datetime], without: frozenset[date]) -> list[int]:
    """The oracle: each occurrence, one by one."""
    found = [0] * (len(edges) - 1)
    for instant in expression.occurrences(edges[0] - timedelta(microseconds=1), without=without):
        if instant >= edges[-1]:
            break
        for place in range(len(found)):
            found[place] += edges[place] <= instant < edges[place + 1]
    return found


# The table of cases: (expression, zone, edges as UTC, days left out, counts)

CASES = [
    # Edges: the first belongs to its interval, the last does not.
    ("cron(0 * * * ? *)", "UTC", ["2027-03-01T00:00Z", "2027-03-01T02:00Z", "2027-03-01T03:00Z"], [], [2, 1]),
    ("rate(1 hour)", "UTC", ["2027-03-01T00:00Z", "2027-03-01T02:00Z", "2027-03-01T03:00Z"], [], [2, 1]),
    ("at(2027-03-01T02:00:00)", "UTC", ["2027-03-01T00:00Z", "2027-03-01T02:00Z", "2027-03-01T03:00Z"], [], [0, 1]),
    # An interval within an hour.
    ("cron(0/10 * * * ? *)", "UTC", ["2027-03-01T00:05Z", "2027-03-01T00:25Z", "2027-03-01T01:00Z"], [], [2, 3]),
    # Berlin, 28 March 2027: 02:00-03:00 does not exist.
    (
        "cron(30 2 * * ? *)",
        "Europe/Berlin",
        ["2027-03-27T00:00Z", "2027-03-28T00:00Z", "2027-03-29T00:00Z"],
        [],
        [1, 0],
    ),
    ("cron(* * * * ? *)", "Europe/Berlin", ["2027-03-27T23:00Z", "2027-03-28T22:00Z"], [], [23 * 60]),
    ("rate(1 minute)", "Europe/Berlin", ["2027-03-27T23:00Z", "2027-03-28T22:00Z"], [], [23 * 60]),
    # Berlin, 31 October 2027: 02:00-03:00 exists twice; a cron fires at the first, a rate at both.
    (
        "cron(30 2 * * ? *)",
        "Europe/Berlin",
        ["2027-10-31T00:00Z", "2027-10-31T01:00Z", "2027-10-31T02:00Z"],
        [],
        [1, 0],
    ),
    ("cron(* * * * ? *)", "Europe/Berlin", ["2027-10-30T22:00Z", "2027-10-31T23:00Z"], [], [24 * 60]),
    ("rate(1 minute)", "Europe/Berlin", ["2027-10-30T22:00Z", "2027-10-31T23:00Z"], [], [25 * 60]),
    # The window begins within the second of the two hours.
    ("cron(* 2 * * ? *)", "Europe/Berlin", ["2027-10-31T01:30Z", "2027-10-31T03:00Z"], [], [0]),
    # Lord Howe changes its clocks by half an hour: 02:00-02:30 does not exist on 3 October 2027.
    ("cron(* 2 * * ? *)", "Australia/Lord_Howe", ["2027-10-02T14:00Z", "2027-10-02T18:00Z"], [], [30]),
    # Days that are left out, and one that has 23 hours.
    ("cron(0 * * * ? *)", "Europe/Berlin", ["2027-03-26T23:00Z", "2027-03-29T22:00Z"], ["2027-03-28"], [24 + 24]),
    ("rate(1 hour)", "Europe/Berlin", ["2027-03-26T23:00Z", "2027-03-29T22:00Z"], ["2027-03-28"], [24 + 24]),
    ("at(2027-03-01T02:00:00)", "UTC", ["2027-03-01T00:00Z", "2027-03-02T00:00Z"], ["2027-03-01"], [0]),
    # Sao Paulo put its clocks forward at midnight, and back over midnight: 17 February 2018 had 25 hours.
    ("rate(1 hour)", "America/Sao_Paulo", ["2018-02-16T00:00Z", "2018-02-20T00:00Z"], ["2018-02-17"], [4 * 24 - 25]),
    ("rate(1 hour)", "America/Sao_Paulo", ["2018-11-02T00:00Z", "2018-11-06T00:00Z"], ["2018-11-04"], [4 * 24 - 23]),
]


@pytest.mark.parametrize(("text", "zone", "edges", "without", "expected"), CASES)
def test_each_interval_has_its_occurrences(
    text: str, zone: str, edges: list[str], without: list[str], expected: list[int]
) -> None:
    start = None if text.startswith(("at", "cron")) else at("2018-01-01T00:00Z")
    expression = parse(text, zone, start_at=start)
    days = frozenset(map(date.fromisoformat, without))
    moments = [at(edge) for edge in edges]

    assert counts(expression, moments, days) == expected == listed(expression, moments, days)


def test_nothing_is_counted_before_the_start_and_behind_the_end() -> None:
    edges = [at("2027-03-01T00:00Z") + number * HOUR for number in range(5)]
    limits = {"start_at": edges[1] + 30 * MINUTE, "end_at": edges[3]}

    for text in ("cron(0/30 * * * ? *)", "rate(30 minutes)"):
        assert counts(parse(text, "UTC", **limits), edges) == [0, 1, 2, 1]
    assert counts(parse("cron(* * * * ? *)", "UTC", end_at=edges[0] - DAY), edges) == [0, 0, 0, 0]


ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Africa/Casablanca",
        "Asia/Beirut",
    ]
)
EXPRESSIONS = st.sampled_from(
    [
        *("cron(* * * * ? *)", "cron(0/15 * * * ? *)", "cron(30 2 * * ? *)", "cron(59 0,23 ? * SUN *)"),
        *("cron(5,35 1-3 L * ? *)", "rate(7 minutes)", "rate(1 hour)", "rate(1 day)", "at(2027-03-28T02:30:00)"),
    ]
)
# The days around the changes of the clocks, in spring and autumn.
BEGINS = st.sampled_from(["2027-03-13", "2027-03-27", "2027-04-03", "2027-10-02", "2027-10-30", "2027-11-06"])


@given(
    text=EXPRESSIONS,
    zone=ZONES,
    begin=BEGINS,
    steps=st.lists(st.integers(1, 1500), min_size=1, max_size=6),
    offset=st.integers(0, 4000),
    excluded=st.sets(st.integers(0, 5), max_size=3),
    limits=st.tuples(st.integers(0, 3000), st.integers(0, 9000)),
)
def test_counting_is_listing(
    *,
    text: str,
    zone: str,
    begin: str,
    steps: list[int],
    offset: int,
    excluded: set[int],
    limits: tuple[int, int],
) -> None:
    first = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    expression = parse(text, zone, start_at=first + limits[0] * MINUTE, end_at=first + limits[1] * MINUTE)
    edges = [first + offset * MINUTE]
    for step in steps:
        edges.append(edges[-1] + step * MINUTE)
    days = frozenset(first.date() + timedelta(days=number) for number in excluded)

    assert counts(expression, edges, days) == listed(expression, edges, days)


@pytest.mark.parametrize("text", ["cron(* * * * ? *)", "rate(1 minute)"])
def test_35_days_of_an_every_minute_schedule_are_counted_in_milliseconds(text: str) -> None:
    begin = at("2027-03-01T00:00Z")
    edges = [begin + number * 14 * HOUR for number in range(61)]
    expression = parse(text, "Europe/Berlin", start_at=begin)
    without = frozenset(begin.date() + timedelta(days=number) for number in range(0, 732, 2))
    counts(expression, edges, without)

    began = time.process_time()
    found = counts(expression, edges, frozenset())
    took = time.process_time() - began

    assert sum(found) == 50_400
    assert took < 0.1
    assert sum(counts(expression, edges, without)) < 30_000
