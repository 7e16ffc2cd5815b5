"""Assorted schedules, travelled in one go, against an oracle that knows nothing of the parser or the engine.

The oracle walks through every minute of UTC, asks the zone what its clocks show then, and keeps the minutes that a
schedule's few numbers ask for. A repeated hour has fold=1 and does not count (UG:schedule-types, "Daylight saving").
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from chalicelib.core.timing.zones import zone
from local.scheduler.testing import stage
from tests.promises import Promise

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]  # in the order of date.weekday()

Days = Callable[[date], bool]


@dataclass
class Wall:
    """A cron as the oracle sees it: the clock times and the days on which it fires."""

    zone: str
    times: set[tuple[int, int]]
    days: Days


@dataclass
class Sample:
    """A schedule to be, and its scheduled times by the oracle."""

    members: dict[str, Any]
    start: datetime
    end: datetime
    wall: Wall | None = None
    expected: list[datetime] = field(default_factory=list)


@pytest.mark.parametrize(
    ("begin", "days", "count"),
    [
        pytest.param(datetime(2027, 3, 1, 8, tzinfo=UTC), 45, 40, id="every shift of the clocks in spring"),
        pytest.param(datetime(2027, 1, 15, 8, tzinfo=UTC), 365, 200, id="a year", marks=pytest.mark.long),
    ],
)
def test_every_firing_is_the_oracle_s_none_missing_and_none_twice(
    begin: datetime, days: int, count: int, promise: Promise
) -> None:
    samples = assorted(begin, begin + days * DAY, count)
    with stage(begin) as on:
        for sample in samples:
            on.create(**sample.members)
        on.agenda.advance(begin + (days + 1) * DAY)
        attempts = [(invocation.schedule_arn.rpartition("/")[2], when, invocation.scheduled_time)
                    for when, invocation in on.targets.invocations]  # fmt: skip
    windows = {sample.members["Name"]: window_of(sample) for sample in samples}
    planned = [(sample.members["Name"], instant) for sample in samples for instant in sample.expected]

    assert len(planned) > 20 * count
    assert sorted((name, scheduled_time) for name, _, scheduled_time in attempts) == sorted(planned)
    assert all(when >= earlier for (_, earlier, _), (_, when, _) in pairwise(attempts))
    assert all(timedelta() <= when - scheduled_time <= windows[name] for name, when, scheduled_time in attempts)
    promise(5, f"{count} assorted schedules over {days} days: {len(planned):,} firings, each the oracle's, none twice")


def assorted(begin: datetime, end: datetime, count: int) -> list[Sample]:
    rng = Random(20270101)  # noqa: S311  the same schedules each time
    samples = [a_sample(rng, number, begin, end) for number in range(count)]
    expect_walls(samples, begin, end)
    return samples


def a_sample(rng: Random, number: int, begin: datetime, end: datetime) -> Sample:
    kind = a_one_time if number % 10 == 0 else a_rate if number % 10 in {1, 2, 3} else a_cron
    sample = kind(rng, begin, end)
    sample.members["Name"] = f"s{number}"
    if number % 4 == 0:
        sample.members["FlexibleTimeWindow"] = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": rng.randint(1, 120)}
    return sample


def a_one_time(rng: Random, begin: datetime, end: datetime) -> Sample:
    zone_name = rng.choice(ZONES)
    instant = begin + timedelta(seconds=rng.randrange(int((end - begin).total_seconds())))
    wall = instant.astimezone(zone(zone_name))
    if wall.fold:
        return a_one_time(rng, begin, end)
    members = {"ScheduleExpression": f"at({wall:%Y-%m-%dT%H:%M:%S})", "ScheduleExpressionTimezone": zone_name}
    return Sample(members, begin, end, expected=[instant])


def a_rate(rng: Random, begin: datetime, end: datetime) -> Sample:
    start, stop, members = dates(rng, begin, end)
    value, unit, period = rng.choice([
        (rng.randint(1, 9), "days", DAY),
        (rng.randint(6, 100), "hours", timedelta(hours=1)),
        (rng.randint(300, 3000), "minutes", MINUTE),
    ])  # fmt: skip
    expected = [start + step * value * period for step in range((stop - start) // (value * period) + 1)]
    return Sample({"ScheduleExpression": f"rate({value} {unit})", **members}, start, stop, expected=expected)


def a_cron(rng: Random, begin: datetime, end: datetime) -> Sample:
    start, stop, members = dates(rng, begin, end)
    zone_name = rng.choice(ZONES)
    clock, times = a_clock(rng)
    calendar, days = a_calendar(rng)
    text = f"cron({clock} {calendar})"
    return Sample(
        {"ScheduleExpression": text, "ScheduleExpressionTimezone": zone_name, **members},
        start,
        stop,
        wall=Wall(zone_name, times, days),
    )


def dates(rng: Random, begin: datetime, end: datetime) -> tuple[datetime, datetime, dict[str, datetime]]:
    """Half of the schedules start later; all end, so that the last window is over before the clock advance is."""
    span = (end - begin) // MINUTE
    stop = end - rng.randrange(span // 4) * MINUTE
    if rng.random() < 0.5:
        return begin, stop, {"EndDate": stop}
    start = begin + rng.randrange(span // 4) * MINUTE
    return start, stop, {"StartDate": start, "EndDate": stop}


def a_clock(rng: Random) -> tuple[str, set[tuple[int, int]]]:
    """Minutes and hours, as cron fields and as clock times; often where clocks are changed."""
    hour, minute = rng.choice([0, 1, 2, 3, rng.randrange(24)]), rng.choice([0, 30, rng.randrange(60)])
    step = rng.choice([7, 15, 20])
    later = min(hour + rng.randint(1, 3), 23)
    return rng.choice([
        (f"{minute} {hour}", {(hour, minute)}),
        (f"{minute} {hour},{later}", {(hour, minute), (later, minute)}),
        (f"0/{step} {hour}", {(hour, each) for each in range(0, 60, step)}),
        (f"{minute} {hour}-{later}", {(each, minute) for each in range(hour, later + 1)}),
        (f"{minute} 22-1", {(each, minute) for each in (22, 23, 0, 1)}),
    ])  # fmt: skip


def a_calendar(rng: Random) -> tuple[str, Days]:
    """Day of month, month, day of week and year, as cron fields and as a question about a date."""
    weekday, nth = rng.randrange(7), rng.randint(1, 4)
    day = rng.choice([1, 15, 31])
    return rng.choice([
        ("* * ? *", lambda _: True),
        ("? * MON-FRI *", lambda d: d.weekday() < 5),
        ("? * FRI-MON *", lambda d: d.weekday() in {4, 5, 6, 0}),
        (f"{day},20 * ? *", lambda d: d.day in {day, 20}),
        ("L * ? *", lambda d: (d + DAY).month != d.month),
        (f"? * {(weekday + 1) % 7 + 1}#{nth} *", lambda d: d.weekday() == weekday and (d.day - 1) // 7 == nth - 1),
        (f"? * {(weekday + 1) % 7 + 1}L *", lambda d: d.weekday() == weekday and (d + 7 * DAY).month != d.month),
        (f"? * {WEEKDAYS[weekday]} 2027-2028", lambda d: d.weekday() == weekday),
        ("1/2 MAR,4-5 ? *", lambda d: d.day % 2 == 1 and d.month in {3, 4, 5}),
    ])  # fmt: skip


def expect_walls(samples: Iterable[Sample], begin: datetime, end: datetime) -> None:
    by_time: dict[tuple[str, int, int], list[tuple[Sample, Days]]] = defaultdict(list)
    for sample in samples:
        if wall := sample.wall:
            for hour, minute in wall.times:
                by_time[wall.zone, hour, minute].append((sample, wall.days))
    for name in ZONES:
        for instant, shown in minutes(name, begin, end):
            for sample, days in by_time.get((name, shown.hour, shown.minute), ()):
                if sample.start <= instant <= sample.end and days(shown.date()):
                    sample.expected.append(instant)


def minutes(zone_name: str, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Every minute that the clocks of the zone show for the first time: the instant, and what they show."""
    tz = zone(zone_name)
    for step in range((end - begin) // MINUTE + 1):
        instant = begin + step * MINUTE
        shown = instant.astimezone(tz)
        if not shown.fold:
            yield instant, shown


def window_of(sample: Sample) -> timedelta:
    window = sample.members.get("FlexibleTimeWindow", {})
    return timedelta(minutes=window.get("MaximumWindowInMinutes", 0))
