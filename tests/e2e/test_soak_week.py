"""A week of fifty schedules on the local cloud, real processes and the real zip, while calls fail now and then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.timing import oracle
from tests.e2e.client import Client
from tests.e2e.schedules import an_email, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.app.stack import Stack
    from tests.e2e.cloud import Clock, LocalCloud
    from tests.promises import Promise

pytestmark = [pytest.mark.e2e, pytest.mark.long]

WEEK = timedelta(days=7)
REST = timedelta(hours=3)
"""An occurrence that is missed is known to be two hours after it was due."""

CRONS = (
    ("0 9 * * ? *", "Europe/Berlin"),
    ("30 17 ? * MON-FRI *", "America/New_York"),
    ("0 0/8 * * ? *", "Australia/Sydney"),
    ("15 6 ? * SUN *", "UTC"),
)

FAULTS: tuple[dict[str, Any], ...] = (
    {"operation": "lambda:Invoke", "mode": "throttle", "times": 3},
    {"operation": "dynamodb:TransactWriteItems", "mode": "throttle", "times": 2},
    {"operation": "dynamodb:UpdateItem", "mode": "throttle", "times": 2},
    {"operation": "sesv2:SendEmail", "mode": "throttle", "times": 2},
    {"operation": "dynamodb:TransactWriteItems", "mode": "fail-after-work", "times": 1},
)
"""One for each day: the calls that come next are throttled, or their answers lost."""


@pytest.fixture
def walter(stack: Stack) -> Client:
    return Client(stack.api_url, stack.token("walter"))


@pytest.fixture
def _mended(cloud: LocalCloud) -> Iterator[None]:
    yield
    cloud.send("DELETE", "/_local/faults")


@pytest.mark.usefixtures("_mended")
def test_every_occurrence_of_a_week_is_in_the_ledger(
    cloud: LocalCloud, clock: Clock, walter: Client, promise: Promise
) -> None:
    begin = clock.now()
    schedules = [*one_time(walter, begin), *recurring(walter, begin)]
    for day in range(WEEK.days):
        assert cloud.send("POST", "/_local/faults", FAULTS[day % len(FAULTS)]).status == 201
        clock.travel(days=1)
    cloud.send("DELETE", "/_local/faults")
    end = clock.now()
    clock.travel_to(end + REST)

    told = {schedule["schedule_id"]: ledger(walter, schedule, end) for schedule, _ in schedules}
    expected = {schedule["schedule_id"]: between(times, begin, end) for schedule, times in schedules}
    assert {name: sorted(runs) for name, runs in told.items()} == expected
    statuses = [status for runs in told.values() for status in runs.values()]
    assert set(statuses) <= {"succeeded", "missed", "failed"}
    promise(3, f"50 schedules over a week on the local cloud: {len(statuses)} occurrences, all in the ledger")


def one_time(client: Client, begin: datetime) -> Iterator[tuple[dict[str, Any], list[datetime]]]:
    """Thirty, spread over the week."""
    for number in range(30):
        at = (begin + WEEK * (number + 1) / 32).replace(microsecond=0)
        timing = {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        yield client.create(timing=timing, action=an_email(f"once {number}")), [at]


def recurring(client: Client, begin: datetime) -> Iterator[tuple[dict[str, Any], list[datetime]]]:
    """Twenty, by the calendar of an oracle that shares nothing with the product but the time zone data."""
    for number in range(20):
        fields, zone_name = CRONS[number % len(CRONS)]
        timing = {"cron": fields, "timezone": zone_name}
        made = client.create(timing=timing, action=an_email(f"again {number}"))
        yield made, oracle.occurrences(fields, zone_name, begin, begin + WEEK + timedelta(days=1))


def between(times: list[datetime], begin: datetime, end: datetime) -> list[datetime]:
    return [at for at in times if begin < at <= end]


def ledger(client: Client, schedule: dict[str, Any], end: datetime) -> dict[datetime, str]:
    """The status of each of its runs that was due by then."""
    items = client.get(f"{path_of(schedule)}/runs?limit=100")["items"]
    runs = {datetime.fromisoformat(run["scheduled_time"]): run["status"] for run in items}
    return {at: status for at, status in runs.items() if at <= end}
