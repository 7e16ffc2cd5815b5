"""How many calls to AWS each use case costs, counted on real clients: every call is money and lateness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.aws.eventbridge import EventBridgeGateway
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeStarter
from chalicelib.testing.gateway import NAMES
from tests.builders import DAY, NOW, an_action
from tests.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.model.schedule import Schedule
    from chalicelib.testing import StoppedClock


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


def test_a_page_of_runs_is_one_query_and_a_look_whose_they_are(service: SchedulerService, calls: list[str]) -> None:
    schedule = _create(service)
    calls.clear()
    service.list_runs("alice", schedule.schedule_id)

    assert calls == ["GetItem", "Query"]


def _create(service: SchedulerService) -> Schedule:
    return service.create_one_time(user_id="alice", action=an_action(), at=NOW + DAY, resource_id="contract-42")
