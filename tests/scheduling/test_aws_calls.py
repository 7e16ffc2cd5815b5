"""How many calls to AWS each use case costs, counted on real clients: every call is money and lateness."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.api.routes.batch import BEGINS_WITHIN
from chalicelib.aws.eventbridge import EventBridgeGateway
from chalicelib.composition import PATIENCE
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeStarter
from chalicelib.testing.gateway import NAMES
from tests.builders import DAY, NOW, an_action
from tests.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.model.schedule import Schedule
    from chalicelib.testing import StoppedClock

PROJECT = Path(__file__).resolve().parents[2]
BEFORE_THE_SECOND_ATTEMPT = 0.05
"""Longest pause of botocore's standard mode after a time-out, in seconds. After a throttle it is a second, but that
answer comes at once.
"""


@pytest.fixture
def calls() -> list[str]:
    """Each request that left a client, by its operation."""
    return []


@pytest.fixture
def service(calls: list[str], clock: StoppedClock) -> Iterator[SchedulerService]:
    def count(model: Any, **_: Any) -> None:
        calls.append(model.name)

    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="eu-central-1")
        scheduler = boto3.client("scheduler", region_name="eu-central-1")
        create_table(dynamodb, "schedules")
        scheduler.create_schedule_group(Name=NAMES.group)
        for client in (dynamodb, scheduler):
            client.meta.events.register("before-call", count)
        gateway = EventBridgeGateway(scheduler, NAMES)
        yield SchedulerService(
            DynamoRepository(dynamodb, "schedules"), gateway, FakeStarter(), clock=clock, sleep=clock.sleep
        )


def test_a_create_is_four_calls(service: SchedulerService, calls: list[str]) -> None:
    _create(service)

    assert calls == ["UpdateItem", "TransactWriteItems", "CreateSchedule", "UpdateItem"]


def test_a_batch_is_counted_once_and_each_of_its_creates_is_three_calls(
    service: SchedulerService, calls: list[str]
) -> None:
    service.create_many("alice", [{"timing": {"after": "P1D"}, "action": an_action()}] * 2)

    # The first of the two UpdateItem counts the schedules, the others confirm them.
    assert Counter(calls) == {"UpdateItem": 1 + 2, "TransactWriteItems": 2, "CreateSchedule": 2}


def test_the_last_create_of_a_batch_is_answered_in_time_even_if_each_of_its_calls_times_out_once() -> None:
    config = vars(PATIENCE)
    attempt = config["connect_timeout"] + config["read_timeout"]
    call = config["retries"]["total_max_attempts"] * attempt + BEFORE_THE_SECOND_ATTEMPT
    time_limit = json.loads((PROJECT / ".chalice" / "config.json").read_text())["lambda_timeout"]

    # Counted on its own, as where the user has not room for the whole batch, a create is four calls.
    assert BEGINS_WITHIN.total_seconds() + 4 * call < time_limit


def test_a_cancel_is_four_calls(service: SchedulerService, calls: list[str]) -> None:
    schedule = _create(service)
    calls.clear()
    service.cancel("alice", schedule.schedule_id)

    assert calls == ["GetItem", "TransactWriteItems", "DeleteSchedule", "UpdateItem"]


def test_a_page_of_a_list_is_one_query(service: SchedulerService, calls: list[str]) -> None:
    for _ in range(3):
        _create(service)
    calls.clear()

    page = service.list_for_user("alice", limit=2)
    service.list_for_user("alice", limit=2, cursor=page.next_cursor)
    service.list_for_resource("contract-42", limit=2)
    assert calls == ["Query"] * 3


def test_a_search_of_a_user_with_few_schedules_is_a_query_for_each_status(
    service: SchedulerService, calls: list[str]
) -> None:
    _create(service)
    calls.clear()

    page = service.list_for_user("alice", status="any", search="no hit")
    assert (calls, page.searched, page.next_cursor) == (["Query"] * len(Status), 1, None)


def test_a_page_of_the_timeline_is_a_query_for_its_schedules_and_one_for_each_lane_that_ran(
    service: SchedulerService, calls: list[str]
) -> None:
    for _ in range(3):
        service.run_now("alice", _create(service).schedule_id)
    calls.clear()

    ahead = service.timeline("alice", since=NOW + DAY, until=NOW + 2 * DAY)
    assert (calls, len(ahead.items)) == (["Query"] * len(Status), 3)

    calls.clear()
    around = service.timeline("alice", since=NOW, until=NOW + 2 * DAY)
    assert calls == ["Query"] * (len(Status) + 3)
    assert [len(lane.runs) for lane in around.items] == [1, 1, 1]


def test_a_page_of_runs_is_one_query_and_a_look_whose_they_are(service: SchedulerService, calls: list[str]) -> None:
    schedule = _create(service)
    calls.clear()
    service.list_runs("alice", schedule.schedule_id)

    assert calls == ["GetItem", "Query"]


def _create(service: SchedulerService) -> Schedule:
    return service.create_one_time(user_id="alice", action=an_action(), at=NOW + DAY, resource_id="contract-42")
