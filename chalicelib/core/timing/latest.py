"""The latest occurrences up to an instant. A calendar can only be walked forwards, and a long way if it is dense."""

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
    """The last `most` occurrences after `after`, up to and with `until`, ascending; all of them if they are fewer.

    `occurrences(after)` gives those after an instant, ascending, and no two in one minute. By bisection, it is asked
    for the minute from which there are fewer left than `most`: so it makes `most` steps about twenty times, where it
    might make half a million for each year that it is walked.
    """

    def found_from(begin: datetime) -> Iterator[datetime]:
        return takewhile(lambda at: at <= until, occurrences(begin))

    def are_fewer(minute: int) -> bool:
        return next(islice(found_from(after + minute * _MINUTE), most - 1, None), None) is None

    minutes = range(max((until - after) // _MINUTE + 1, 0))
    begin = after + max(bisect_left(minutes, 1, key=are_fewer) - 1, 0) * _MINUTE
    return tuple(found_from(begin))[-most:]
