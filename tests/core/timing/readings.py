"""Occurrences as a person reads them off the clocks of their zone: `2027-03-29T02:30:00+02:00`."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from chalicelib.core.timing.expressions import parse
from chalicelib.core.timing.zones import zone


def fired(text: str, zone_name: str, after: str, count: int, *, start: str = "", end: str = "") -> list[str]:
    """The first `count` occurrences after `after`, in the zone's own time with its offset."""
    expression = parse(text, zone_name, start_at=_instant(start), end_at=_instant(end))
    instants = islice(expression.occurrences(datetime.fromisoformat(after)), count)
    return [instant.astimezone(zone(zone_name)).isoformat() for instant in instants]


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
