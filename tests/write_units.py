"""A DynamoDB client that counts write units by DynamoDB's own size rules.

Sources: DynamoDB Developer Guide, "DynamoDB Item sizes and formats", "DynamoDB read and write operations" and "Using
Global Secondary Indexes". A write costs one unit for each started KB of the larger of the item before and after. Each
operation of a transaction costs twice that, and so does a condition check. An index entry costs its own size, or twice
that (a delete and a put) if its key changes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from tests.tables import INDEXES, KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

KILOBYTE = 1024
IN_TRANSACTION = 2
KEYS_ONLY = "watch"
"""The index that holds keys alone."""


class MeteredClient:
    """Passes each call on, and adds what its writes cost: `base` for the table, `indexes` for the entries."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client: Any = client
        self.base = 0
        self.indexes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    @property
    def units(self) -> int:
        return self.base + self.indexes

    def forget(self) -> None:
        self.base = self.indexes = 0

    def update_item(self, **update: Any) -> Any:
        return self._metered([update], lambda: self._client.update_item(**update), each=1)

    def transact_write_items(self, TransactItems: list[Any]) -> Any:  # noqa: N803 - boto3's name
        parts = [part for write in TransactItems for part in write.values()]
        return self._metered(
            parts, lambda: self._client.transact_write_items(TransactItems=TransactItems), each=IN_TRANSACTION
        )

    def _metered(self, parts: list[Any], call: Any, *, each: int) -> Any:
        before = [self._item(part) for part in parts]
        answer = call()
        for part, old in zip(parts, before, strict=True):
            new = self._item(part)
            self.base += each * units(max(size_of(old), size_of(new)))
            self.indexes += sum(index_units(name, old, new) for name in INDEXES)
        return answer

    def _item(self, part: Mapping[str, Any]) -> Item:
        source = part.get("Key") or part["Item"]
        key = {name: source[name] for name in KEYS}
        found = self._client.get_item(TableName=part["TableName"], Key=key, ConsistentRead=True).get("Item", {})
        return plain(found)


def plain(typed: Mapping[str, Any]) -> Item:
    return {name: TypeDeserializer().deserialize(value) for name, value in typed.items()}


def units(size: int) -> int:
    return max(1, -(-size // KILOBYTE))


def size_of(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def index_units(name: str, old: Item, new: Item) -> int:
    """What one index costs for one change of an item."""
    before, after = _entry(name, old), _entry(name, new)
    if before == after:
        return 0
    if before and after and _key(name, before) == _key(name, after):
        return units(max(size_of(before), size_of(after)))
    return sum(units(size_of(entry)) for entry in (before, after) if entry)


def _entry(name: str, item: Item) -> Item:
    if not item.keys() >= {*INDEXES[name]}:
        return {}
    names: Iterable[str] = (*KEYS, *INDEXES[name]) if name == KEYS_ONLY else item
    return {attribute: item[attribute] for attribute in names}


def _key(name: str, entry: Item) -> tuple[Any, ...]:
    return tuple(entry[attribute] for attribute in INDEXES[name])


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
