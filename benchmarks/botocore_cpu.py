"""Measures the CPU time that boto3 needs for one call: `python -m benchmarks.botocore_cpu`.

Requests are built, signed and sent over a keep-alive connection, and responses are read. A server in another process
answers immediately. TLS is not included.
"""

from __future__ import annotations

import json
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3

from benchmarks.answers import OTHER, endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
CALLS = 100
ITEM = {
    "PK": {"S": "SCHEDULE#user-1234#9b2f4c1d7e8a4f0c8d3b6a5e4f1c2d30"},
    "SK": {"S": "RUN#2027-03-01T12:00:00Z"},
    "body": {"S": "x" * 1000},
}
KEY = {name: ITEM[name] for name in ("PK", "SK")}
ANSWERS = {OTHER: {"Item": ITEM}}
TABLE = {"TableName": "tasks-schedules-prod"}
UPDATE: dict[str, Any] = {**TABLE, "Key": KEY, "UpdateExpression": "SET a = b"}
EVENT = json.dumps({"event": "x" * 1000})


def seconds_of_a_call() -> dict[str, float]:
    """Returns the median CPU seconds on this machine, by operation."""
    session = boto3.Session("key", "secret", region_name="eu-central-1")
    with endpoint(ANSWERS) as url:
        dynamodb: Any = session.client("dynamodb", endpoint_url=url)
        functions: Any = session.client("lambda", endpoint_url=url)
        calls: dict[str, Callable[[], Any]] = {
            "GetItem": lambda: dynamodb.get_item(**TABLE, Key=KEY, ConsistentRead=True),
            "UpdateItem": lambda: dynamodb.update_item(**UPDATE),
            "TransactWriteItems": lambda: dynamodb.transact_write_items(TransactItems=[{"Update": UPDATE}] * 2),
            "Invoke": lambda: _invoke(functions),
        }
        return {operation: _measured(call) for operation, call in calls.items()}


def _invoke(functions: Any) -> bytes:
    answer = functions.invoke(FunctionName="work", InvocationType="Event", Payload=EVENT)
    read: bytes = answer["Payload"].read()
    return read


def _measured(call: Callable[[], Any]) -> float:
    call()
    return median(_round(call) for _ in range(ROUNDS))


def _round(call: Callable[[], Any]) -> float:
    begin = time.thread_time()
    for _ in range(CALLS):
        call()
    return (time.thread_time() - begin) / CALLS


if __name__ == "__main__":
    for operation, seconds in seconds_of_a_call().items():
        print(f"{operation}: {seconds * 1000:.2f} ms")
