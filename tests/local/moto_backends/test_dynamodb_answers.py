from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from moto.core.serialize import JSONSerializer
from moto.core.utils import get_service_model
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import dynamo_to_dict

from local.moto_backends.dynamodb_answers import DynamoSerializer, to_plain

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)

ATTRIBUTES = {
    "S": "é",
    "N": "1.50",
    "B": b"\xff",
    "SS": ["a", "b"],
    "NS": ["1", "2"],
    "BS": [b"\x00", b"\xff"],
    "BOOL": False,
    "NULL": True,
    "M": {"inner": {"L": [{"B": b"b"}, {"M": {}}]}, "empty": {"S": ""}},
    "L": [{"S": "a"}, {"N": "1"}, {"L": []}],
}
ITEM = {f"of {kind}": {kind: value} for kind, value in ATTRIBUTES.items()}
RESULTS = {
    "Query": {"Items": [ITEM, {}], "Count": 2, "LastEvaluatedKey": {"PK": {"B": b"k"}}},
    "GetItem": {"Item": ITEM, "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5}},
    "BatchGetItem": {"Responses": {"t": [ITEM]}, "UnprocessedKeys": {"t": {"Keys": [{"PK": {"S": "a"}}]}}},
    "TransactGetItems": {"Responses": [{"Item": ITEM}, {}]},
}


@pytest.mark.parametrize("operation", RESULTS)
def test_an_answer_is_written_as_moto_writes_it(operation: str) -> None:
    def written(serializer: type[JSONSerializer]) -> Any:
        model = get_service_model("dynamodb").operation_model(operation)
        return serializer(operation_model=model).serialize(RESULTS[operation])

    assert written(DynamoSerializer) == written(JSONSerializer)


def test_attributes_become_plain_as_with_moto() -> None:
    wire = {**ATTRIBUTES, "B": "/w==", "BS": ["AA=="], "M": {"inner": {"L": [{"B": "/w=="}]}, "raw": {"B": b"b"}}}
    attributes = {f"of {kind}": DynamoType({kind: value}) for kind, value in wire.items()}
    result = {"Items": [attributes, {}], "Count": 2, "LastEvaluatedKey": {"PK": DynamoType({"N": "1"})}, "At": NOON}

    assert to_plain(result) == dynamo_to_dict(result)
