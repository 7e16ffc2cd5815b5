"""Measures the DynamoDB of the local cloud: `python -m benchmarks local_table`.

A page of 100 is measured beside plain moto, a sweep alone. The calls and read capacity units of a list are AWS's: they
are counted from the answers, with DynamoDB's sizes and roundings.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from math import ceil
from time import process_time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.core.request import Request
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from benchmarks.measure import Goal, Measured, Row
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.ids import by_time_pk, watch_pk
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import FakeGateway, FakeStarter
from local.endpoint.server import HOST, Server
from local.environment import ACCOUNT
from local.moto_backends.application import Aws
from local.moto_backends.dynamodb_limits import item_bytes
from local.testing import REGION
from tests.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Respond = Callable[[Request], Response]

TABLE, USER, LIMIT = "schedules", "alice", 100
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ACTION = {"type": "email", "to": ["alice@example.com"], "subject": "Hello", "text": "It is time."}
_MOST_WITH_ROUNDS = 10_000
"""Among more items, a page of plain moto takes 15 s, so it is measured once."""
_UNIT_BYTES = 4096
_EVENTUALLY_CONSISTENT = 0.5


@dataclass
class _Counting:
    """A DynamoDB client that also sums the read capacity units of its queries."""

    client: Any
    calls: int = 0
    units: float = 0

    def query(self, **request: Any) -> Any:
        answer = self.client.query(**request)
        self.calls += 1
        size = sum(map(item_bytes, answer["Items"]))
        self.units += ceil(size / _UNIT_BYTES) * (1 if request.get("ConsistentRead") else _EVENTUALLY_CONSISTENT)
        return answer


@dataclass
class _Ours:
    pages: list[Measured] = field(default_factory=list)
    calls: list[Measured] = field(default_factory=list)
    units: list[Measured] = field(default_factory=list)


def rows(rounds: int, numbers: tuple[int, ...] = (100, 10_000, 100_000), live: int = 10_000) -> list[Row]:
    """Plain moto is measured first, because the local cloud changes moto in the whole process."""
    plain = {number: _of_plain_moto(number, rounds if number <= _MOST_WITH_ROUNDS else 1) for number in numbers}
    ours = _Ours()
    for number in numbers:
        with _table(Aws().respond) as client:
            _fill(client, number)
            what = f"among {number:,}"
            pages = _pages(client.respond, rounds)
            counting: Any = _Counting(client.boto)
            service = SchedulerService(DynamoRepository(counting, TABLE), FakeGateway(), FakeStarter())
            found = service.list_for_user(USER, limit=LIMIT)
            if len(found.items) != min(number, LIMIT):
                raise AssertionError(len(found.items))
        ours.pages.append(Measured(what, pages, {"moto": plain[number]}))
        ours.calls.append(Measured(what, (float(counting.calls),)))
        ours.units.append(Measured(what, (counting.units,)))
    return [
        Row("page of 100 items, local DynamoDB", "ms of CPU", Goal("amount", 15), tuple(ours.pages)),
        Row(
            f"sweep of {live:,} live schedules, local DynamoDB", "s of CPU", Goal("amount", 2), (_sweeps(live, rounds),)
        ),
        Row("list of 100 schedules", "calls of DynamoDB", Goal("amount", 1), tuple(ours.calls)),
        Row("list of 100 schedules", "read capacity units", Goal("amount", 10), tuple(ours.units)),
    ]


def _of_plain_moto(number: int, rounds: int) -> tuple[float, ...]:
    BackendDict.reset()
    application = DomainDispatcherApplication(create_backend_app)

    def respond(request: Request) -> Response:
        body = request.get_data()
        environ = request.environ | {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return Response.from_app(application, environ, buffered=True)

    with _table(respond) as client:
        _fill(client, number)
        return _pages(client.respond, rounds, warm=rounds > 1)


@dataclass(frozen=True)
class _Client:
    boto: Any
    respond: Respond


@contextmanager
def _table(respond: Respond) -> Iterator[_Client]:
    """Yields a client of a DynamoDB that has an empty table."""
    server = Server(0, respond)
    server.start()
    try:
        boto: Any = boto3.Session("key", "secret", region_name=REGION).client(
            "dynamodb", endpoint_url=f"http://{HOST}:{server.port}", config=Config(max_pool_connections=20)
        )
        create_table(boto, TABLE)
        yield _Client(boto, respond)
        boto.close()
    finally:
        server.stop()


def _fill(client: _Client, number: int) -> None:
    """Adds this number of live schedules, which are copies of one: to write them all would take minutes."""
    service = SchedulerService(DynamoRepository(client.boto, TABLE), FakeGateway(), FakeStarter(), clock=lambda: NOW)
    made = service.create_one_time(user_id=USER, after="P30D", action=ACTION)
    stored = dynamodb_backends[ACCOUNT][REGION].tables[TABLE].items
    first = next(
        item
        for of_hash in stored.values()
        for item in of_hash.values()
        if item.range_key.value.endswith(made.schedule_id)
    )
    for each in range(1, number):
        schedule_id = f"{each:032x}"
        changed = {
            name: DynamoType({"S": first.attrs[name].value.replace(made.schedule_id, schedule_id)})
            for name in ("SK", "schedule_id", "by_time_sk")
        }
        changed["watch_pk"] = DynamoType({"S": watch_pk(first.hash_key.value, changed["SK"].value)})
        item = object.__new__(Item)
        item.hash_key, item.range_key, item.attrs = first.hash_key, changed["SK"], first.attrs | changed
        stored[item.hash_key][item.range_key] = item


def _pages(respond: Respond, rounds: int, *, warm: bool = True) -> tuple[float, ...]:
    if warm:
        _milliseconds(respond)
    return tuple(_milliseconds(respond) for _ in range(rounds))


def _milliseconds(respond: Respond) -> float:
    body = {
        "TableName": TABLE,
        "IndexName": "by_time",
        "Limit": LIMIT,
        "KeyConditionExpression": "by_time_pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": by_time_pk(USER, "active")}},
    }
    credential = f"key/20270301/{REGION}/dynamodb/aws4_request"
    request = Request(
        EnvironBuilder(
            method="POST",
            data=json.dumps(body),
            headers=[
                ("X-Amz-Target", "DynamoDB_20120810.Query"),
                ("Content-Type", "application/x-amz-json-1.0"),
                ("Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none"),
            ],
        ).get_environ()
    )
    begin = process_time()
    answer = respond(request)
    took = process_time() - begin
    if answer.status_code != 200 or not json.loads(answer.get_data())["Items"]:  # noqa: PLR2004
        raise AssertionError(answer.get_data())
    return took * 1000


def _sweeps(live: int, rounds: int) -> Measured:
    """Nothing is due, as in most minutes. The time is that of the sweeper, its client and the local DynamoDB."""
    with _table(Aws().respond) as client:
        _fill(client, live)
        sweeper = Sweeper(DynamoRepository(client.boto, TABLE), FakeGateway(), FakeStarter(), clock=lambda: NOW)
        _sweep(sweeper)
        return Measured("nothing due", tuple(_sweep(sweeper) for _ in range(rounds)))


def _sweep(sweeper: Sweeper) -> float:
    begin = process_time()
    report = sweeper.sweep(stop_at=NOW + timedelta(minutes=1))
    if report.counts:
        raise AssertionError(report)
    return process_time() - begin
