"""Two thousand different schedules, the changes that clients make to them, and an independent calendar of each.

The calendar (tests/core/timing/oracle.py) shares only the time zone data with the project.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.core.model.schedule import Action, OnMissed, OnUnknown, Overlap, RetryPolicy
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.core.timing import oracle

if TYPE_CHECKING:
    from random import Random

START = datetime(2027, 3, 7, tzinfo=UTC)
CREATED_BY = START + timedelta(hours=12)
END = datetime(2027, 4, 7, tzinfo=UTC)
"""Spring in New York (14 March) and Berlin (28 March), autumn in Santiago, Sydney and Lord Howe (4 April)."""

REST = timedelta(hours=40)
"""What the last fault may leave behind is over by then: retries, and what may still be delivered."""

USERS = 50
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago", "Australia/Lord_Howe", "UTC")
CRONS = (
    *("0 9 * * ? *", "30 2 * * ? *", "45 1 * * ? *", "0 9 ? * MON-FRI *", "15 10 ? * 2#1 *"),
    *("0 0 1 * ? *", "0 7,19 * * ? *", "0 18 ? * FRI *", "30 6 L * ? *", "0/30 1-3 ? * SUN *"),
)
RATES = (timedelta(minutes=20), timedelta(hours=5), timedelta(hours=12), timedelta(days=1), timedelta(days=3))
RETRIES = (None, None, RetryPolicy(0, 60), RetryPolicy(5, 60), RetryPolicy(2, 600))


@dataclass(frozen=True)
class Calendar:
    """A timing as a client says it, and all its occurrences up to the end, found the slow way."""

    spec: TimingSpec
    instants: tuple[datetime, ...]

    def between(self, after: datetime, until: datetime) -> tuple[datetime, ...]:
        """Those in (after, until]."""
        return self.instants[bisect_right(self.instants, after) : bisect_right(self.instants, until)]


@dataclass(frozen=True)
class Wish:
    """What a user does, and when: the calendar from then on, None while nothing is to be done."""

    at: datetime
    verb: str
    calendar: Calendar | None
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """One schedule: its owner, its details, and its user's wishes in order; the first one makes it."""

    user_id: str
    schedule_id: str
    action: Action
    details: dict[str, Any]
    wishes: tuple[Wish, ...]

    @property
    def is_one_time(self) -> bool:
        calendar = self.wishes[0].calendar
        return calendar is not None and calendar.spec.rate is None and calendar.spec.cron is None


def population(random: Random, size: int) -> list[Plan]:
    """`size` schedules, the same for the same `random`."""
    return [_plan(random, number) for number in range(size)]


def _plan(random: Random, number: int) -> Plan:
    is_one_time = random.random() < 0.4
    calendar = _one_time(random) if is_one_time else _recurring(random)
    created_at = START + (CREATED_BY - START) * number / 3000
    schedule_id = f"s{number}"
    wishes = (Wish(created_at, "put", calendar), *_wishes(random, calendar, is_one_time=is_one_time))
    details = _details(random, calendar, is_one_time=is_one_time)
    return Plan(f"user-{random.randrange(USERS)}", schedule_id, _action(random, schedule_id), details, wishes)


def _action(random: Random, schedule_id: str) -> Action:
    """The subject is the schedule's id, so that a provider can be told whom to refuse."""
    if random.random() < 0.5:
        return Action("event", {"detail_type": schedule_id, "detail": {}})
    return Action("email", {"to": ["user@example.com"], "subject": schedule_id, "text": "It is time."})


def _details(random: Random, calendar: Calendar, *, is_one_time: bool) -> dict[str, Any]:
    details: dict[str, Any] = {
        "flexible_window_minutes": random.choice([0] * 8 + [15, 60]),
        "retry": random.choice(RETRIES),
        "on_unknown": random.choice([OnUnknown.RETRY, OnUnknown.STOP]),
        "on_missed": random.choice([None, None, OnMissed.RUN_NOW, OnMissed.SKIP]),
    }
    if is_one_time:
        return details
    some_days = [START.date() + timedelta(days=random.randrange(1, 30)) for _ in range(2)]
    return details | {
        "overlap": random.choice([Overlap.ALLOW, Overlap.ALLOW, Overlap.SKIP]),
        "exclusions": some_days if _is_often(calendar) and random.random() < 0.15 else None,
        "max_runs": random.randrange(1, 9) if random.random() < 0.1 else None,
        "pause_after_failures": random.choice([None, 0, 2, 3]),
    }


def _is_often(calendar: Calendar) -> bool:
    return len(calendar.instants) > 20


# Calendars


def _one_time(random: Random) -> Calendar:
    at = CREATED_BY + timedelta(minutes=random.randrange(int((END - CREATED_BY) / timedelta(minutes=1))))
    zone_name = random.choice(ZONES)
    instant, wall = min(oracle.shown_minutes(zone_name, START, END), key=lambda shown: abs(shown[0] - at))
    return Calendar(TimingSpec(at=wall.isoformat(), timezone=zone_name), (instant,))


def _recurring(random: Random, since: datetime = CREATED_BY) -> Calendar:
    calendar = _rate(random, since) if random.random() < 0.3 else _cron(random)
    if calendar.spec.end_at is None and random.random() < 0.2:
        end_at = since.replace(second=0) + timedelta(days=random.randrange(8, 25))
        instants = tuple(at for at in calendar.instants if at <= end_at)
        # One that never fires is refused.
        return Calendar(replace(calendar.spec, end_at=end_at), instants) if instants else calendar
    return calendar


def _cron(random: Random) -> Calendar:
    fields, zone_name = random.choice(CRONS), random.choice(ZONES)
    return Calendar(TimingSpec(cron=fields, timezone=zone_name), _fits(fields, zone_name))


@cache
def _fits(fields: str, zone_name: str) -> tuple[datetime, ...]:
    return tuple(oracle.occurrences(fields, zone_name, START, END + REST))


def _rate(random: Random, since: datetime) -> Calendar:
    period = random.choice(RATES)
    start_at = since.replace(second=0) + timedelta(hours=random.randrange(1, 100))
    until = start_at + timedelta(days=3) if period < timedelta(hours=1) else None
    spec = TimingSpec(rate=f"{period // timedelta(minutes=1)} minutes", start_at=start_at, end_at=until)
    count = ((until or END + REST) - start_at) // period + 1
    return Calendar(spec, tuple(start_at + period * number for number in range(count)))


# What users do


def _wishes(random: Random, calendar: Calendar, *, is_one_time: bool) -> tuple[Wish, ...]:
    if random.random() > 0.3:
        return ()
    at = _some_time(random, CREATED_BY, END - timedelta(days=3))
    verb = random.choice(["cancel", "pause", "pause_until", "change", "rename"])
    if verb == "pause":
        return _pause(random, calendar, at)
    if verb == "pause_until":
        until = at + timedelta(hours=random.randrange(2, 60))
        return (Wish(at, "pause", None, {"until": until}), Wish(until, "wakes", calendar))
    if verb == "change":
        later = _one_time_after(random, at) if is_one_time else _recurring(random, at)
        return (Wish(at, "change", later),)
    return (Wish(at, verb, None if verb == "cancel" else calendar),)


def _pause(random: Random, calendar: Calendar, at: datetime) -> tuple[Wish, ...]:
    resumed_at = _some_time(random, at + timedelta(hours=1), END)
    return (Wish(at, "pause", None), Wish(resumed_at, "resume", calendar))


def _one_time_after(random: Random, at: datetime) -> Calendar:
    instant = (at + timedelta(hours=random.randrange(3, 48))).replace(second=0)
    return Calendar(TimingSpec(at=instant), (instant,))


def _some_time(random: Random, first: datetime, last: datetime) -> datetime:
    """Half-way through a minute, when nothing is due."""
    minutes = random.randrange(int((last - first) / timedelta(minutes=1)))
    return (first + timedelta(minutes=minutes)).replace(second=30)
