"""Each port, once as the fake and once as the real thing: our adapter over boto3, and the local cloud behind it."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.aws.eventbridge import EventBridgeGateway
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.errors import StoreRefused
from chalicelib.core.model.ids import scheduler_name
from chalicelib.testing import FakeGateway, InMemoryRepository
from chalicelib.testing.gateway import NAMES
from local.moto_backends.dynamodb_conflicts import Conflicts
from local.scheduler.testing import stage
from tests.builders import NOW
from tests.tables import dynamodb, table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

    from chalicelib.core.model.ports import ScheduleRepository, SchedulerGateway
    from chalicelib.core.model.schedule import Schedule

    Item = Mapping[str, Any] | None
    Keys = frozenset[tuple[str, str]]

__all__ = ["dynamodb", "table_name"]

SET_BY_AWS = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")


@dataclass(frozen=True)
class Store:
    """A repository, a look at what it stores under a key, the keys that one transaction writes, and a way to store what
    another release wrote.

    Transactions and other writes conflict per item: two that share no key never do (DynamoDB Developer Guide,
    transaction-apis-conflicts). `transaction` does something that is one transaction.
    """

    repository: ScheduleRepository
    item: Callable[[Mapping[str, str]], Item]
    transaction: Callable[[Callable[[], object]], Keys]
    put: Callable[[Mapping[str, Any]], None]
    put_all: Callable[[Sequence[Mapping[str, Any]]], bool]
    """In one transaction. Whether the table accepted it."""
    lag: Callable[[timedelta], None]
    """Lets lists be behind by so much, from now on."""
    meanwhile: Callable[[Callable[[], None]], AbstractContextManager[None]]
    """In each transaction, others do this after its beginning and before its end."""


@dataclass(frozen=True)
class Engine:
    """A gateway, and a look at what EventBridge has of a schedule: GetSchedule's answer, as far as we sent it."""

    gateway: SchedulerGateway
    find: Callable[[Schedule], Mapping[str, Any] | None]


@pytest.fixture(params=["in memory", "DynamoDB"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "in memory":
        yield _store_in_memory()
        return
    client, name = request.getfixturevalue("dynamodb"), request.getfixturevalue("table_name")
    store = _store_in_dynamodb(client, name)
    yield store
    store.lag(timedelta(0))


def _store_in_memory() -> Store:
    fake = InMemoryRepository()
    return Store(
        repository=fake,
        item=lambda key: fake.items.get((key["PK"], key["SK"])),
        transaction=partial(_written_in_memory, fake),
        put=partial(_keep, fake),
        put_all=partial(_put_all_in_memory, fake),
        lag=lambda by: fake.lag_behind(lambda: datetime.now(UTC), lambda: by),
        meanwhile=partial(_meanwhile_in_memory, fake),
    )


def _store_in_dynamodb(client: DynamoDBClient, name: str) -> Store:
    return Store(
        repository=DynamoRepository(client, name, sleep=no_sleep),
        item=partial(_item, client, name),
        transaction=partial(_written_in_transaction, client),
        put=partial(_put, client, name),
        put_all=partial(_put_all, client, name),
        lag=partial(_lag, client),
        meanwhile=_meanwhile_in_dynamodb,
    )


@pytest.fixture
def patient(store: Store) -> Store:
    """Its repository waits for transactions to end, in no time."""
    if isinstance(store.repository, DynamoRepository):
        store.repository._sleep = lambda _: None
    return store


@pytest.fixture
def repository(store: Store) -> ScheduleRepository:
    return store.repository


@pytest.fixture(params=["in memory", "EventBridge Scheduler"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "in memory":
        fake = FakeGateway()
        yield Engine(fake, lambda schedule: fake.find(schedule.user_id, schedule.schedule_id))
        return
    with stage(NOW) as scheduler:
        scheduler.client.create_schedule_group(Name=NAMES.group)
        gateway = EventBridgeGateway(scheduler.client, NAMES, sleep=no_sleep)
        yield Engine(gateway, lambda schedule: _get_schedule(scheduler.client, schedule))


def _written_in_memory(fake: InMemoryRepository, work: Callable[[], object]) -> Keys:
    before = dict(fake.items)
    work()
    return frozenset(key for key, item in fake.items.items() if before.get(key) is not item)


def _written_in_transaction(client: DynamoDBClient, work: Callable[[], object]) -> Keys:
    """Conditions count as well: what only checks an item conflicts with its writers all the same."""
    sent: list[Mapping[str, Any]] = []

    def note(params: Mapping[str, Any], **_: object) -> None:
        sent.append(params)

    event = "provide-client-params.dynamodb.TransactWriteItems"
    client.meta.events.register(event, note)
    try:
        work()
    finally:
        client.meta.events.unregister(event, note)
    (transaction,) = sent
    writes = [write for part in transaction["TransactItems"] for write in part.values()]
    keys = [write.get("Key") or write["Item"] for write in writes]
    return frozenset((key["PK"]["S"], key["SK"]["S"]) for key in keys)


def no_sleep(seconds: float) -> None:
    raise AssertionError(f"nothing here is to wait, and yet it would for {seconds} s")


def _keep(fake: InMemoryRepository, item: Mapping[str, Any]) -> None:
    fake.items[item["PK"], item["SK"]] = dict(item)


def _put(client: DynamoDBClient, table_name: str, item: Mapping[str, Any]) -> None:
    serialize = TypeSerializer().serialize
    client.put_item(TableName=table_name, Item={name: serialize(value) for name, value in item.items()})


def _put_all_in_memory(fake: InMemoryRepository, items: Sequence[Mapping[str, Any]]) -> bool:
    try:
        fake.write_all([dict(item) for item in items])
    except StoreRefused:
        return False
    return True


def _put_all(client: DynamoDBClient, table_name: str, items: Sequence[Mapping[str, Any]]) -> bool:
    serialize = TypeSerializer().serialize
    typed = [{name: serialize(value) for name, value in item.items()} for item in items]
    try:
        client.transact_write_items(TransactItems=[{"Put": {"TableName": table_name, "Item": item}} for item in typed])
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return False
    return True


def _lag(client: DynamoDBClient, by: timedelta) -> None:
    body = json.dumps({"seconds": by.total_seconds()}).encode()
    with urlopen(Request(f"{client.meta.endpoint_url}/_local/table-lag", body), timeout=10):  # noqa: S310 - loopback
        pass


@contextmanager
def _meanwhile_in_memory(fake: InMemoryRepository, work: Callable[[], None]) -> Iterator[None]:
    fake.meanwhile = _once_at_a_time(work)
    try:
        yield
    finally:
        fake.meanwhile = None


@contextmanager
def _meanwhile_in_dynamodb(work: Callable[[], None]) -> Iterator[None]:
    before, Conflicts.meanwhile = Conflicts.meanwhile, staticmethod(_once_at_a_time(work))
    try:
        yield
    finally:
        Conflicts.meanwhile = before


def _once_at_a_time(work: Callable[[], None]) -> Callable[..., None]:
    """Nothing more happens within what the others do."""
    at_work = Lock()

    def act(*_: object) -> None:
        if at_work.acquire(blocking=False):
            try:
                work()
            finally:
                at_work.release()

    return act


def _item(client: DynamoDBClient, table_name: str, key: Mapping[str, str]) -> Item:
    typed = {name: {"S": value} for name, value in key.items()}
    response = client.get_item(TableName=table_name, Key=typed, ConsistentRead=True)
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in response["Item"].items()} if "Item" in response else None


def _get_schedule(client: EventBridgeSchedulerClient, schedule: Schedule) -> Mapping[str, Any] | None:
    name = scheduler_name(schedule.user_id, schedule.schedule_id)
    try:
        found = client.get_schedule(Name=name, GroupName=NAMES.group)
    except client.exceptions.ResourceNotFoundException:
        return None
    return {key: value for key, value in found.items() if key not in SET_BY_AWS}
