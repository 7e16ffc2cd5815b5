"""When a timing is due, calculated without the product's calendar: rates by arithmetic, cron by the slow oracle."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.core.timing import oracle
from tests.simulation.aws_calendar import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.model.schedule import Timing


def due_times(timing: Timing, after: datetime, until: datetime) -> list[datetime]:
    """The instants in (after, until], ascending."""
    begin, end = timing.start_at or after, min(until, timing.end_at or until)
    return [at for at in _instants(timing, after, end) if max(begin, after) <= at <= end and at != after]


def _instants(timing: Timing, after: datetime, until: datetime) -> Iterator[datetime]:
    kind, _, inner = timing.expression.removesuffix(")").partition("(")
    if kind == "at":
        yield datetime.fromisoformat(inner).replace(tzinfo=ZoneInfo(timing.timezone)).astimezone(UTC)
    elif kind == "cron":
        yield from oracle.occurrences(inner, timing.timezone, after, until)
    else:
        yield from _beats(inner, timing.start_at, until)


def _beats(rate: str, at: datetime | None, until: datetime) -> Iterator[datetime]:
    assert at is not None, "a rate without a start"
    number, unit = rate.split()
    while at <= until:
        yield at
        at += int(number) * UNITS[unit.removesuffix("s")]
