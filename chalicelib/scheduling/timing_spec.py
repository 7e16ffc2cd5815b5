"""Converts a client's timing (`at`, `after`, `rate` or `cron`) to a Timing. Raises InvalidInput with the field's name.

Times and durations are texts as in HTTP, or datetimes and timedeltas in Python. `now` is an aware UTC datetime.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NoReturn, cast

from ..core.errors import FieldError, InvalidInput
from ..core.model.schedule import Timing
from ..core.timing.cron import YEAR
from ..core.timing.expressions import InvalidExpression, Rate, ceil_minute, parse
from ..core.timing.instants import ceil_second, iso
from ..core.timing.zones import NonexistentWallTime, UnknownZone, resolve_wall_time, zone
from .durations import read_duration
from .unix_cron import suggest_six_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?")
KINDS = ("at", "after", "rate", "cron")
OUTSIDE_THE_CALENDAR = f"must be in the years {YEAR.low} to {YEAR.high}"

SHORTEST_PERIOD = timedelta(minutes=1)
"""The shortest period that EventBridge allows."""

LOOKED_AT = 500
"""Number of occurrences whose distances are measured: more than a day of a cron that fires every three minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingSpec:
    """A client's timing: exactly one of `at`, `after`, `rate` and `cron`, and the fields that it allows.

    `at`: an instant with `Z` or an offset, or a wall time of `timezone`. `after`: a duration such as `P3D`, from now.
    `rate`: a period such as `15 minutes`. `cron`: six fields in wall times of `timezone`. `rate` and `cron` allow
    `start_at` and `end_at`, rounded up to the whole minute; None: from the creation, and no end.
    """

    at: str | datetime | None = None
    after: str | timedelta | None = None
    rate: str | None = None
    cron: str | None = None
    timezone: str | None = None
    start_at: str | datetime | None = None
    end_at: str | datetime | None = None

    def resolve(self, now: datetime) -> Timing:
        """Returns the timing, counted from `now`. Raises InvalidInput if a field is not valid or nothing would fire."""
        match self._given(KINDS):
            case ["at"]:
                self._refuse_all_but("timezone")
                return at(self.at or "", self.timezone, now=now)
            case ["after"]:
                self._refuse_all_but()
                return after(cast("str | timedelta", self.after), now=now)
            case ["rate"]:
                self._refuse_all_but("start_at", "end_at", "timezone")
                return rate(self.rate or "", self.timezone, start_at=self.start_at, end_at=self.end_at, now=now)
            case ["cron"]:
                return cron(self.cron or "", self.timezone, start_at=self.start_at, end_at=self.end_at, now=now)
            case _:
                raise InvalidInput.of("timing", "must have exactly one of `at`, `after`, `rate` and `cron`")

    @property
    def is_one_time(self) -> bool:
        return self.at is not None or self.after is not None

    def asked(self) -> dict[str, str]:
        """Returns the timing as texts that are equal for every spelling of the same timing, even if it is not valid."""
        times = {"at": self.at, "start_at": self.start_at, "end_at": self.end_at}
        asked = {name: _canonical_time(when) for name, when in times.items() if when is not None}
        if self.after is not None:
            asked["after"] = _canonical_duration(self.after)
        if self.rate is not None:
            # UTC is the default zone of a rate, because its period does not depend on a zone.
            asked |= {"rate": _one_blank(_spelled("rate", self.rate)), "timezone": "UTC"}
        if self.cron is not None:
            asked["cron"] = _one_blank(_spelled("cron", self.cron))
        return asked | ({"timezone": self.timezone} if self.timezone is not None else {})

    def _given(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]

    def _refuse_all_but(self, *allowed: str) -> None:
        extra = [name for name in self._given(("timezone", "start_at", "end_at")) if name not in allowed]
        if extra:
            (kind,) = self._given(KINDS)
            message = f"not allowed with `{kind}`; allowed: {', '.join(f'`{name}`' for name in allowed) or 'none'}"
            raise InvalidInput(FieldError(f"timing.{name}", message) for name in extra)


def at(when: str | datetime, timezone: str | None = None, *, now: datetime) -> Timing:
    """Returns a timing for an instant (with `Z` or an offset) or a wall time of `timezone`.

    Fractions of a second are removed. Raises InvalidInput.
    """
    time = _time("timing.at", _spelled("at", when) if isinstance(when, str) else when)
    if time.tzinfo is not None:
        _refuse_zone_beside_offset(timezone)
        return _future(_at_utc("timing.at", time), "timing.at", now)
    _resolve("timing.at", time, timezone)
    return _future(Timing(_at_text(time), timezone or "UTC"), "timing.at", now)


def after(delay: str | timedelta, *, now: datetime) -> Timing:
    """Returns a timing for `delay` after `now`, rounded up to the whole second so that it never fires early.

    Raises InvalidInput.
    """
    duration = _duration(delay) if isinstance(delay, str) else delay
    if duration <= timedelta(0):
        _refuse("timing.after", "must be greater than zero, such as PT10S")
    try:
        instant = ceil_second(now + duration)
    except OverflowError:
        _refuse("timing.after", OUTSIDE_THE_CALENDAR)
    return _future(_at_utc("timing.after", instant), "timing.after", now)


def rate(
    every: str,
    timezone: str | None = None,
    *,
    start_at: str | datetime | None = None,
    end_at: str | datetime | None = None,
    now: datetime,
) -> Timing:
    """Returns a timing that fires each time the period (`15 minutes`) has elapsed. Raises InvalidInput.

    It first fires at `start_at`; None: one period after `now`. `timezone` applies to a `start_at` or `end_at` without
    an offset; the period does not depend on it.
    """
    text = f"rate({_spelled('rate', every)})"
    expression = _parsed("timing.rate", text, "UTC")
    assert isinstance(expression, Rate)  # noqa: S101 - the text begins with rate(
    if timezone is not None:
        _zone(timezone)
    start = _minute("timing.start_at", start_at, timezone) or ceil_minute(now + expression.period)
    end = _minute("timing.end_at", end_at, timezone)
    timing = Timing(text, timezone or "UTC", start, end)
    return _fires(timing, "timing.rate", now, starts=start_at is not None)


def cron(
    fields: str,
    timezone: str | None,
    *,
    start_at: str | datetime | None = None,
    end_at: str | datetime | None = None,
    now: datetime,
) -> Timing:
    """Returns a timing that fires at wall times of `timezone`. Raises InvalidInput.

    `fields` are six: minutes hours day-of-month month day-of-week year.
    """
    if timezone is None:
        _refuse("timing.timezone", "is missing; required with `cron`, such as Europe/Berlin")
    text = f"cron({_spelled('cron', fields)})"
    _zone(timezone)
    _refuse_five_fields(text[len("cron(") : -1])
    _parsed("timing.cron", text, timezone)
    start = _minute("timing.start_at", start_at, timezone)
    end = _minute("timing.end_at", end_at, timezone)
    return _fires(Timing(text, timezone, start, end), "timing.cron", now, starts=start is not None)


def check_period(timing: Timing, minimum: timedelta, now: datetime) -> None:
    """Raises InvalidInput if a recurring timing has two occurrences closer than `minimum`."""
    if timing.is_one_time or minimum <= SHORTEST_PERIOD:
        return
    planned = islice(timing.occurrences(now), LOOKED_AT)
    shortest = min((after - before for before, after in pairwise(planned)), default=minimum)
    if shortest < minimum:
        _refuse(f"timing.{timing.kind}", f"fires again after {shortest}; the shortest allowed period is {minimum}")


def future_instant_of(field: str, when: str | datetime, *, now: datetime) -> datetime:
    """Returns the instant in UTC. Raises InvalidInput if it has no `Z` or offset, or is not in the future."""
    instant = instant_of(field, when)
    if instant <= now:
        _refuse(field, "must be in the future")
    return instant


def instant_of(field: str, when: str | datetime) -> datetime:
    """Returns the instant in UTC. Raises InvalidInput if it has no `Z` or offset."""
    time = _time(field, when, "Z or an offset such as +02:00, whose `+` is %2B in a URL")
    if time.tzinfo is None:
        _refuse(field, _wall_time(when))
    return time.astimezone(UTC)


def _wall_time(when: str | datetime) -> str:
    if isinstance(when, datetime):
        return f"{when.isoformat()} is a wall time; add a time zone"
    return f"{when!r} is a wall time; add Z or an offset"


def _future(timing: Timing, field: str, now: datetime) -> Timing:
    if timing.next_occurrence(now) is None:
        _refuse(field, "must be in the future")
    return timing


def _fires(timing: Timing, field: str, now: datetime, *, starts: bool) -> Timing:
    """Returns the timing. Raises InvalidInput if it never fires. `starts`: the client gave a `start_at`."""
    if timing.next_occurrence(now) is None:
        given = [name for name, is_given in (("start_at", starts), ("end_at", timing.end_at)) if is_given]
        bounds = f" with this {' and '.join(f'`{name}`' for name in given)}" if given else ""
        _refuse(field, f"never fires again{bounds}")
    return timing


def _at_utc(field: str, instant: datetime) -> Timing:
    return Timing(_at_text(_in_calendar(field, instant.astimezone(UTC))))


def _at_text(wall: datetime) -> str:
    return f"at({wall:%Y-%m-%dT%H:%M:%S})"


def _spelled(function: str, text: str) -> str:
    """Returns the text without AWS's function name: `at(…)` becomes `…`."""
    text = text.strip()
    return text[len(function) + 1 : -1] if text.startswith(f"{function}(") and text.endswith(")") else text


def _time(field: str, when: str | datetime, zone: str = "Z, an offset or `timezone`") -> datetime:
    """`zone`: what a time may have, for the message of an InvalidInput."""
    if isinstance(when, datetime):
        return _in_calendar(field, when.replace(microsecond=0))
    match = TIME.fullmatch(when)
    if match is None:
        _refuse(field, f"{when!r} is not a time; write 2027-03-01T09:00:00 with {zone}")
    try:
        time = datetime.fromisoformat(match[1] + (match[2] or ""))
    except ValueError as exc:
        hint = "is not a time that exists; write a real date and time such as 2027-03-01T09:00:00"
        raise InvalidInput.of(field, f"{when!r} {hint}") from exc
    return _in_calendar(field, time)


def _canonical_time(when: str | datetime) -> str:
    """Returns an instant in UTC, a wall time unchanged, and any other text unchanged."""
    try:
        time = _time("timing.at", _spelled("at", when) if isinstance(when, str) else when)
    except InvalidInput:
        return str(when)
    return iso(time) if time.tzinfo is not None else time.isoformat()


def _canonical_duration(delay: str | timedelta) -> str:
    try:
        duration = _duration(delay) if isinstance(delay, str) else delay
    except InvalidInput:
        return str(delay)
    return f"{duration.total_seconds()} s"


def _one_blank(text: str) -> str:
    return " ".join(text.split())


def _in_calendar(field: str, time: datetime) -> datetime:
    """Returns the time. Raises InvalidInput if it is before the epoch or after the last year that cron allows."""
    if not YEAR.low <= time.year <= YEAR.high:
        _refuse(field, OUTSIDE_THE_CALENDAR)
    return time


def _minute(field: str, when: str | datetime | None, timezone: str | None) -> datetime | None:
    """Returns the start or end of a recurring timing, rounded up to the minute: EventBridge ignores the seconds."""
    if when is None:
        return None
    time = _time(field, when)
    instant = time.astimezone(UTC) if time.tzinfo else _resolve(field, time, timezone)
    return ceil_minute(instant)


def _resolve(field: str, wall: datetime, timezone: str | None) -> datetime:
    if timezone is None:
        hint = f"{wall.isoformat()} is a wall time; add `timezone`, Z or an offset"
        _refuse("timing.timezone" if field == "timing.at" else field, hint)
    _zone(timezone)
    try:
        return resolve_wall_time(wall, timezone)
    except NonexistentWallTime as exc:
        raise InvalidInput.of(field, str(exc)) from exc


def _zone(name: str) -> None:
    try:
        zone(name)
    except UnknownZone as exc:
        raise InvalidInput.of("timing.timezone", str(exc)) from exc


def _refuse_zone_beside_offset(timezone: str | None) -> None:
    if timezone is not None:
        _refuse("timing.timezone", "not allowed with a time that has Z or an offset; remove it")


def _parsed(field: str, text: str, timezone: str) -> object:
    try:
        return parse(text, timezone)
    except InvalidExpression as exc:
        raise InvalidInput.of(field, str(exc)) from exc


def _refuse_five_fields(fields: str) -> None:
    meant = suggest_six_fields(fields)
    if meant is not None:
        _refuse("timing.cron", f"{fields!r} has five fields; six are required, probably {meant!r}")


def _duration(text: str) -> timedelta:
    try:
        return read_duration(text)
    except ValueError as exc:
        raise InvalidInput.of("timing.after", str(exc)) from exc
    except OverflowError:
        _refuse("timing.after", OUTSIDE_THE_CALENDAR)


def _refuse(field: str, message: str) -> NoReturn:
    raise InvalidInput.of(field, message)
