"""The period of a report: the `day`, `week` or `month` before an instant, or an ISO 8601 interval."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from ..frozen import Frozen
from ..timing.cron import YEAR
from ..timing.instants import EPOCH, from_iso
from ..timing.zones import zone

if TYPE_CHECKING:
    from datetime import datetime

LAST = ("day", "week", "month")


class Period(Frozen):
    """From `start` to `end`, without `end`. Both are aware UTC."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


def period(text: str, before: datetime, timezone: str) -> Period:
    """Returns the period that `text` means at the instant `before`. Raises ValueError if `text` is invalid.

    Days, weeks and months are counted in local time of the zone. So a week with a change of the clocks has 167 or 169
    hours, and weekly reports have no gaps. The month before 31 March begins on 28 February.
    """
    if text in LAST:
        return Period(_earlier(text, before.astimezone(zone(timezone))).astimezone(UTC), before)
    start, _, end = text.partition("/")
    try:
        interval = Period(from_iso(start), from_iso(end))
    except (ValueError, OverflowError):
        raise ValueError(
            "must be day, week, month or an interval such as 2027-01-01T00:00:00Z/2027-02-01T00:00:00Z"
        ) from None
    if interval.end <= interval.start:
        raise ValueError("must end after its start")
    # The same years as for schedules. Conversion to other zones fails at the end of Python's calendar.
    if interval.start < EPOCH or interval.end.year > YEAR.high:
        raise ValueError(f"must be between {YEAR.low} and {YEAR.high}")
    return interval


def _earlier(length: str, wall: datetime) -> datetime:
    match length:
        case "day":
            return wall - timedelta(days=1)
        case "week":
            return wall - timedelta(days=7)
    last_of_month_before = wall.replace(day=1) - timedelta(days=1)
    year, month = last_of_month_before.year, last_of_month_before.month
    return wall.replace(year=year, month=month, day=min(wall.day, monthrange(year, month)[1]))
