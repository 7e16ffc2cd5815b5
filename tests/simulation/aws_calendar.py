"""Calculates when an EventBridge schedule fires, from the CreateSchedule request, independently of the project.

It shares neither code nor time zone data with the project. aws-croniter evaluates cron where it is exact, and a
brute-force oracle evaluates the rest. Time zones come from the machine's files, or from files with other rules than the
project's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from itertools import chain, count, islice, takewhile
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any
from zoneinfo import TZPATH, ZoneInfo

from aws_croniter import AwsCroniter

from tests.core.timing.field_oracle import fits, is_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

A_MINUTE = timedelta(minutes=1)
UNITS = {"minute": A_MINUTE, "hour": timedelta(hours=1), "day": timedelta(days=1)}

LAST_YEAR = 2199
END = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)

LONGEST_REPEAT = timedelta(hours=3)
"""How far back the clocks of a zone may be put."""

AT_ONCE = 16
"""Occurrences that are looked up together."""

EXACT_DAYS_OF_MONTH = re.compile(r"[*?L]|\d+(-\d+)?(,\d+(-\d+)?)*")
LAST_DAY_OF_EVERY_MONTH = 28


# The law


@dataclass(frozen=True)
class Law:
    """Which time zones hold. `changed` has the zone files, as bytes, of those whose law the product does not know."""

    changed: Mapping[str, bytes] = field(default_factory=dict)

    def zone(self, name: str) -> ZoneInfo:
        if name in self.changed:
            return ZoneInfo.from_file(BytesIO(self.changed[name]), key=name)
        return ZoneInfo(name)


OF_THIS_MACHINE = Law()


def with_fixed_clocks(name: str, offset: str, *, since: datetime) -> Law:
    """The law under which the clocks of a zone are changed no more, and show `offset`, such as "CEST-2", for good."""
    return Law({name: _zone_file(_file_of_this_machine(name), since, offset)})


def _file_of_this_machine(name: str) -> bytes:
    found = next((path for folder in TZPATH if (path := Path(folder, name)).exists()), None)
    assert found is not None, f"this machine has no zone file of {name}"
    return found.read_bytes()


HEADER = Struct(">4sc15x6l")
"""RFC 9636, section 3.1: magic, version, and how many there are of six things."""


def _zone_file(old: bytes, since: datetime, rule: str) -> bytes:
    """The same zone without its transitions from `since` on; `rule` is what holds behind the last one."""
    begin = HEADER.size + _size_of_block(HEADER.unpack_from(old), time_size=4)
    magic, version, utc, std, leaps, times, types, chars = HEADER.unpack_from(old, begin)
    at = begin + HEADER.size
    instants = Struct(f">{times}q").unpack_from(old, at)
    kept = bisect_right(instants, since.timestamp())
    indexes = old[at + 8 * times : at + 9 * times]
    rest_size = _size_of_block((magic, version, utc, std, leaps, 0, types, chars), time_size=8)
    rest = old[at + 9 * times : at + 9 * times + rest_size]
    empty = HEADER.pack(magic, version, 0, 0, 0, 0, 1, 1) + bytes(7)
    header = HEADER.pack(magic, version, utc, std, leaps, kept, types, chars)
    block = Struct(f">{kept}q").pack(*instants[:kept]) + indexes[:kept] + rest
    return empty + header + block + f"\n{rule}\n".encode()


def _size_of_block(header: tuple[Any, ...], *, time_size: int) -> int:
    _, _, utc, std, leaps, times, types, chars = header
    size: int = times * (time_size + 1) + types * 6 + chars + leaps * (time_size + 4) + std + utc
    return size


# The calendar


class AwsCalendar:
    """The instants of one request, ascending: what lies in StartDate and EndDate, both included."""

    def __init__(self, request: Mapping[str, Any], law: Law = OF_THIS_MACHINE) -> None:
        self.kind, _, inner = request["ScheduleExpression"].removesuffix(")").partition("(")
        self._inner = inner
        self._zone = law.zone(request.get("ScheduleExpressionTimezone", "UTC"))
        self._start: datetime | None = request.get("StartDate")
        self._end: datetime = request.get("EndDate") or END
        self._known: list[datetime] = []
        self._known_from = END

    def following(self, after: datetime) -> datetime | None:
        """The first one strictly after `after`."""
        is_known = self._known_from <= after and self._known and after < self._known[-1]
        if not is_known:
            self._known_from = after
            self._known = list(islice(self._instants(after), AT_ONCE))
        later = bisect_right(self._known, after)
        return self._known[later] if later < len(self._known) else None

    def at(self) -> datetime:
        """When a one-time schedule fires. In a gap the clocks go on counting by the offset before it."""
        return datetime.fromisoformat(self._inner).replace(tzinfo=self._zone).astimezone(UTC)

    def _instants(self, after: datetime) -> Iterator[datetime]:
        if self.kind == "at":
            # StartDate and EndDate are ignored (API reference, CreateSchedule).
            return (instant for instant in (self.at(),) if instant > after)
        instants = self._by_rate(after) if self.kind == "rate" else self._by_cron(after)
        return takewhile(lambda instant: instant <= self._end, instants)

    def _by_rate(self, after: datetime) -> Iterator[datetime]:
        number, unit = self._inner.split()
        period = int(number) * UNITS[unit.removesuffix("s")]
        # The seconds of StartDate play no part (measured on AWS).
        begin = (self._start or after + A_MINUTE).replace(second=0, microsecond=0)
        passed = max(0, (after - begin) // period + 1)
        return (begin + turn * period for turn in count(passed))

    def _by_cron(self, after: datetime) -> Iterator[datetime]:
        begin = max(after, self._start - datetime.resolution) if self._start else after
        wall = (begin - LONGEST_REPEAT).astimezone(self._zone).replace(tzinfo=None)
        instants = (self._first_shown(each) for each in _walls(self._inner, wall))
        return (instant for instant in instants if instant is not None and instant > begin)

    def _first_shown(self, wall: datetime) -> datetime | None:
        """None in a gap: such a run is left out that day (user guide, schedule types)."""
        instant = wall.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        return instant if instant.astimezone(self._zone).replace(tzinfo=None) == wall else None


def _walls(fields: str, after: datetime) -> Iterator[datetime]:
    return _by_aws_croniter(fields, after) if _is_exact_in_aws_croniter(fields) else _by_oracle(fields, after)


def _is_exact_in_aws_croniter(fields: str) -> bool:
    """What tests/core/timing/test_expressions_libraries.py found no fault with."""
    *_, day_of_month, _, day_of_week, year = fields.split()
    days = EXACT_DAYS_OF_MONTH.fullmatch(day_of_month)
    is_in_every_month = all(int(number) <= LAST_DAY_OF_EVERY_MONTH for number in re.findall(r"\d+", day_of_month))
    return bool(days) and is_in_every_month and day_of_week != "L" and "#5" not in day_of_week and year == "*"


def _by_aws_croniter(fields: str, after: datetime) -> Iterator[datetime]:
    found = after.replace(tzinfo=UTC)
    while True:
        following = AwsCroniter(fields).get_next(found, 8)  # type: ignore[no-untyped-call]
        if following[0] is None or following[0].year > LAST_YEAR:
            return
        yield from (each.replace(tzinfo=None) for each in following)
        found = following[-1]


def _by_oracle(fields: str, after: datetime) -> Iterator[datetime]:
    _, _, *day_fields = fields.split()
    numbers = range(after.toordinal(), date(LAST_YEAR, 12, 31).toordinal() + 1)
    days = (date.fromordinal(number) for number in numbers)
    meant = chain.from_iterable(_minutes_of(day) for day in days if is_day(*day_fields, day))
    return (wall for wall in meant if wall > after and fits(fields, wall))


def _minutes_of(day: date) -> Iterator[datetime]:
    midnight = datetime.combine(day, time(0))
    return (midnight + minute * A_MINUTE for minute in range(24 * 60))
