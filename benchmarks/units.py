"""Counts the DynamoDB units of each operation of this project: `python -m benchmarks.units`.

The real code sends its requests to a table in memory (moto). `MeteredClient` adds up the units of each request by
DynamoDB's rules, because moto reports none. `operations()` has the charges of each operation: per table or index, and
per partition key and sort key.

Sources: DynamoDB Developer Guide, "DynamoDB Item sizes and formats", "DynamoDB read and write operations" and "Using
Global Secondary Indexes". A write costs one unit for each started KB of the larger of the item before and after. Each
operation of a transaction costs twice that, and so does a condition check. An index entry costs its own size, or twice
that (a delete and a put) if its key changes. A read costs one unit for each started 4 KB, half of it if it is
eventually consistent; a query adds up the sizes of its items first.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.core.dynamodb.repository import INDEXES as KEYS_BY_INDEX
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.ids import COUNT_SK
from chalicelib.core.timing.instants import iso
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import FakeGateway, FakeMaster, FakeStarter, StoppedClock
from notification.runner import Runner
from notification.settings import Settings
from notification.webhook_signer import Signer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chalicelib.core.model.schedule import Schedule

Item = dict[str, Any]

KEYS = ("PK", "SK")
INDEXES: dict[str, tuple[str, str]] = {index: names for index, names in KEYS_BY_INDEX.items() if index is not None}
KEYS_ONLY = "watch"
"""The index that holds keys alone. The other indexes hold whole items (terraform/modules/schedules_table)."""

TABLE = "table"
"""Name of the table itself in charges, beside the names of the indexes."""

KILOBYTE = 1024
READ_SIZE = 4 * KILOBYTE
IN_TRANSACTION = 2
EVENTUALLY = 0.5
OVERHEAD = 100
"""Bytes that DynamoDB adds to each stored item and index entry."""

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = timedelta(hours=12)
"""After the last second in which a delivery of a one-time schedule may still come."""

USER = "auth0|65f1c2a94b7d8e0012ab34cd"
RESOURCE = "contract-2027-004711"
USUAL: Mapping[str, Any] = {
    "user_id": USER,
    "name": "Remind the tenant of the rent",
    "resource_id": RESOURCE,
    "metadata": {"tenant": "t-88120", "language": "de"},
    "action": {"type": "email", "to": ["alice@example.com"], "subject": "Hello", "text": "It is time."},
}
"""A usual schedule: named, about a resource, with an email."""

ONCE: Mapping[str, Any] = {"after": timedelta(hours=1)}
DAILY: Mapping[str, Any] = {"cron": "0 9 * * ? *", "timezone": "Europe/Berlin"}
PAGE_SIZE = 20


class Charge(NamedTuple):
    """Units of one request at one place: an item of the table, or an entry of an index."""

    place: str
    """`table`, or the name of the index."""
    partition: str
    sort: str
    writes: float = 0
    reads: float = 0


class MeteredClient:
    """A DynamoDB client that passes each call on, and adds what it costs to `charges`; `calls` counts its operations.

    A refused write costs as much in the table as one that succeeds, and nothing in the indexes.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self.charges: list[Charge] = []
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        """Returns a call that is not metered, such as those that create the table."""
        return getattr(self._client, name)

    @property
    def base(self) -> float:
        """Write units of the table."""
        return sum(charge.writes for charge in self.charges if charge.place == TABLE)

    @property
    def indexes(self) -> float:
        """Write units of all indexes."""
        return self.units - self.base

    @property
    def units(self) -> float:
        """Write units of the table and its indexes."""
        return sum(charge.writes for charge in self.charges)

    def forget(self) -> None:
        self.charges, self.calls = [], Counter()

    def get_item(self, **request: Any) -> Any:
        answer = self._client.get_item(**request)
        self.calls["GetItem"] += 1
        key, size = plain(request["Key"]), size_of(plain(answer.get("Item", {})))
        weight = 1 if request.get("ConsistentRead") else EVENTUALLY
        self.charges.append(Charge(TABLE, key["PK"], key["SK"], reads=weight * read_units(size)))
        return answer

    def query(self, **request: Any) -> Any:
        answer = self._client.query(**request)
        self.calls["Query"] += 1
        size = sum(size_of(plain(item)) for item in answer["Items"])
        weight = 1 if request.get("ConsistentRead") else EVENTUALLY
        partition = request["ExpressionAttributeValues"][":pk"]["S"]
        place = request.get("IndexName", TABLE)
        self.charges.append(Charge(place, partition, "", reads=weight * read_units(size)))
        return answer

    def update_item(self, **update: Any) -> Any:
        return self._metered("UpdateItem", [update], lambda: self._client.update_item(**update), each=1)

    def delete_item(self, **delete: Any) -> Any:
        return self._metered("DeleteItem", [delete], lambda: self._client.delete_item(**delete), each=1)

    def transact_write_items(self, TransactItems: list[Any]) -> Any:  # noqa: N803 - boto3's name
        parts = [part for write in TransactItems for part in write.values()]
        return self._metered(
            "TransactWriteItems",
            parts,
            lambda: self._client.transact_write_items(TransactItems=TransactItems),
            each=IN_TRANSACTION,
        )

    def _metered(self, operation: str, parts: list[Any], call: Any, *, each: int) -> Any:
        before = [self._item(part) for part in parts]
        self.calls[operation] += 1
        try:
            return call()
        finally:
            for part, old in zip(parts, before, strict=True):
                new = self._item(part)
                key = _key_of(part)
                size = max(size_of(old), size_of(new))
                self.charges.append(Charge(TABLE, key["PK"], key["SK"], writes=each * write_units(size)))
                for name in INDEXES:
                    self.charges.extend(index_charges(name, old, new))

    def _item(self, part: Mapping[str, Any]) -> Item:
        source = part.get("Key") or part["Item"]
        key = {name: source[name] for name in KEYS}
        return plain(self._client.get_item(TableName=part["TableName"], Key=key, ConsistentRead=True).get("Item", {}))


def plain(typed: Mapping[str, Any]) -> Item:
    return {name: TypeDeserializer().deserialize(value) for name, value in typed.items()}


def write_units(size: int) -> int:
    return max(1, -(-size // KILOBYTE))


def read_units(size: int) -> int:
    return max(1, -(-size // READ_SIZE))


def size_of(item: Mapping[str, Any]) -> int:
    """Returns the size of an item in bytes, by DynamoDB's rules."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def index_charges(name: str, old: Item, new: Item) -> list[Charge]:
    """Returns what one index costs for one change of an item: nothing, an entry, or an entry removed and one added."""
    before, after = _entry(name, old), _entry(name, new)
    if before == after:
        return []
    if before and after and _index_key(name, before) == _index_key(name, after):
        size = max(size_of(before), size_of(after))
        return [Charge(name, *_index_key(name, after), writes=write_units(size))]
    entries = (entry for entry in (before, after) if entry)
    return [Charge(name, *_index_key(name, entry), writes=write_units(size_of(entry))) for entry in entries]


def _key_of(part: Mapping[str, Any]) -> Item:
    return plain({name: (part.get("Key") or part["Item"])[name] for name in KEYS})


def _entry(name: str, item: Item) -> Item:
    if not item.keys() >= {*INDEXES[name]}:
        return {}
    names: Iterable[str] = (*KEYS, *INDEXES[name]) if name == KEYS_ONLY else item
    return {attribute: item[attribute] for attribute in names}


def _index_key(name: str, entry: Item) -> tuple[str, str]:
    partition, sort = INDEXES[name]
    return entry[partition], entry[sort]


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, Decimal):
        # One byte for two significant digits, and one more; a sign is another.
        digits = len(value.normalize().as_tuple().digits)
        return (digits + 1) // 2 + 1 + (value < 0)
    if isinstance(value, dict):
        return 3 + len(value) + size_of(value)
    return 3 + len(value) + sum(map(_size, value))


# The operations


@dataclass(frozen=True)
class Operation:
    """What one operation costs."""

    charges: tuple[Charge, ...]
    calls: Mapping[str, int]
    """Calls to DynamoDB by operation."""

    def writes(self, place: str | None = None) -> float:
        """Returns the write units at one place, or at all places."""
        return sum(charge.writes for charge in self.charges if place in (None, charge.place))

    def reads(self, place: str | None = None) -> float:
        """Returns the read units at one place, or at all places."""
        return sum(charge.reads for charge in self.charges if place in (None, charge.place))

    def without_queries(self) -> Operation:
        """Returns the cost without the queries of the index `watch`, which a sweep sends even if nothing is due."""
        kept = tuple(charge for charge in self.charges if not (charge.place == KEYS_ONLY and charge.reads))
        return Operation(kept, {name: number for name, number in self.calls.items() if name != "Query"})

    def by_partition(self) -> dict[tuple[str, str], tuple[float, float]]:
        """Returns (write units, read units) by (place, partition key)."""
        found: dict[tuple[str, str], tuple[float, float]] = {}
        for charge in self.charges:
            writes, reads = found.get((charge.place, charge.partition), (0, 0))
            found[charge.place, charge.partition] = writes + charge.writes, reads + charge.reads
        return found


@dataclass
class Provider:
    """A provider of emails that accepts each, or refuses each with a transient error while `is_down`."""

    is_down: bool = False

    def __call__(self, _service: str) -> Provider:
        return self

    def send_email(self, **_request: Any) -> Mapping[str, Any]:
        if self.is_down:
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}, "SendEmail")
        return {"MessageId": "1"}


@dataclass
class Stage:
    """The service, the Lambda's runner and the sweeper on one metered table, with a stopped clock."""

    meter: MeteredClient
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(NOON))
    gateway: FakeGateway = field(default_factory=FakeGateway)
    starter: FakeStarter = field(default_factory=FakeStarter)
    provider: Provider = field(default_factory=Provider)

    def __post_init__(self) -> None:
        repository, clock = DynamoRepository(cast("Any", self.meter), TABLE), self.clock
        self.service = SchedulerService(repository, self.gateway, self.starter, clock=clock, sleep=clock.sleep)
        # One shard after the other, because the reads before and after a write must see no other write.
        self.sweeper = Sweeper(repository, self.gateway, self.starter, clock=clock, sleep=clock.sleep, shards_at_once=1)
        unused: Any = None
        claim_ids = count(1)
        self.runner = Runner(
            repository,
            unused,
            _SETTINGS,
            aws=self.provider,
            signer=Signer(repository, FakeMaster(), clock),
            clock=clock,
            new_id=lambda: f"{next(claim_ids):032x}",
        )

    def create(self, timing: Mapping[str, Any]) -> Schedule:
        create = self.service.create_one_time if "after" in timing else self.service.create_recurring
        return create(**USUAL, **timing)

    def deliver(self, schedule: Schedule) -> None:
        """Delivers the schedule's next occurrence to the Lambda, at its time."""
        current = self.service.get(schedule.user_id, schedule.schedule_id)
        self.meter.forget()
        request: Any = self.gateway.find(schedule.user_id, schedule.schedule_id)
        at = cast("datetime", current.next_run_at)
        event = json.loads(request["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", iso(at)))
        self.clock.now = at
        self.runner.handle(event, timedelta(seconds=30))

    def sweep(self) -> None:
        self.sweeper.sweep(stop_at=self.clock.now + timedelta(seconds=50))

    def cost(self) -> Operation:
        """Returns what was spent since the last call of this method."""
        operation = Operation(tuple(self.meter.charges), dict(self.meter.calls))
        self.meter.forget()
        return operation


_SETTINGS = Settings(
    table_name=TABLE,
    work_dead_letter_queue_url="",
    sender_address="tasks@example.com",
    event_bus_name="default",
    reports_bucket="",
    keep_runs=timedelta(days=90),
    webhook_master_secret_arn="",
    loopback_webhooks=False,
)


def operations() -> dict[str, Operation]:
    """Returns the cost of each operation for a usual schedule, by name. Each part has a table of its own."""
    found: dict[str, Operation] = {}
    for part in (_usual, _interrupted, _retried, _missed, _lists):
        with mock_aws():
            found |= part(new_stage())
    return found


def new_stage() -> Stage:
    """Returns a stage with an empty table. Needs moto's `mock_aws`."""
    client = boto3.Session("key", "secret", region_name="eu-central-1").client("dynamodb")
    create_table(client, TABLE)
    return Stage(MeteredClient(client))


def _usual(stage: Stage) -> dict[str, Operation]:
    found = {}
    one_time = stage.create(ONCE)
    found["create, one-time"] = stage.cost()
    daily = stage.create(DAILY)
    found["create, recurring"] = stage.cost()
    stage.sweep()
    found["sweep, nothing due"] = stage.cost()
    stage.deliver(one_time)
    found["run, one-time"] = stage.cost()
    stage.deliver(daily)
    found["run, recurring"] = stage.cost()
    return found


def _interrupted(stage: Stage) -> dict[str, Operation]:
    found = {}
    daily = stage.create(DAILY)
    stage.cost()
    stage.service.pause(USER, daily.schedule_id)
    found["pause"] = stage.cost()
    stage.service.resume(USER, daily.schedule_id)
    found["resume"] = stage.cost()
    stage.service.cancel(USER, daily.schedule_id)
    found["cancel"] = stage.cost()
    return found


def _retried(stage: Stage) -> dict[str, Operation]:
    """A first attempt that the provider refuses, and a second one that succeeds."""
    found = {}
    schedule = stage.create(ONCE)
    stage.provider.is_down = True
    stage.deliver(schedule)
    found["run, failed attempt"] = stage.cost()
    stage.provider.is_down = False
    stage.clock.now += timedelta(minutes=2)
    stage.sweep()
    found["sweep, per due retry"] = stage.cost().without_queries()
    (event,) = stage.starter.events
    stage.runner.handle(event, timedelta(seconds=30))
    found["run, second attempt"] = stage.cost()
    return found


def _missed(stage: Stage) -> dict[str, Operation]:
    """An occurrence that EventBridge never delivered."""
    stage.create(ONCE)
    stage.clock.now += LATER
    stage.cost()
    stage.sweep()
    return {"sweep, per missed occurrence": stage.cost().without_queries()}


def _lists(stage: Stage) -> dict[str, Operation]:
    stage.create(ONCE)
    _copy_schedule(stage.meter, PAGE_SIZE - 1)
    stage.cost()
    stage.service.list_for_user(USER, limit=PAGE_SIZE)
    of_user = stage.cost()
    stage.service.list_for_resource(RESOURCE, limit=PAGE_SIZE)
    return {f"list of a user, {PAGE_SIZE}": of_user, f"list of a resource, {PAGE_SIZE}": stage.cost()}


def _copy_schedule(client: MeteredClient, copies: int) -> None:
    """Adds copies of the only schedule, as large as it is. A create takes longer."""
    (item,) = (item for item in client.scan(TableName=TABLE)["Items"] if "by_time_sk" in item)
    for number in range(copies):
        names = ("SK", "by_time_sk", "by_resource_sk")
        client.put_item(
            TableName=TABLE, Item=item | {name: {"S": f"{item[name]['S'][:-2]}{number:02}"} for name in names}
        )


def stored_bytes() -> dict[str, int]:
    """Returns the bytes stored for a usual schedule and for a run, with the index entries of each.

    DynamoDB adds 100 bytes to each item and index entry (Developer Guide, "Estimate storage costs").
    """
    with mock_aws():
        stage = new_stage()
        daily = stage.create(DAILY)
        of_schedule = _stored(stage.meter)
        stage.deliver(daily)
        return {"schedule": of_schedule, "run": _stored(stage.meter) - of_schedule}


def _stored(client: MeteredClient) -> int:
    return stored_by_place(client).total()


def stored_by_place(client: MeteredClient) -> Counter[str]:
    """Returns the bytes stored in the table and in each index."""
    found: Counter[str] = Counter()
    for item in (plain(typed) for typed in client.scan(TableName=TABLE)["Items"] if typed["SK"]["S"] != COUNT_SK):
        for place, entry in {TABLE: item, **{name: _entry(name, item) for name in INDEXES}}.items():
            if entry:
                found[place] += size_of(entry) + OVERHEAD
    return found


def create_table(client: Any, name: str) -> None:
    """Creates the table of terraform/modules/schedules_table."""
    names = sorted({name for keys in (KEYS, *INDEXES.values()) for name in keys})
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_schema(KEYS),
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in names],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _schema(keys),
                "Projection": {"ProjectionType": "KEYS_ONLY" if index == KEYS_ONLY else "ALL"},
            }
            for index, keys in INDEXES.items()
        ],
    )


def _schema(keys: tuple[str, str]) -> list[Mapping[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)]


def table(costs: Mapping[str, Operation]) -> str:
    """Returns the units of each operation as a table in Markdown."""
    places = (TABLE, *INDEXES)
    lines = [
        f"| operation | write units | {' | '.join(places)} | read units | calls |",
        f"|---|{'---|' * (len(places) + 3)}",
    ]
    for name, cost in costs.items():
        cells = [cost.writes(), *map(cost.writes, places), cost.reads()]
        lines.append(f"| {name} | {' | '.join(f'{cell:g}' for cell in cells)} | {sum(cost.calls.values())} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(operations()))
    print(", ".join(f"{size:,} bytes per {what}" for what, size in stored_bytes().items()))
