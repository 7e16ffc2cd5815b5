"""DynamoDB's transaction conflicts: while a transaction is in progress, other writes of its items are refused.

Amazon DynamoDB Developer Guide, "Transactional conflict handling in DynamoDB": a transaction that conflicts with
another one is cancelled with the reason TransactionConflict, and a single write gets TransactionConflictException.
Reads are not refused. moto alone has no conflicts, because it answers one request at a time.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock
from typing import Any, ClassVar

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from werkzeug.wrappers import Response

_VERSION = "DynamoDB_20120810"
_TYPE = "com.amazonaws.dynamodb.v20120810#"
TRANSACTION = f"{_VERSION}.TransactWriteItems"
_SINGLE_WRITES = frozenset(f"{_VERSION}.{name}" for name in ("PutItem", "UpdateItem", "DeleteItem"))
_MESSAGE = "Transaction is ongoing for the item"

_Target = tuple[str, str]  # table name, key as JSON


class Conflicts:
    """The items of the transactions in progress, each from the request's arrival to its answer.

    meanwhile: called in the middle of each transaction, so that tests can act as a concurrent client.
    """

    meanwhile: ClassVar[Callable[[], None]] = staticmethod(lambda: None)

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: set[_Target] = set()

    @contextmanager
    def admitted(self, target: str, request: dict[str, Any]) -> Iterator[list[bool]]:
        """Yields, for each operation of the request, whether it conflicts with a transaction; empty if none does."""
        targets = _targets(target, request)
        with self._lock:
            met = [each in self._open for each in targets]
            if not any(met) and target == TRANSACTION:
                self._open.update(targets)
        if any(met):
            yield met
            return
        try:
            if target == TRANSACTION:
                Conflicts.meanwhile()
            yield []
        finally:
            if target == TRANSACTION:
                with self._lock:
                    self._open.difference_update(targets)


def key_in(table: Table, item: dict[str, Any]) -> dict[str, Any]:
    """Returns the item's key: the attributes that the table's key schema names."""
    return {name: item[name] for name in (table.hash_key_attr, table.range_key_attr) if name in item}


def conflict_response(target: str, met: list[bool]) -> Response:
    """Returns the answer to a request that conflicts with a transaction. met: as `admitted` yields it."""
    if target != TRANSACTION:
        return _refused("TransactionConflictException", {"message": _MESSAGE})
    reasons = [{"Code": "TransactionConflict", "Message": _MESSAGE} if each else {"Code": "None"} for each in met]
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return _refused("TransactionCanceledException", {"CancellationReasons": reasons, "Message": message})


def _refused(code: str, members: dict[str, Any]) -> Response:
    body = json.dumps({"__type": _TYPE + code, **members})
    return Response(body, HTTPStatus.BAD_REQUEST, content_type="application/x-amz-json-1.0")


def _targets(target: str, request: dict[str, Any]) -> list[_Target]:
    """Returns the items of a write, in the order of its operations; empty if it writes nothing or is malformed."""
    if target in _SINGLE_WRITES:
        operations = [request]
    elif target == TRANSACTION:
        operations = [members for item in request.get("TransactItems", ()) for members in item.values()]
    else:
        return []
    return [found for members in operations if (found := _target_of(members)) is not None]


def _target_of(members: dict[str, Any]) -> _Target | None:
    table_name = members.get("TableName", "")
    key = members.get("Key") or _key_of(table_name, members.get("Item", {}))
    return (table_name, json.dumps(key, sort_keys=True)) if key else None


def _key_of(table_name: str, item: dict[str, Any]) -> dict[str, Any] | None:
    """Returns None if the table does not exist; moto then refuses the request."""
    for backends in dynamodb_backends.values():
        for backend in backends.values():
            table = backend.tables.get(table_name)
            if table is not None:
                return key_in(table, item)
    return None
