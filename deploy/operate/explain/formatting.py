"""Instants in UTC and in the schedule's time zone with their distance from now, and parts of sentences about runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from chalicelib.core.timing.zones import wall_time, zone
from chalicelib.scheduling.english import clock

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

UNITS = ((timedelta(days=2), "day", 86_400), (timedelta(hours=2), "hour", 3600), (timedelta(minutes=2), "minute", 60))
"""From this length on, a span is told in this unit of so many seconds; what is shorter, in seconds."""


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """Reads instants (aware) at `now`, for a schedule whose calendar is that of `timezone`."""

    now: datetime
    timezone: str = "UTC"

    def utc(self, instant: datetime) -> str:
        """`08:00 UTC`; with its date if that is not today's."""
        wall, today = wall_time(instant, UTC), wall_time(self.now, UTC).date()
        date = "" if wall.date() == today else f"{wall.date()} "
        return f"{date}{clock(wall)} UTC"

    def short(self, occurrence: datetime) -> str:
        """`08:00 UTC (09:00 Europe/Berlin)`: both, for what the schedule's calendar says."""
        return self.utc(occurrence) + self._local(occurrence)

    def full(self, occurrence: datetime) -> str:
        """`2027-03-01 08:00 UTC (09:00 Europe/Berlin), in 12 minutes`."""
        return f"{self.long(occurrence)}, {self.distance(occurrence)}"

    def long(self, occurrence: datetime) -> str:
        """`2027-03-01 08:00 UTC (09:00 Europe/Berlin)`."""
        wall = wall_time(occurrence, UTC)
        return f"{wall.date()} {clock(wall)} UTC{self._local(occurrence)}"

    def distance(self, instant: datetime) -> str:
        """`in 12 minutes`, `12 minutes ago`."""
        return f"in {span(instant - self.now)}" if instant > self.now else f"{span(self.now - instant)} ago"

    def _local(self, occurrence: datetime) -> str:
        if self.timezone == "UTC":
            return ""
        local, utc = wall_time(occurrence, zone(self.timezone)), wall_time(occurrence, UTC)
        date = "" if local.date() == utc.date() else f"{local.date()} "
        return f" ({date}{clock(local)} {self.timezone})"


def span(length: timedelta) -> str:
    """`12 minutes`: rounded down, and short enough to be read at a glance."""
    for least, unit, seconds in UNITS:
        if length >= least:
            return f"{int(length.total_seconds()) // seconds} {unit}s"
    seconds = int(length.total_seconds())
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def failures_of(run: Run) -> str:
    """How often it failed, as it goes behind the verb."""
    failures = sum(attempt.error is not None for attempt in run.attempts)
    if failures == 0:
        return ""
    return " once" if failures == 1 else f" {failures} times"


def reason_of(ended: Run | Schedule) -> str:
    """As it goes into the middle of a sentence."""
    return (ended.reason or "no reason is known").rstrip(".")
