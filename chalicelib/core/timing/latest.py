"""Finds the latest occurrences up to an instant. Occurrences can only be calculated in ascending order."""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_MINUTE = timedelta(minutes=1)


def latest(
    occurrences: Callable[[datetime], Iterator[datetime]], after: datetime, until: datetime, most: int = 1
) -> tuple[datetime, ...]:
    """Returns the last `most` occurrences after `after` and up to `until`, `until` included, ascending.

    `occurrences(after)` must yield occurrences after an instant, ascending, with at most one per minute. A bisection
    finds the minute after which fewer than `most` are left. That takes `most` steps about twenty times; a linear search
    would take half a million steps for each year of a schedule that fires every minute.
    """

    def found_from(begin: datetime) -> Iterator[datetime]:
        return takewhile(lambda at: at <= until, occurrences(begin))

    def are_fewer(minute: int) -> bool:
        return next(islice(found_from(after + minute * _MINUTE), most - 1, None), None) is None

    minutes = range(max((until - after) // _MINUTE + 1, 0))
    begin = after + max(bisect_left(minutes, 1, key=are_fewer) - 1, 0) * _MINUTE
    return tuple(found_from(begin))[-most:]
