"""What a cron expression means, found the slow way: walk through time and ask of each minute whether it is meant.

It shares nothing with the implementation but the time zone data. It knows nothing of gaps and folds: it goes forward in
UTC, reads the clocks each minute, and takes a wall minute when it is shown for the first time. Whether that minute is
meant, field_oracle.py says.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from chalicelib.core.timing.zones import zone
from tests.core.timing.field_oracle import fits, is_day

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINUTE = timedelta(minutes=1)
_LONGEST_REPEAT = timedelta(hours=8)  # how far back a wall minute may have been shown before: Vostok, 1994

__all__ = ["fits", "is_day", "occurrences", "shown_minutes"]


def occurrences(fields: str, zone_name: str, after: datetime, until: datetime) -> list[datetime]:
    """Every instant in (after, until], in UTC, at which `cron(fields)` fires in that zone."""
    return [instant for instant, wall in shown_minutes(zone_name, after, until) if fits(fields, wall)]


@lru_cache(maxsize=256)
def shown_minutes(zone_name: str, after: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """(instant, wall minute) for each wall minute that the clocks show for the first time in (after, until]."""
    tz = zone(zone_name)
    shown: set[datetime] = set()
    firsts = []
    for instant in _minutes(after - _LONGEST_REPEAT, until):
        wall = instant.astimezone(tz).replace(tzinfo=None, fold=0)
        if wall not in shown and instant > after:
            firsts.append((instant, wall))
        shown.add(wall)
    return firsts


def _minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    instant = start.astimezone(UTC).replace(second=0, microsecond=0)
    while instant <= end:
        yield instant
        instant += _MINUTE
