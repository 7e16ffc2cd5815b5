"""Makes time zones, and converts wall times where the UTC offset of a zone changes.

The data is that of the pinned `tzdata` package. `zoneinfo.ZoneInfo(name)` would prefer the machine's files, so one
schedule could mean different instants on a laptop and on Lambda.

A zone made here cannot be pickled or copied (`ZoneInfo.from_file`): store its name, and convert instants to UTC.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ..frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_TIME = timedelta()
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class UnknownZone(ValueError):
    """The pinned `tzdata` package has no time zone with this name. Names are case-sensitive."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name!r} is not a time zone; use an IANA name such as Europe/Berlin"


class NonexistentWallTime(ValueError):
    """The wall time is in a gap: the clocks of the zone are put forward and never show it.

    `wall`, `before` and `after` are naive wall times of `zone` (a name): `before` is the last second before the gap,
    `after` the first second after it.
    """

    def __init__(self, wall: datetime, zone: str, before: datetime, after: datetime) -> None:
        super().__init__(wall, zone, before, after)
        self.wall = wall
        self.zone = zone
        self.before = before
        self.after = after

    def __str__(self) -> str:
        return (
            f"{self.wall.isoformat()} does not exist in {self.zone}; "
            f"the nearest wall times are {self.before.isoformat()} and {self.after.isoformat()}"
        )


class Shift(Frozen):
    """A change of a zone's UTC offset at `instant` (aware UTC), from `before` to `after`.

    The wall times from `start` up to, not including, `end` (naive) do not exist if the shift is a gap, else they occur
    twice.
    """

    instant: datetime
    before: timedelta
    after: timedelta

    @property
    def is_gap(self) -> bool:
        return self.after > self.before

    @property
    def size(self) -> timedelta:
        return abs(self.after - self.before)

    @property
    def start(self) -> datetime:
        return self.instant.replace(tzinfo=None) + min(self.before, self.after)

    @property
    def end(self) -> datetime:
        return self.instant.replace(tzinfo=None) + max(self.before, self.after)


@cache
def zone_names() -> frozenset[str]:
    """Returns every name that `zone` accepts, links such as `US/Pacific` included."""
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


@cache
def zone(name: str) -> ZoneInfo:
    """Returns the time zone with this name. Raises UnknownZone for other names, paths, and names in other case."""
    if name not in zone_names():
        raise UnknownZone(name)
    with files("tzdata").joinpath("zoneinfo", name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def wall_time(instant: datetime, tz: tzinfo) -> datetime:
    """Returns the local time of the zone at `instant` (aware), as a naive datetime."""
    local = instant.astimezone(tz)
    return datetime.combine(local, local.time())  # takes half the time of `replace(tzinfo=None)`


def first_instant(wall: datetime, tz: ZoneInfo) -> datetime | None:
    """Returns the first instant (aware UTC) with the local time `wall` (naive), or None if it does not exist."""
    # A sum has fold=0 (PEP 495). This takes a third of the time of `replace(tzinfo=tz, fold=0)`.
    aware = datetime.combine(wall, (wall + _NO_TIME).time(), tz)
    instant = aware.astimezone(UTC)
    return instant if instant.astimezone(tz) == aware else None  # datetimes of one zone compare by their wall times


def resolve_wall_time(wall: datetime, zone_name: str) -> datetime:
    """Returns the instant (aware UTC) of a naive wall time; the first of the two if it is ambiguous.

    Raises NonexistentWallTime if it is in a gap, and UnknownZone. The year must be 1970 to 2199, as `parse` ensures.
    """
    tz = zone(zone_name)
    instant = first_instant(wall, tz)
    if instant is None:
        gap = _gap_around(wall, tz)
        raise NonexistentWallTime(wall, zone_name, gap.start - _SECOND, gap.end)
    return instant


def is_ambiguous(wall: datetime, zone_name: str) -> bool:
    """Returns whether `wall` (naive) occurs twice in the zone. Raises UnknownZone."""
    aware = wall.replace(tzinfo=zone(zone_name))
    return aware.replace(fold=0).astimezone(UTC) < aware.replace(fold=1).astimezone(UTC)


def shifts(zone_name: str, start: datetime, end: datetime) -> Iterator[Shift]:
    """Yields each shift of the zone after `start` and up to `end` (aware), ascending. Raises UnknownZone.

    One comparison per day suffices: since 1970 no zone has had two shifts in less than six days.
    """
    tz = zone(zone_name)
    while start < end:
        next_day = min(start + _DAY, end)
        if _offset(start, tz) != _offset(next_day, tz):
            yield _shift_between(start, next_day, tz)
        start = next_day


def _gap_around(wall: datetime, tz: ZoneInfo) -> Shift:
    # PEP 495: in a gap, fold=1 uses the offset after the shift, an earlier instant, and fold=0 the offset before it.
    aware = wall.replace(tzinfo=tz)
    return _shift_between(aware.replace(fold=1).astimezone(UTC), aware.replace(fold=0).astimezone(UTC), tz)


def _shift_between(start: datetime, end: datetime, tz: ZoneInfo) -> Shift:
    start = start.astimezone(UTC).replace(microsecond=0)
    before, after = _offset(start, tz), _offset(end, tz)
    seconds = range((end - start) // _SECOND)
    passed = bisect_left(seconds, 1, key=lambda second: _offset(start + second * _SECOND, tz) == after)
    return Shift(start + passed * _SECOND, before, after)


def _offset(instant: datetime, tz: ZoneInfo) -> timedelta:
    return wall_time(instant, tz) - wall_time(instant, UTC)
