"""DynamoRepository alone: what each of AWS's errors means, transactions that meet, and writes that the SDK repeats."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from chalicelib.core.dynamodb import items
from chalicelib.core.dynamodb.cursors import write_cursor
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.errors import InvalidCursor, StoreRefused, StoreUnavailable
from chalicelib.core.model import ids
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.core.model.span import opened_span
from tests.builders import HOUR, NOW, a_run, a_schedule, an_action, cancelled, changed, completed, every_hour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    Call = Callable[[DynamoRepository], object]

SCHEDULE = a_schedule()
RUN = a_run(SCHEDULE)

CALLS: dict[str, tuple[str, Call]] = {
    "create": ("transact_write_items", lambda table: table.create(SCHEDULE, an_action())),
    "get": ("get_item", lambda table: table.get("alice", "s1")),
    "get_action": ("get_item", lambda table: table.get_action(SCHEDULE)),
    "change": ("transact_write_items", lambda table: table.change(changed(SCHEDULE), replacing=SCHEDULE)),
    "confirm": ("update_item", lambda table: table.confirm(SCHEDULE)),
    "list_by_user": ("query", lambda table: table.list_by_user("alice", Status.ACTIVE, limit=9, cursor=None)),
    "list_by_resource": (
        "query",
        lambda table: table.list_by_resource("r", Status.ACTIVE, user_id=None, limit=9, cursor=None),
    ),
    "list_runs": ("query", lambda table: table.list_runs("alice", "s1", limit=9, cursor=None)),
    "claim": ("transact_write_items", lambda table: table.claim(RUN, expecting=SCHEDULE, replacing=None)),
    "finish": (
        "transact_write_items",
        lambda table: table.finish(RUN, replacing=RUN, expecting=SCHEDULE, updated=SCHEDULE),
    ),
}

every_method = pytest.mark.parametrize("method", CALLS)


@pytest.fixture
def client() -> DynamoDBClient:
    return boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def aws(client: DynamoDBClient) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def naps() -> list[float]:
    """The seconds that the repository waited."""
    return []


@pytest.fixture
def table(client: DynamoDBClient, naps: list[float]) -> DynamoRepository:
    return DynamoRepository(client, "schedules", sleep=naps.append)


@every_method
@pytest.mark.parametrize(
    ("code", "status"),
    [("ProvisionedThroughputExceededException", 400), ("ThrottlingException", 400), ("InternalServerError", 500)],
)
def test_a_throttle_is_unavailable(table: DynamoRepository, aws: Stubber, method: str, code: str, status: int) -> None:
    operation, call = CALLS[method]
    aws.add_client_error(operation, code, "not now", status)

    with pytest.raises(StoreUnavailable):
        call(table)


@every_method
@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_unavailable(
    table: DynamoRepository, client: DynamoDBClient, method: str, error: Exception
) -> None:
    _, call = CALLS[method]

    def fail(**_: Any) -> NoReturn:
        raise error

    client.meta.events.register("before-send", fail)

    with pytest.raises(StoreUnavailable):
        call(table)


@every_method
def test_a_fault_of_our_own_is_not_hidden(table: DynamoRepository, aws: Stubber, method: str) -> None:
    operation, call = CALLS[method]
    aws.add_client_error(operation, "AccessDeniedException", "not authorized", 400)

    with pytest.raises(ClientError, match="not authorized"):
        call(table)


REFUSED_KEYS = [
    ("ValidationException", "The provided starting key is invalid"),
    ("ValidationException", "One or more parameter values were invalid: Size of rangekey has exceeded the maximum"),
    ("SerializationException", "NUMBER_VALUE cannot be converted to String"),
]


@pytest.mark.parametrize(("code", "message"), REFUSED_KEYS)
def test_a_starting_key_that_dynamodb_does_not_take_is_an_invalid_cursor(
    table: DynamoRepository, aws: Stubber, code: str, message: str
) -> None:
    scope = ("", ids.schedule_pk("alice", "s1"), ids.RUN_PREFIX)
    aws.add_client_error("query", code, message, 400)

    with pytest.raises(InvalidCursor):
        table.list_runs("alice", "s1", limit=9, cursor=write_cursor(scope, ("RUN#" + "x" * 2000,)))


@pytest.mark.parametrize(("code", "message"), REFUSED_KEYS[1:])
def test_a_first_page_that_dynamodb_refuses_is_no_fault_of_a_cursor(
    table: DynamoRepository, aws: Stubber, code: str, message: str
) -> None:
    aws.add_client_error("query", code, message, 400)

    with pytest.raises((ClientError, StoreRefused)):
        table.list_runs("alice", "s1", limit=9, cursor=None)


@pytest.mark.parametrize("method", ["get", "get_action"])
def test_what_is_read_by_id_is_read_consistently(table: DynamoRepository, aws: Stubber, method: str) -> None:
    aws.add_response("get_item", {}, {"TableName": "schedules", "Key": ANY, "ConsistentRead": True})

    assert CALLS[method][1](table) is None


@pytest.mark.parametrize(
    ("read", "found"),
    [
        (lambda table: table.list_spans("alice", "s1"), []),
        (lambda table: table.list_running("alice", "s1", since=NOW), []),
        (lambda table: table.erase_runs("alice", "s1", limit=9), True),
    ],
    ids=["open spans", "running runs", "what is erased"],
)
def test_what_a_decision_rests_on_is_listed_consistently(
    table: DynamoRepository, aws: Stubber, read: Call, found: object
) -> None:
    expressions = ("KeyConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
    others = dict.fromkeys(("TableName", "Limit", "ScanIndexForward", *expressions), ANY)
    aws.add_response("query", {"Items": []}, {**others, "ConsistentRead": True})

    assert read(table) == found


def test_what_dynamodb_had_no_time_to_delete_is_deleted_by_another_call(
    table: DynamoRepository, aws: Stubber, naps: list[float]
) -> None:
    key = {"PK": {"S": "SCHEDULE#alice#s1"}, "SK": {"S": "ACTION#1"}}
    request = {"schedules": [{"DeleteRequest": {"Key": key}}]}
    aws.add_response("query", {"Items": [key]})
    aws.add_response("batch_write_item", {"UnprocessedItems": request}, {"RequestItems": request})
    aws.add_response("batch_write_item", {"UnprocessedItems": {}}, {"RequestItems": request})

    assert table.erase_runs("alice", "s1", limit=25)
    assert len(naps) == 1


# Transactions that meet


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_meets_another_is_tried_again(
    table: DynamoRepository, aws: Stubber, naps: list[float], reason: str
) -> None:
    for _ in range(2):
        _cancel(aws, "None", reason)
    aws.add_response("transact_write_items", {})
    table.create(a_schedule(), an_action())

    assert len(naps) == 2
    assert sum(naps) < 0.2


def test_a_condition_that_failed_beside_a_conflict_is_not_believed(table: DynamoRepository, aws: Stubber) -> None:
    _cancel(aws, "ConditionalCheckFailed", "TransactionConflict")
    aws.add_response("transact_write_items", {})

    assert table.claim(RUN, expecting=SCHEDULE, replacing=None) is None


def test_conflicts_without_end_are_unavailable(table: DynamoRepository, aws: Stubber, naps: list[float]) -> None:
    for _ in range(6):
        _cancel(aws, "TransactionConflict", "None")

    with pytest.raises(StoreUnavailable):
        table.create(a_schedule(), an_action())
    assert sum(naps) < 1


def test_a_confirm_that_meets_a_transaction_is_tried_again(
    table: DynamoRepository, aws: Stubber, naps: list[float]
) -> None:
    for _ in range(2):
        aws.add_client_error("update_item", "TransactionConflictException", "ongoing", 400)
    aws.add_response("update_item", {})

    assert table.confirm(a_schedule())
    assert len(naps) == 2


def test_a_confirm_that_meets_transactions_without_end_is_unavailable(
    table: DynamoRepository, aws: Stubber, naps: list[float]
) -> None:
    for _ in range(6):
        aws.add_client_error("update_item", "TransactionConflictException", "ongoing", 400)

    with pytest.raises(StoreUnavailable):
        table.confirm(a_schedule())
    assert sum(naps) < 1


def test_a_transaction_that_meets_its_own_earlier_try_is_unavailable(table: DynamoRepository, aws: Stubber) -> None:
    aws.add_client_error("transact_write_items", "TransactionInProgressException", "in progress", 400)

    with pytest.raises(StoreUnavailable):
        table.create(a_schedule(), an_action())


def test_a_transaction_that_dynamodb_cannot_read_is_a_fault_of_our_own(table: DynamoRepository, aws: Stubber) -> None:
    _cancel(aws, "ValidationError", "None")

    with pytest.raises(ClientError):
        table.create(a_schedule(), an_action())


# What is beyond DynamoDB's limits

TOO_LARGE = [
    "Item size has exceeded the maximum allowed size",
    "Item size to update has exceeded the maximum allowed size",
    "Size of hashkey has exceeded the maximum size limit of2048 bytes",
    "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
    "Size limit exceeded for Index Key by_time_sk Actual Size: 1025 bytes Max Size: 1024 bytes IndexName: by_time",
    "The update expression attempted to update the secondary index key beyond allowed size limits.",
]


@pytest.mark.parametrize("method", [method for method in CALLS if not method.startswith("get")])
@pytest.mark.parametrize("message", TOO_LARGE)
def test_what_is_too_large_for_dynamodb_is_refused(
    table: DynamoRepository, aws: Stubber, method: str, message: str
) -> None:
    operation, call = CALLS[method]
    aws.add_client_error(operation, "ValidationException", message, 400)

    with pytest.raises(StoreRefused):
        call(table)


@pytest.mark.parametrize("method", ["get", "get_action"])
def test_nothing_is_found_under_a_key_that_dynamodb_cannot_hold(
    table: DynamoRepository, aws: Stubber, method: str
) -> None:
    aws.add_client_error("get_item", "ValidationException", TOO_LARGE[2], 400)

    assert CALLS[method][1](table) is None


@pytest.mark.parametrize("message", TOO_LARGE)
def test_a_transaction_cancelled_for_a_size_is_refused(table: DynamoRepository, aws: Stubber, message: str) -> None:
    _cancel(aws, "None", "ValidationError", message=message)

    with pytest.raises(StoreRefused):
        table.create(a_schedule(), an_action())


def _cancel(aws: Stubber, *codes: str, message: str = "") -> None:
    reasons = {"CancellationReasons": [{"Code": code, "Message": message} for code in codes]}
    aws.add_client_error(
        "transact_write_items", "TransactionCanceledException", "cancelled", 400, modeled_fields=reasons
    )


# Writes that are done twice


@pytest.fixture
def stammering(dynamodb: DynamoDBClient, table_name: str) -> DynamoRepository:
    """A table whose every write is repeated, because the answer to the first was lost on its way."""
    return DynamoRepository(Stammering(dynamodb), table_name)  # type: ignore[arg-type]


@pytest.fixture
def stammering_by_token(dynamodb: DynamoDBClient, table_name: str) -> DynamoRepository:
    """The same within ten minutes: botocore repeats a transaction under its token, and DynamoDB knows it again."""
    return DynamoRepository(Stammering(dynamodb, ClientRequestToken="token-1"), table_name)  # type: ignore[arg-type]


class Stammering:
    """A client that does each write twice, and tells of the second. `more`: members that both writes have."""

    def __init__(self, client: DynamoDBClient, **more: Any) -> None:
        self._client = client
        self._more = more

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name not in ("transact_write_items", "update_item"):
            return method

        def twice(**request: Any) -> Any:
            method(**request, **self._more)
            return method(**request, **self._more)

        return twice


def test_a_repeated_create_knows_itself(stammering: DynamoRepository) -> None:
    stammering.create(a_schedule(), an_action())

    assert stammering.get("alice", "s1") == a_schedule()


def test_a_repeated_change_knows_itself(stammering: DynamoRepository) -> None:
    stammering.create(a_schedule(), an_action())
    stammering.change(cancelled(a_schedule()), replacing=a_schedule())

    assert stammering.get("alice", "s1") == cancelled(a_schedule())


def test_a_repeated_confirm_knows_itself(stammering: DynamoRepository) -> None:
    stammering.create(a_schedule(), an_action())

    assert stammering.confirm(a_schedule())


def test_a_repeated_claim_knows_itself(stammering: DynamoRepository) -> None:
    stammering.create(a_schedule(), an_action())

    assert stammering.claim(RUN, expecting=SCHEDULE, replacing=None) is None


def test_a_repeated_finish_counts_the_run_once(
    dynamodb: DynamoDBClient, table_name: str, stammering_by_token: DynamoRepository
) -> None:
    table = DynamoRepository(dynamodb, table_name)
    table.create(SCHEDULE, an_action())
    table.claim(RUN, expecting=SCHEDULE, replacing=None)

    ended = RUN.ended(RunStatus.SUCCEEDED, NOW)
    assert stammering_by_token.finish(ended, replacing=RUN, expecting=SCHEDULE, updated=completed(SCHEDULE)) is None
    assert table.get("alice", "s1") == replace(completed(SCHEDULE), run_count=1)


class SmallPages:
    """A client whose queries give two items at a time."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return (lambda **request: method(**request | {"Limit": 2})) if name == "query" else method


def test_all_open_spans_are_read_however_many_pages_they_fill(dynamodb: DynamoDBClient, table_name: str) -> None:
    before = a_schedule(timing=every_hour())
    after = replace(before, updated_at=NOW + 3 * HOUR, next_run_at=NOW + 4 * HOUR)
    spans = [opened_span(before, replace(after, revision=after.revision + number)) for number in range(5)]
    for span in spans:
        assert span is not None
        dynamodb.put_item(TableName=table_name, Item=_typed(items.span_item(span)))

    table = DynamoRepository(SmallPages(dynamodb), table_name)  # type: ignore[arg-type]

    assert table.list_spans("alice", "s1") == spans


def test_an_item_has_the_types_that_boto3_gives_it() -> None:
    client = Recorder()
    run = a_run(SCHEDULE, unforeseen=True)  # beside texts: a number, a boolean, and a map in a list
    item = items.run_item(run)

    DynamoRepository(client, "schedules").claim(run, expecting=SCHEDULE, replacing=None)  # type: ignore[arg-type]

    assert client.transactions[0][1]["Put"]["Item"] == _typed(item)
    assert {str, int, bool, list} <= set(map(type, item.values()))


class Recorder:
    def __init__(self) -> None:
        self.transactions: list[Any] = []

    def transact_write_items(self, **request: Any) -> None:
        self.transactions.append(request["TransactItems"])


def _typed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}
