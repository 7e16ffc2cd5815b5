"""moto's DynamoDB with isolation: requests run one at a time, and a transaction writes all of its items or none.

moto alone does not isolate concurrent requests: of 800 claims by four processes, 18 succeeded twice and 33 answers were
500. It copies whole tables for each transaction and ignores the token that makes a transaction idempotent. It has no
transaction conflicts, measures items and keys differently from DynamoDB, and its indexes never lag.
"""

import copy
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from time import monotonic
from typing import Any, ClassVar

from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.exceptions import (
    ItemSizeTooLarge,
    ItemSizeToUpdateTooLarge,
    MockValidationException,
    MultipleTransactionsException,
    ResourceInUseException,
    TooManyTransactionsException,
    TransactionCanceledException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamo_type, dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from werkzeug.wrappers import Response

from local.moto_backends.dynamodb_conflicts import TRANSACTION, Conflicts, conflict_response, key_in
from local.moto_backends.dynamodb_lag import Lag, is_eventual
from local.moto_backends.dynamodb_limits import check_item, check_key, check_transaction
from local.moto_backends.dynamodb_order import OrderedTable

_MOST_OPERATIONS = 100
_SECONDS_A_TOKEN_IS_KEPT = 600


@dataclass(frozen=True)
class _Operation:
    """An operation of a transaction. kind: Put, Update, Delete or ConditionCheck. members: as the client sent them."""

    kind: str
    members: dict[str, Any]
    key: dict[str, Any]

    @property
    def table_name(self) -> str:
        name: str = self.members["TableName"]
        return name


_Reason = tuple[str | None, str | None, dict[str, Any] | None]  # code, message, existing item; all None: condition met

WriteListener = Callable[[str, dict[str, Any] | None], None]
"""Called after each write with the item's key and its new attributes; None means that the item was deleted."""


class IsolatedBackend(DynamoDBBackend):
    """moto's backend, in which a failed write changes nothing."""

    __module__ = DynamoDBBackend.__module__  # moto looks for a backend's URLs next to its module

    listeners: ClassVar[tuple[WriteListener, ...]] = ()
    lag: ClassVar[Lag] = Lag()

    def create_table(self, name: str, **members: Any) -> OrderedTable:  # type: ignore[override]
        if name in self.tables:
            raise ResourceInUseException(f"Table already exists: {name}")
        table = OrderedTable(  # type: ignore[abstract]
            name, account_id=self.account_id, region=self.region_name, **members
        )
        self.tables[name] = table
        return table

    def transact_write_items(self, transact_items: list[dict[str, Any]]) -> None:
        """Check every condition, then write. Raises TransactionCanceledException with one reason per operation."""
        operations = self._read(transact_items)
        check_transaction(self._items_of(operations))
        reasons = [self._refusal(operation) for operation in operations]
        if any(code for code, _, _ in reasons):
            raise TransactionCanceledException(reasons)
        with self._undone_on_error([(operation.table_name, operation.key) for operation in operations]):
            for number, operation in enumerate(operations):
                self._write_or_cancel(operation, number, len(operations))

    def _items_of(self, operations: list[_Operation]) -> Iterator[dict[str, Any]]:
        """Yields, for each operation, the new item of a Put, else the existing item, else an empty one."""
        for operation in operations:
            found = self.get_item(operation.table_name, operation.key)
            yield operation.members.get("Item") or (found.to_json()["Attributes"] if found else {})

    def _write_or_cancel(self, operation: _Operation, number: int, count: int) -> None:
        """Write one item. Raises MockValidationException for a Put of a too large item, as for a single PutItem.

        Raises TransactionCanceledException if an Update makes the item too large.
        """
        try:
            self._write(operation)
        except MockValidationException as error:
            if operation.kind != "Update":
                raise
            reasons: list[_Reason] = [(None, None, None)] * count
            reasons[number] = ("ValidationError", str(error.message), None)
            raise TransactionCanceledException(reasons) from error

    def get_item(self, table_name: str, keys: dict[str, Any], *arguments: Any, **options: Any) -> Item | None:
        check_key(self.get_table(table_name), keys)
        return super().get_item(table_name, keys, *arguments, **options)

    def query(self, table_name: str, hash_key_dict: dict[str, Any] | None, *arguments: Any, **options: Any) -> Any:
        if hash_key_dict is not None:
            table = self.get_table(table_name)
            check_key(table, {table.hash_key_attr: hash_key_dict})
        return super().query(table_name, hash_key_dict, *arguments, **options)

    def update_item(self, table_name: str, key: dict[str, Any], *arguments: Any, **options: Any) -> Item:
        """Update the item, or leave it unchanged if the update fails; moto alone leaves it half changed."""
        with self._undone_on_error([(table_name, key)]), self._noted(table_name, key):
            item = super().update_item(table_name, key, *arguments, **options)
            table = self.get_table(table_name)
            if isinstance(table, OrderedTable):  # moto makes a restored or imported table itself
                table.reorder(item)
            self._check_updated(table_name, item)
        self._notify_listeners(table_name, key)
        return item

    def _check_updated(self, table_name: str, item: Item) -> None:
        try:
            check_item(self.get_table(table_name), item.to_json()["Attributes"])
        except ItemSizeTooLarge as error:
            raise ItemSizeToUpdateTooLarge from error

    def put_item(self, table_name: str, item_attrs: dict[str, Any], *arguments: Any, **options: Any) -> Item:
        check_item(self.get_table(table_name), item_attrs)
        key = self._key_of(table_name, item_attrs)
        with self._noted(table_name, key):
            item = super().put_item(table_name, item_attrs, *arguments, **options)
        self._notify_listeners(table_name, key)
        return item

    def delete_item(self, table_name: str, key: dict[str, Any], *arguments: Any, **options: Any) -> Item | None:
        with self._noted(table_name, key):
            item = super().delete_item(table_name, key, *arguments, **options)
        self._notify_listeners(table_name, key)
        return item

    @contextmanager
    def _noted(self, table_name: str, key: dict[str, Any]) -> Iterator[None]:
        """Keep the item as it was before the write, for reads that lag."""
        if not self.lag.is_on:
            yield
            return
        before = copy.deepcopy(self.get_item(table_name, key))
        yield
        self.lag.note(self, table_name, key, before)

    @classmethod
    @contextmanager
    def as_it_was(cls) -> Iterator[None]:
        """Set all tables back to their state before the lag, for the duration of a read. Not thread-safe."""
        unseen = list(cls.lag.unseen())
        now = [copy.deepcopy(each.backend.get_item(each.table_name, each.key)) for each in unseen]
        for written in unseen:
            written.backend.set_silently(written.table_name, written.key, written.before)
        try:
            yield
        finally:
            for written, item in zip(unseen, now, strict=True):
                written.backend.set_silently(written.table_name, written.key, item)

    def set_silently(self, table_name: str, key: dict[str, Any], item: Item | None) -> None:
        """Set or delete (None) the item without calling the listeners and without recording the write."""
        if item is None:
            super().delete_item(table_name, key)
        else:
            super().put_item(table_name, item.to_json()["Attributes"])

    def _notify_listeners(self, table_name: str, key: dict[str, Any]) -> None:
        found = self.get_item(table_name, key)
        text = f"{table_name} {json.dumps(key, sort_keys=True)}"
        for listen in self.listeners:
            listen(text, found.to_json()["Attributes"] if found else None)

    def _key_of(self, table_name: str, item: dict[str, Any]) -> dict[str, Any]:
        return key_in(self.get_table(table_name), item)

    def _read(self, transact_items: list[dict[str, Any]]) -> list[_Operation]:
        if len(transact_items) > _MOST_OPERATIONS:
            raise TooManyTransactionsException
        if any(len(item) != 1 for item in transact_items):
            raise TransactWriteSingleOpException
        operations = [self._operation(*pair) for item in transact_items for pair in item.items()]
        targets = {(operation.table_name, json.dumps(operation.key, sort_keys=True)) for operation in operations}
        if len(targets) < len(operations):
            raise MultipleTransactionsException
        return operations

    def _operation(self, kind: str, members: dict[str, Any]) -> _Operation:
        key = members["Key"] if "Key" in members else self._key_of(members["TableName"], members["Item"])
        return _Operation(kind, members, key)

    def _refusal(self, operation: _Operation) -> _Reason:
        members = operation.members
        found = self.get_item(operation.table_name, operation.key)
        condition = get_filter_expression(
            members.get("ConditionExpression"),
            members.get("ExpressionAttributeNames"),
            members.get("ExpressionAttributeValues"),
        )
        if condition.expr(found):
            return None, None, None
        is_shown = found is not None and members.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        item = found.to_json()["Attributes"] if found is not None and is_shown else None
        return "ConditionalCheckFailed", "The conditional request failed", item

    def _write(self, operation: _Operation) -> None:
        members = operation.members
        if operation.kind == "Put":
            self.put_item(operation.table_name, members["Item"])
        elif operation.kind == "Delete":
            self.delete_item(operation.table_name, operation.key)
        elif operation.kind == "Update":
            self.update_item(
                operation.table_name,
                operation.key,
                update_expression=members["UpdateExpression"],
                expression_attribute_names=members.get("ExpressionAttributeNames", {}),
                expression_attribute_values=members.get("ExpressionAttributeValues", {}),
            )

    @contextmanager
    def _undone_on_error(self, targets: list[tuple[str, dict[str, Any]]]) -> Iterator[None]:
        before = [(table_name, key, copy.deepcopy(self.get_item(table_name, key))) for table_name, key in targets]
        try:
            yield
        except Exception:
            for table_name, key, item in before:
                self._restore(table_name, key, item)
            raise

    def _restore(self, table_name: str, key: dict[str, Any], item: Item | None) -> None:
        if item is None:
            self.delete_item(table_name, key)
        else:
            self.put_item(table_name, item.to_json()["Attributes"])


@dataclass(frozen=True)
class _Remembered:
    request: dict[str, Any]
    response: Response
    until: float  # monotonic


class IsolatedDynamoDB:
    """Passes requests to moto's DynamoDB one at a time. Only one per process, because moto's data are per process.

    lag: the age of eventually consistent reads; None means no lag.
    """

    def __init__(self, *listeners: WriteListener, lag: Lag | None = None) -> None:
        IsolatedBackend.listeners = listeners
        IsolatedBackend.lag = lag or Lag()
        dynamodb_backends.backend = IsolatedBackend
        # moto limits an item to 405,000 bytes in its own measure, and counts the whole item for each attribute.
        dynamo_type.LimitedSizeDict = dict  # type: ignore[assignment, misc]
        self._lock = Lock()
        self._conflicts = Conflicts()
        self._transactions: OrderedDict[str, _Remembered] = OrderedDict()

    def respond(self, target: str, body: bytes, ask_moto: Callable[[], Response]) -> Response:
        """Answer a request while no other request is being answered. target: the value of X-Amz-Target."""
        request = json.loads(body)
        with self._conflicts.admitted(target, request) as conflicts:
            if conflicts:
                return conflict_response(target, conflicts)
            with self._lock:
                if target == TRANSACTION:
                    return self._respond_to_transaction(request, ask_moto)
                if IsolatedBackend.lag.is_on and is_eventual(target, request):
                    with IsolatedBackend.as_it_was():
                        return ask_moto()
                return ask_moto()

    def _respond_to_transaction(self, request: dict[str, Any], ask_moto: Callable[[], Response]) -> Response:
        """Answer a repeated request with a known token as before, without writing again.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
        """
        self._forget_old_transactions()
        token = request.get("ClientRequestToken", "")
        known = self._transactions.get(token)
        if known is None:
            response = ask_moto()
            if token and response.status_code == HTTPStatus.OK:
                self._transactions[token] = _Remembered(request, response, monotonic() + _SECONDS_A_TOKEN_IS_KEPT)
            return response
        return known.response if known.request == request else _mismatch()

    def _forget_old_transactions(self) -> None:
        while self._transactions and next(iter(self._transactions.values())).until < monotonic():
            self._transactions.popitem(last=False)


def _mismatch() -> Response:
    error = {
        "__type": "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
        "message": "The request uses the same client token as a previous, but non-identical request.",
    }
    return Response(json.dumps(error), HTTPStatus.BAD_REQUEST, content_type="application/x-amz-json-1.0")
