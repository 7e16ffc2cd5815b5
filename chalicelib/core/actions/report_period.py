"""The time a report is about: `day`, `week` or `month` before an instant, or an interval of ISO 8601."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from ..timing.instants import EPOCH, from_iso
from ..timing.zones import zone

if TYPE_CHECKING:
    from datetime import datetime

LAST = ("day", "week", "month")
LAST_YEAR = 2199
"""As for schedules; at the very end of the calendar other zones' clocks cannot be told."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not including, `end`: aware UTC."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


def period(text: str, before: datetime, timezone: str) -> Period:
    """What `text` means at the instant `before`. Raises ValueError with what would be right.

    A day, a week and a month are those of the zone's clocks: a report every Monday at nine is about 167 hours once a
    year, and leaves nothing out. The month before 31 March begins on 28 February.
    """
    if text in LAST:
        return Period(_earlier(text, before.astimezone(zone(timezone))).astimezone(UTC), before)
    start, _, end = text.partition("/")
    try:
        interval = Period(from_iso(start), from_iso(end))
    except (ValueError, OverflowError):
        raise ValueError("must be day, week, month or like 2027-01-01T00:00:00Z/2027-02-01T00:00:00Z") from None
    if interval.end <= interval.start:
        raise ValueError("must end later than it begins")
    if interval.start < EPOCH or interval.end.year > LAST_YEAR:
        raise ValueError(f"must lie between 1970 and {LAST_YEAR}")
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
