"""The table of terraform/modules/schedules_table, made without Terraform, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import pytest

from local.testing import running_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import GlobalSecondaryIndexTypeDef, KeySchemaElementTypeDef

KEYS = ("PK", "SK")
INDEXES = {
    "by_resource": ("by_resource_pk", "by_resource_sk"),
    "by_time": ("by_time_pk", "by_time_sk"),
    "watch": ("watch_pk", "watch_at"),
}


def create_table(client: DynamoDBClient, name: str) -> None:
    names = [name for keys in (KEYS, *INDEXES.values()) for name in keys]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_schema(*KEYS),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[_index(name) for name in INDEXES],
    )


def _index(name: str) -> GlobalSecondaryIndexTypeDef:
    kind: Literal["KEYS_ONLY", "ALL"] = "KEYS_ONLY" if name == "watch" else "ALL"
    return {"IndexName": name, "KeySchema": _schema(*INDEXES[name]), "Projection": {"ProjectionType": kind}}


def _schema(partition: str, sort: str) -> list[KeySchemaElementTypeDef]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@pytest.fixture(scope="module")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDBClient]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud.client("dynamodb")


@pytest.fixture
def table_name(dynamodb: DynamoDBClient) -> str:
    name = f"schedules-{uuid4().hex}"
    create_table(dynamodb, name)
    return name
