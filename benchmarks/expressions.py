"""Compares how long expressions take to parse and to find occurrences: `python -m benchmarks expressions`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.expression_libraries import Case, Library, in_utc, peers, this_project
from benchmarks.measure import Goal, Measured, Row, cpu_time

if TYPE_CHECKING:
    from collections.abc import Callable

AFTER = datetime(2027, 3, 27, 12, tzinfo=UTC)
"""In Berlin the clocks are put forward 13 hours later: within a thousand occurrences of every case."""

EVERY_MINUTE = "* * * * ? *"
_EXPRESSIONS: list[tuple[str, str, str, dict[str, str]]] = [
    (EVERY_MINUTE, "* * * * *", "* * * * *", {"minute": "*"}),
    ("0/15 * * * ? *", "*/15 * * * *", "*/15 * * * *", {"minute": "*/15"}),
    ("0 9 * * ? *", "0 9 * * *", "0 9 * * *", {"hour": "9", "minute": "0"}),
    (
        "0 9 ? * MON-FRI *",
        "0 9 * * MON-FRI",
        "0 9 * * MON-FRI",
        {"hour": "9", "minute": "0", "day_of_week": "mon-fri"},
    ),
    ("30 8 1,15 * ? *", "30 8 1,15 * *", "30 8 1,15 * *", {"hour": "8", "minute": "30", "day": "1,15"}),
    ("15 10 ? * 6L *", "15 10 * * L5", "15 10 * * 5L", {"hour": "10", "minute": "15", "day": "last fri"}),
]
CASES = [Case(*texts, zone, AFTER) for texts in _EXPRESSIONS for zone in ("UTC", "Europe/Berlin")]


def rows(rounds: int, count: int = 1000, shortest: float = 0.005) -> list[Row]:
    """Raises AssertionError if a peer has other occurrences than this project."""
    each = [_measured(case, rounds, count, shortest) for case in CASES]
    parsing, first, following = zip(*each, strict=True)
    every_minute = [row for row in following if EVERY_MINUTE in row.what]
    return [
        Row("parse an expression", "µs of CPU", Goal("faster", 1), parsing),
        Row(
            "parse, and find the first occurrence",
            "µs of CPU",
            Goal("faster", 2),
            first,
            "a third to a half of the time is parsing, and where the first occurrence is near, as with every minute, a "
            "peer that goes from minute to minute is as fast",
        ),
        Row(f"parse, and find {count:,} occurrences", "µs of CPU", Goal("faster", 5), following),
        Row(f"the same {count:,} of every minute", "µs of CPU", Goal("faster", 1.5), tuple(every_minute)),
    ]


def check_agreement(case: Case, count: int) -> None:
    """Raises AssertionError if a peer's first occurrences of the case, this many, are not those of this project."""
    expected = _first(this_project(case), count)
    for name, library in peers(case).items():
        if in_utc([library.first(library.parse())]) != expected[:1] or _first(library, count) != expected:
            raise AssertionError(f"{name} has other occurrences of {case}")


def _first(library: Library, count: int) -> list[datetime]:
    return in_utc(library.take(library.parse(), count))


def _measured(case: Case, rounds: int, count: int, shortest: float) -> tuple[Measured, Measured, Measured]:
    check_agreement(case, count)

    def measured(work: Callable[[Library], Callable[[], object]]) -> Measured:
        others = {name: work(library) for name, library in peers(case).items()}
        return cpu_time(str(case), work(this_project(case)), others, rounds, shortest)

    return (
        measured(lambda library: library.parse),
        measured(lambda library: lambda: library.first(library.parse())),
        measured(lambda library: lambda: library.take(library.parse(), count)),
    )
