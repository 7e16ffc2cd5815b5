"""What creates and runs cost in DynamoDB's write units, for a usual schedule: named, about a resource, with a mail."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import pytest

from benchmarks.units import MeteredClient, index_charges, plain, size_of
from chalicelib.core.dynamodb import items
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.run import RunStatus
from tests.notification.world import A_MINUTE, EMAIL, World
from tests.tables import dynamodb, table_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.core.model.schedule import Schedule
    from chalicelib.testing import InMemoryRepository

__all__ = ["dynamodb", "table_name"]

USUAL: dict[str, Any] = {
    "user_id": "auth0|65f1c2a94b7d8e0012ab34cd",
    "name": "Remind the tenant of the rent",
    "resource_id": "contract-2027-004711",
    "metadata": {"tenant": "t-88120", "language": "de"},
    "action": EMAIL,
}


USUALLY = 1000
"""Bytes. A write unit has 1,024."""

ENTRY = {"PK": "p", "SK": "s", "by_time_pk": "t", "by_time_sk": "now"}


class RealTable(World):
    """The world on DynamoDB, with each write metered."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        super().__init__()
        self.table_name = table_name
        self.meter = MeteredClient(client)
        real = DynamoRepository(cast("DynamoDBClient", self.meter), table_name)
        self.repository = cast("InMemoryRepository", real)
        self.service = self.a_service()
        self.runner = self.a_runner()

    def cost_of_run(self, schedule: Schedule) -> float:
        """Of the run of its next occurrence."""
        standing = self.service.get(schedule.user_id, schedule.schedule_id)
        self.meter.forget()
        self.fire(self.event(standing))
        assert self.runs(schedule)[0].status is RunStatus.SUCCEEDED
        return self.meter.units

    def size(self, schedule: Schedule) -> int:
        """In bytes, of the record."""
        key = {name: {"S": value} for name, value in items.schedule_key(schedule).items()}
        return size_of(plain(self.meter.get_item(TableName=self.table_name, Key=key)["Item"]))


@pytest.fixture
def world(dynamodb: DynamoDBClient, table_name: str) -> RealTable:
    return RealTable(dynamodb, table_name)


def test_a_create_takes_13_write_units(world: RealTable) -> None:
    schedule = world.service.create_one_time(**USUAL, after=A_MINUTE)

    # Count 1 + intent 2 + body 2 + confirmation 1; of the indexes, 3 for new entries and 4 at the confirmation.
    assert (world.meter.base, world.meter.indexes) == (6, 7)
    assert world.size(schedule) < USUALLY


def test_a_one_time_run_takes_15_write_units(world: RealTable) -> None:
    schedule = world.service.create_one_time(**USUAL, after=A_MINUTE)

    # Claim 2 + 2, record 2 + 2, expiry of the body 2 (why: DynamoRepository._expire_action). Both lists change keys,
    # and the watch ends.
    assert world.cost_of_run(schedule) == 15
    assert world.size(schedule) < USUALLY


def test_a_recurring_run_takes_14_write_units_the_first_as_the_next(world: RealTable) -> None:
    schedule = world.service.create_recurring(**USUAL, cron="0 9 * * ? *", timezone="Europe/Berlin")

    assert [world.cost_of_run(schedule) for _ in range(2)] == [14, 14]
    assert world.size(schedule) < USUALLY


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"a": "xyz"}, 4),
        ({"a": "ü"}, 3),
        ({"a": True}, 2),
        ({"a": Decimal(0)}, 3),
        ({"a": Decimal(123)}, 4),
        ({"a": Decimal(12_000)}, 3),
        ({"a": Decimal(-1)}, 4),
        ({"a": []}, 4),
        ({"a": ["x", "y"]}, 8),
        ({"a": {"b": "x"}}, 7),
    ],
    ids=str,
)
def test_the_meter_knows_dynamodbs_sizes(item: dict[str, Any], size: int) -> None:
    assert size_of(item) == size


@pytest.mark.parametrize(
    ("before", "after", "cost"),
    [
        ({}, ENTRY, 1),
        (ENTRY, {}, 1),
        (ENTRY, ENTRY, 0),
        (ENTRY, ENTRY | {"name": "n"}, 1),
        (ENTRY, ENTRY | {"name": "n" * 1024}, 2),
        (ENTRY, ENTRY | {"by_time_sk": "later"}, 2),
    ],
    ids=["new", "gone", "same", "changed", "over 1 KB", "another key"],
)
def test_the_meter_knows_what_an_index_costs(before: dict[str, Any], after: dict[str, Any], cost: int) -> None:
    assert sum(charge.writes for charge in index_charges("by_time", before, after)) == cost
