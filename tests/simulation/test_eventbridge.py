"""The simulated EventBridge and Lambda queue behave as AWS does, without using the project's code."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.timing import oracle
from tests.notification.world import NOON
from tests.simulation.aws_calendar import AwsCalendar, Law, with_fixed_clocks
from tests.simulation.simulator import A_DAY, A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = [
    *("0 9 * * ? *", "30 2 * * ? *", "0/20 1-3 * * ? *", "0 9 ? * L *", "15 10 ? * 2#5 *", "0 12 LW * ? *"),
    *("0 6 31 * ? *", "0 9 1W * ? *", "5 20-2 ? * FRI-MON *", "0 0 29 2 ? *", "0 9 1 6 ? 2028"),
]
AROUND_BOTH_SHIFTS = (datetime(2027, 3, 20, tzinfo=UTC), datetime(2027, 11, 5, tzinfo=UTC))
SINCE = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("fields", MANY)
def test_it_fires_a_cron_when_a_walk_through_all_minutes_says_so(fields: str) -> None:
    begin, end = AROUND_BOTH_SHIFTS

    fired = list(_until(AwsCalendar(_request(f"cron({fields})", "Europe/Berlin")), begin, end))

    assert fired == oracle.occurrences(fields, "Europe/Berlin", begin, end)


def test_a_rate_counts_from_the_whole_minute_of_its_start_and_stops_at_its_end() -> None:
    start = NOON + timedelta(minutes=15, seconds=30)
    request = _request("rate(15 minutes)", StartDate=start, EndDate=NOON + AN_HOUR)

    fired = list(_until(AwsCalendar(request), NOON, NOON + A_DAY))

    assert fired == [NOON + number * 15 * A_MINUTE for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("offset", "summer", "winter"),
    [("CET-1", "2027-07-01T11:00Z", "2027-12-01T11:00Z"), ("CEST-2", "2027-07-01T10:00Z", "2027-12-01T10:00Z")],
)
def test_a_zone_may_have_a_law_that_the_product_does_not_know(offset: str, summer: str, winter: str) -> None:
    law = with_fixed_clocks("Europe/Berlin", offset, since=SINCE)

    assert _once("2027-07-01T12:00:00", law) == datetime.fromisoformat(summer)
    assert _once("2027-12-01T12:00:00", law) == datetime.fromisoformat(winter)
    assert _once("2026-07-01T12:00:00", law) == datetime.fromisoformat("2026-07-01T10:00Z")


def test_its_calendar_imports_nothing_of_the_product() -> None:
    code = "import sys, tests.simulation.aws_calendar; print([n for n in sys.modules if n.startswith('chalicelib')])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_it_removes_what_ends_with_its_last_invocation_and_nothing_else(life: Life) -> None:
    once, ending, endless = life.one_time(), life.recurring(end_at=NOON + AN_HOUR), life.recurring()

    life.travel(AN_HOUR - A_MINUTE)
    assert all(life.in_eventbridge(schedule) for schedule in (once, ending, endless))
    life.travel(A_MINUTE)

    assert [life.in_eventbridge(schedule) is None for schedule in (once, ending, endless)] == [True, True, False]


def test_without_its_group_it_has_nothing_and_fires_nothing(life: Life) -> None:
    schedule = life.recurring()
    life.sweeps_down = True
    life.bridge.lose_group()

    life.travel(AN_HOUR)

    assert life.fired == []
    assert not life.bridge.has(schedule)


def test_lambda_keeps_an_event_no_longer_than_its_age(life: Life) -> None:
    life.one_time()
    life.sweeps_down = life.queue.is_down = True

    life.travel(2 * AN_HOUR)
    assert life.queue.on_failure == []
    life.travel(5 * A_MINUTE)

    assert life.fired == life.queue.on_failure
    assert life.queue.events == []


def test_eventbridge_tries_an_invocation_that_is_refused_until_it_is_too_old(life: Life) -> None:
    life.one_time()
    life.refuse_invokes()

    life.travel(AN_HOUR + 59 * A_MINUTE)
    assert life.queue.undelivered == []
    life.travel(A_MINUTE)

    assert life.fired == life.queue.undelivered


def _request(expression: str, zone: str = "UTC", **dates: datetime) -> dict[str, Any]:
    return {"ScheduleExpression": expression, "ScheduleExpressionTimezone": zone, **dates}


def _once(wall: str, law: Law) -> datetime | None:
    return AwsCalendar(_request(f"at({wall})", "Europe/Berlin"), law).following(SINCE - 300 * A_DAY)


def _until(calendar: AwsCalendar, after: datetime, end: datetime) -> Iterator[datetime]:
    while (following := calendar.following(after)) is not None and following <= end:
        yield following
        after = following


def test_the_look_up_does_not_depend_on_where_it_is_entered() -> None:
    calendar = AwsCalendar(_request("cron(0/7 * * * ? *)", "Europe/Berlin"))
    entered_late = calendar.following(NOON + A_DAY)
    instants = list(_until(calendar, NOON, NOON + A_DAY + AN_HOUR))

    assert entered_late in instants
    assert all(one < other for one, other in pairwise(instants))
