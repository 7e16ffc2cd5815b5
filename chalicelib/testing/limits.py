"""DynamoDB's limits (Developer Guide: "Quotas in Amazon DynamoDB", "Item sizes and formats")."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..core.errors import StoreRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MOST_ITEMS = 100
MOST_BYTES = 4 * 1024 * 1024
"""The most bytes of all items of one transaction."""

ITEM_BYTES = 400 * 1024
PARTITION_KEY_BYTES = 2048
SORT_KEY_BYTES = 1024

KEY_BYTES = {
    "PK": PARTITION_KEY_BYTES,
    "SK": SORT_KEY_BYTES,
    "by_time_pk": PARTITION_KEY_BYTES,
    "by_time_sk": SORT_KEY_BYTES,
    "by_resource_pk": PARTITION_KEY_BYTES,
    "by_resource_sk": SORT_KEY_BYTES,
    "watch_pk": PARTITION_KEY_BYTES,
    "watch_at": SORT_KEY_BYTES,
}

COLLECTION_BYTES = 3
ELEMENT_BYTES = 1


def check_keys(item: Mapping[str, Any]) -> None:
    """Raises StoreRefused if a key of the table or an index is too long."""
    for name, most in KEY_BYTES.items():
        text = item.get(name)
        # A character has at most four bytes. Most keys are short, so they need not be encoded.
        if text is not None and len(text) * 4 > most and len(text.encode()) > most:
            raise StoreRefused


def check_items(items: Collection[Mapping[str, Any]]) -> None:
    """Raises StoreRefused if one transaction or write of these items exceeds the limits."""
    sizes = [item_bytes(item) for item in items]
    if len(sizes) > MOST_ITEMS or sum(sizes) > MOST_BYTES or max(sizes, default=0) > ITEM_BYTES:
        raise StoreRefused


def item_bytes(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: Any) -> int:
    match value:
        case str():
            return len(value.encode())
        case bool() | None:
            return 1
        case int() | Decimal():
            return _number_bytes(value)
        case dict():
            return COLLECTION_BYTES + sum(ELEMENT_BYTES + len(name.encode()) + _bytes(v) for name, v in value.items())
        case list():
            return COLLECTION_BYTES + sum(ELEMENT_BYTES + _bytes(element) for element in value)
    raise TypeError(f"values of type {type(value).__name__} have no known size")


def _number_bytes(value: int | Decimal) -> int:
    """Returns one byte per two significant digits, plus one, plus one for a negative number."""
    digits = str(abs(value)).replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + (value < 0)
