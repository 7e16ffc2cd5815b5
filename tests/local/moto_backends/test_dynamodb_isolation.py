"""moto's DynamoDB behind our gate: claims are won once, by any number of processes, and failures leave no trace."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.environment import sealed_environment
from local.testing import REGION, RunningCloud, running_cloud
from tests.promises import Promise

TABLE = "t"
PROCESSES = 4
CLAIMS = 200

CLAIMING = """
import boto3, json, sys
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

def code_of(transaction):
    while True:
        try:
            client.transact_write_items(TransactItems=transaction)
            return "won"
        except ClientError as error:
            reasons = [reason["Code"] for reason in error.response["CancellationReasons"]]
            # All of them check the guard, and so they meet, as on AWS: that says nothing about the claim.
            if "TransactionConflict" not in reasons:
                return error.response["Error"]["Code"]

answers = []
for number in range(int(sys.argv[1])):
    claim = {"TableName": "t", "Item": {"PK": {"S": "claims"}, "SK": {"S": str(number)}}}
    check = {"TableName": "t", "Key": {"PK": {"S": "guard"}, "SK": {"S": "guard"}}}
    answers.append((number, code_of([
        {"ConditionCheck": check | {"ConditionExpression": "attribute_not_exists(PK)"}},
        {"Put": claim | {"ConditionExpression": "attribute_not_exists(PK)"}},
    ])))
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        create_table(running)
        yield running


@pytest.fixture
def table(cloud: RunningCloud) -> Any:
    """A client, and nothing in the table."""
    client = cloud.client("dynamodb")
    for item in client.scan(TableName=TABLE)["Items"]:
        client.delete_item(TableName=TABLE, Key=key(item["PK"]["S"], item["SK"]["S"]))
    return client


def create_table(cloud: RunningCloud) -> None:
    def schema(partition: str, sort: str) -> list[dict[str, str]]:
        return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]

    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schema("PK", "SK"),
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("PK", "SK", "GPK", "GSK")],
        GlobalSecondaryIndexes=[
            {"IndexName": "index", "KeySchema": schema("GPK", "GSK"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
    )


def key(partition: str, sort: str = "s") -> dict[str, Any]:
    return {"PK": {"S": partition}, "SK": {"S": sort}}


def put(partition: str, **more: Any) -> dict[str, Any]:
    """One operation of a transaction."""
    return {"Put": {"TableName": TABLE, "Item": key(partition), **more}}


def update(partition: str, expression: str, **values: Any) -> dict[str, Any]:
    members = {"TableName": TABLE, "Key": key(partition), "UpdateExpression": expression}
    return {"Update": members | {"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}}}


def absent() -> dict[str, str]:
    return {"ConditionExpression": "attribute_not_exists(PK)"}


def names(table: Any) -> set[str]:
    return {item["PK"]["S"] for item in table.scan(TableName=TABLE)["Items"]}


@pytest.mark.long
@pytest.mark.usefixtures("table")
def test_four_processes_win_each_claim_exactly_once(cloud: RunningCloud, promise: Promise) -> None:
    environment = sealed_environment(cloud.endpoint, REGION)
    command = [sys.executable, "-c", CLAIMING, str(CLAIMS)]
    claimants = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    answers: list[tuple[int, str]] = []
    for claimant in claimants:
        answers += [tuple(answer) for answer in json.loads(claimant.communicate(timeout=60)[0])]

    assert Counter(answer for _, answer in answers) == {
        "won": CLAIMS,
        "TransactionCanceledException": CLAIMS * (PROCESSES - 1),
    }
    assert {number for number, answer in answers if answer == "won"} == set(range(CLAIMS))
    promise(2, f"{CLAIMS} claims wanted by {PROCESSES} processes: each won once")


def test_a_cancelled_transaction_writes_nothing(table: Any) -> None:
    table.put_item(TableName=TABLE, Item=key("taken"))

    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.transact_write_items(TransactItems=[put("new"), put("taken", **absent())])

    assert names(table) == {"taken"}


def test_a_cancelled_transaction_tells_which_operation_and_shows_the_item_that_was_there(table: Any) -> None:
    taken = key("taken") | {"owner": {"S": "alice"}}
    table.put_item(TableName=TABLE, Item=taken)
    shown = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

    with pytest.raises(ClientError) as cancelled:
        table.transact_write_items(TransactItems=[put("new"), put("taken", **absent(), **shown), put("taken2")])

    nothing, reason, also_nothing = cancelled.value.response["CancellationReasons"]
    assert nothing == also_nothing == {"Code": "None"}
    assert (reason["Code"], reason["Item"]) == ("ConditionalCheckFailed", taken)


@pytest.mark.parametrize("existing", [True, False])
def test_a_transaction_that_fails_while_it_writes_is_undone(table: Any, *, existing: bool) -> None:
    before = key("a") | {"n": {"S": "no number"}} if existing else {}
    if existing:
        table.put_item(TableName=TABLE, Item=before)

    adding = update("a", "SET m = :one ADD n :text", one={"N": "1"}, text={"S": "x"})
    with pytest.raises(ClientError):
        table.transact_write_items(TransactItems=[put("b"), adding])

    assert table.get_item(TableName=TABLE, Key=key("a")).get("Item", {}) == before
    assert "b" not in names(table)


def test_an_update_that_fails_changes_nothing(table: Any) -> None:
    before = key("a") | {"n": {"S": "no number"}}
    table.put_item(TableName=TABLE, Item=before)

    with pytest.raises(ClientError):
        table.update_item(**update("a", "SET m = :one ADD n :one", one={"N": "1"})["Update"])

    assert table.get_item(TableName=TABLE, Key=key("a"))["Item"] == before


def test_the_same_token_and_request_write_once(table: Any) -> None:
    count = {"TransactItems": [update("a", "ADD n :one", one={"N": "1"})], "ClientRequestToken": "once"}

    table.transact_write_items(**count)
    table.transact_write_items(**count)

    assert table.get_item(TableName=TABLE, Key=key("a"))["Item"]["n"] == {"N": "1"}


def test_the_same_token_with_another_request_is_refused(table: Any) -> None:
    table.transact_write_items(TransactItems=[put("a")], ClientRequestToken="mine")

    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        table.transact_write_items(TransactItems=[put("b")], ClientRequestToken="mine")

    assert names(table) == {"a"}


def test_a_token_whose_transaction_was_cancelled_can_be_used_again(table: Any) -> None:
    table.put_item(TableName=TABLE, Item=key("taken"))
    claim = {"TransactItems": [put("taken", **absent())], "ClientRequestToken": "again"}
    with pytest.raises(ClientError):
        table.transact_write_items(**claim)
    table.delete_item(TableName=TABLE, Key=key("taken"))

    table.transact_write_items(**claim)

    assert names(table) == {"taken"}


def test_two_operations_on_one_item_are_refused(table: Any) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        table.transact_write_items(TransactItems=[put("a"), update("a", "SET n = :one", one={"N": "1"})])

    assert not names(table)


def test_a_transaction_can_put_update_and_delete(table: Any) -> None:
    table.put_item(TableName=TABLE, Item=key("old"))
    delete = {"Delete": {"TableName": TABLE, "Key": key("old")}}

    table.transact_write_items(TransactItems=[put("new"), update("counted", "ADD n :one", one={"N": "1"}), delete])

    assert names(table) == {"new", "counted"}


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_of_an_index_lose_nothing_among_equal_sort_keys(table: Any, limit: int, *, forward: bool) -> None:
    for number in range(12):
        sort = f"due#{number // 6}"
        item = key(f"item-{number:02}") | {"GPK": {"S": "all"}, "GSK": {"S": sort}}
        table.put_item(TableName=TABLE, Item=item)
    table.put_item(TableName=TABLE, Item=key("other") | {"GPK": {"S": "all"}, "GSK": {"S": "else"}})

    found: list[str] = []
    pages = table.get_paginator("query").paginate(
        TableName=TABLE,
        IndexName="index",
        KeyConditionExpression="GPK = :all AND begins_with(GSK, :due)",
        ExpressionAttributeValues={":all": {"S": "all"}, ":due": {"S": "due#"}},
        ScanIndexForward=forward,
        PaginationConfig={"PageSize": limit},
    )
    for page in pages:
        found += [item["PK"]["S"] for item in page["Items"]]

    expected = [f"item-{number:02}" for number in range(12)]
    assert found == (expected if forward else expected[::-1])
