from __future__ import annotations

from typing import Any

import pytest
from moto.core.serialize import JSONSerializer
from moto.core.utils import get_service_model

from local.moto_backends.dynamodb_answers import DynamoSerializer

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
