"""Which occurrences of a schedule are planned."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model.schedule import Status, Timing
from chalicelib.scheduling.lists.plans import plan_of
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_schedule, every_hour, once

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule

# The table of cases. It is NOW, 08:00 UTC on Monday, 1 March 2027. (case, schedule, window, planned), times as UTC.

TODAY = ("2027-03-01T00:00", "2027-03-02T00:00")
SIX_HOURS = ("2027-03-01T06:00", "2027-03-01T12:00")
THREE = ["2027-03-01T09:00", "2027-03-01T10:00", "2027-03-01T11:00"]
DAILY = Timing("cron(30 2 * * ? *)", "Europe/Berlin")


def daily(**fields: Any) -> Schedule:
    return a_schedule(timing=DAILY, **fields)


CASES: list[tuple[str, Schedule, tuple[str, str], list[str]]] = [
    ("after now, until before the end", a_schedule(timing=every_hour()), SIX_HOURS, THREE),
    (
        "a window that begins later",
        a_schedule(timing=every_hour()),
        ("2027-03-01T10:00", "2027-03-01T12:00"),
        THREE[1:],
    ),
    ("a window in the past", a_schedule(timing=every_hour()), ("2027-02-01T00:00", "2027-02-02T00:00"), []),
    ("a window that ends now", a_schedule(timing=every_hour()), ("2027-03-01T00:00", "2027-03-01T08:00"), []),
    ("once", a_schedule(timing=once(NOW + HOUR)), TODAY, ["2027-03-01T09:00"]),
    ("once, at the end of the window", a_schedule(timing=once(NOW + 16 * HOUR)), TODAY, []),
    # What is accounted for is not planned again.
    ("after the next run", a_schedule(timing=every_hour(), next_run_at=NOW + 2 * HOUR), SIX_HOURS, THREE[1:]),
    ("no next run", a_schedule(timing=every_hour(), next_run_at=None), SIX_HOURS, []),
    # EventBridge may be a minute late: the next occurrence stays planned until it has a run.
    ("due now", a_schedule(timing=every_hour(start_at=NOW), next_run_at=NOW), SIX_HOURS, ["2027-03-01T08:00", *THREE]),
    (
        "overdue",
        a_schedule(timing=every_hour(start_at=NOW - 5 * HOUR), next_run_at=NOW - 2 * HOUR),
        SIX_HOURS,
        ["2027-03-01T06:00", *THREE],
    ),
    (
        "overdue before the window",
        a_schedule(timing=every_hour(start_at=NOW - 5 * HOUR), next_run_at=NOW - 3 * HOUR),
        SIX_HOURS,
        THREE,
    ),
    # Its own end, and its exclusions.
    ("an end", a_schedule(timing=every_hour(end_at=NOW + 2 * HOUR)), SIX_HOURS, THREE[:2]),
    (
        "an excluded day",
        a_schedule(timing=every_hour(), exclusions=(date(2027, 3, 1),), next_run_at=NOW + 16 * HOUR),
        SIX_HOURS,
        [],
    ),
    (
        "an excluded day of its own zone",
        a_schedule(timing=Timing("cron(30 23,0 * * ? *)", "Europe/Berlin"), exclusions=(date(2027, 3, 1),)),
        ("2027-03-01T00:00", "2027-03-02T12:00"),
        ["2027-03-01T23:30"],
    ),
    # max_runs: what has run and what has begun is no longer planned.
    ("max_runs", a_schedule(timing=every_hour(), max_runs=2), SIX_HOURS, THREE[:2]),
    ("max_runs, one of them done", a_schedule(timing=every_hour(), max_runs=3, run_count=1), SIX_HOURS, THREE[:2]),
    ("max_runs, one of them begun", a_schedule(timing=every_hour(), max_runs=3, reserved=1), SIX_HOURS, THREE[:2]),
    ("max_runs, all done", a_schedule(timing=every_hour(), max_runs=3, run_count=3), SIX_HOURS, []),
    (
        "max_runs, before the window",
        a_schedule(timing=every_hour(), max_runs=2),
        ("2027-03-01T10:00", "2027-03-01T12:00"),
        [THREE[1]],
    ),
    (
        "max_runs, used up before",
        a_schedule(timing=every_hour(), max_runs=2),
        ("2027-03-01T11:00", "2027-03-01T12:00"),
        [],
    ),
    (
        "max_runs, one of them overdue",
        a_schedule(timing=every_hour(start_at=NOW - HOUR), next_run_at=NOW - HOUR, max_runs=2),
        SIX_HOURS,
        ["2027-03-01T07:00", "2027-03-01T09:00"],
    ),
    (
        "max_runs, an excluded day is not counted",
        daily(max_runs=2, exclusions=(date(2027, 3, 3),)),
        ("2027-03-01T00:00", "2027-03-10T00:00"),
        ["2027-03-02T01:30", "2027-03-04T01:30"],
    ),
    # Pauses
    ("paused", a_schedule(timing=every_hour(), status=Status.PAUSED, next_run_at=None), SIX_HOURS, []),
    (
        "paused until",
        a_schedule(timing=every_hour(), status=Status.PAUSED, next_run_at=None, paused_until=NOW + 2 * HOUR),
        SIX_HOURS,
        THREE[1:],
    ),
    (
        "paused until, and past it",
        a_schedule(timing=every_hour(), status=Status.PAUSED, next_run_at=None, paused_until=NOW - 2 * HOUR),
        SIX_HOURS,
        THREE,
    ),
    (
        "once, in a pause",
        a_schedule(timing=once(NOW + HOUR), status=Status.PAUSED, next_run_at=None, paused_until=NOW + DAY),
        TODAY,
        [],
    ),
    # Ended ones
    *(
        (status.value, a_schedule(timing=every_hour(), status=status), SIX_HOURS, [])
        for status in (Status.COMPLETED, Status.CANCELLED, Status.FAILED)
    ),
    # Daylight saving. 02:30 does not exist in Berlin on 28 March 2027, and exists twice on 31 October 2027.
    (
        "an occurrence that does not exist",
        daily(),
        ("2027-03-26T23:00", "2027-03-29T22:00"),
        ["2027-03-27T01:30", "2027-03-29T00:30"],
    ),
    (
        "an occurrence that exists twice",
        daily(),
        ("2027-10-30T00:00", "2027-11-01T12:00"),
        ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"],
    ),
    ("the second of two equal wall times", daily(), ("2027-10-31T01:00", "2027-10-31T02:00"), []),
    (
        "a rate in the hour that exists twice",
        a_schedule(timing=Timing("rate(30 minutes)", "Europe/Berlin", start_at=datetime(2027, 10, 31, tzinfo=UTC))),
        ("2027-10-31T00:00", "2027-10-31T02:00"),
        ["2027-10-31T00:00", "2027-10-31T00:30", "2027-10-31T01:00", "2027-10-31T01:30"],
    ),
]


@pytest.mark.parametrize(("schedule", "window", "planned"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_planned_are_the_occurrences_that_will_be_executed(
    schedule: Schedule, window: tuple[str, str], planned: list[str]
) -> None:
    since, until = map(at, window)
    plan = plan_of(schedule, (), since=since, now=NOW)
    edges = [since, since + (until - since) / 3, until]

    listed = plan.listed(until, 100) if plan else []
    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in listed] == planned
    may_have = plan is not None and plan.may_have_any(until)
    assert may_have == bool(planned) or (may_have and schedule.max_runs is not None)
    assert (plan.counted(edges) if plan else [0, 0]) == [
        sum(begin <= moment < end for moment in listed) for begin, end in pairwise(edges)
    ]


def test_an_overdue_occurrence_that_has_a_run_is_not_planned() -> None:
    schedule = a_schedule(timing=every_hour(start_at=NOW), next_run_at=NOW, max_runs=2, reserved=1)

    plan = plan_of(schedule, {NOW}, since=NOW - HOUR, now=NOW + SECOND)

    assert plan
    assert plan.listed(NOW + 3 * HOUR, 9) == [NOW + HOUR]


def test_a_plan_is_listed_up_to_a_number() -> None:
    plan = plan_of(a_schedule(timing=every_hour(start_at=NOW), next_run_at=NOW), (), since=NOW, now=NOW)

    assert plan
    assert plan.listed(NOW + DAY, 2) == [NOW, NOW + HOUR]
    assert plan.listed(NOW + DAY, 1) == [NOW]


@pytest.mark.parametrize("expression", ["cron(* * * * ? *)", "rate(1 minute)"])
def test_max_runs_limits_the_counts_of_an_every_minute_schedule(expression: str) -> None:
    timing = Timing(expression, "Europe/Berlin", start_at=NOW)
    schedule = a_schedule(timing=timing, next_run_at=NOW, max_runs=30_000, run_count=1000)
    plan, later = (plan_of(schedule, (), since=NOW + days * DAY, now=NOW - MINUTE) for days in (0, 20))
    edges = [NOW + number * timedelta(hours=14) for number in range(61)]

    assert plan
    assert later
    assert plan.counted(edges) == [840] * 34 + [440] + [0] * 25
    assert later.counted([NOW + 20 * DAY, NOW + 21 * DAY, NOW + 22 * DAY]) == [200, 0]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
