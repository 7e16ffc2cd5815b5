"""DynamoDB's limits on items, keys and transactions; moto lacks some and measures others differently.

Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB" and "DynamoDB item sizes and formats".
"""

import base64
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from moto.dynamodb.exceptions import HashKeyTooLong, ItemSizeTooLarge, MockValidationException, RangeKeyTooLong
from moto.dynamodb.models.table import Table

ITEM_BYTES = 400 * 1024
TRANSACTION_BYTES = 4 * 1024 * 1024
KEY_BYTES = {"HASH": 2048, "RANGE": 1024}

_COLLECTION_BYTES = 3
_ELEMENT_BYTES = 1

Attributes = Mapping[str, Mapping[str, Any]]
"""Attributes in the form of DynamoDB's API: {"PK": {"S": "a"}}."""


def check_item(table: Table, item: Attributes) -> None:
    """Raises ItemSizeTooLarge if the item is too large.

    Raises HashKeyTooLong, RangeKeyTooLong or MockValidationException if a key of the table or of an index is too large.
    """
    check_key(table, item)
    for index in table.global_indexes:
        for key in index.schema:
            _check_index_key(index.name, key, item)
    if item_bytes(item) > ITEM_BYTES:
        raise ItemSizeTooLarge


def check_key(table: Table, key: Attributes) -> None:
    """Raises HashKeyTooLong or RangeKeyTooLong if a part of the key is too large."""
    if _key_bytes(table.hash_key_attr, key) > KEY_BYTES["HASH"]:
        raise HashKeyTooLong
    if _key_bytes(table.range_key_attr, key) > KEY_BYTES["RANGE"]:
        raise RangeKeyTooLong


def check_transaction(items: Iterable[Attributes]) -> None:
    """Raises MockValidationException if the items of one transaction exceed 4 MB together."""
    if sum(map(item_bytes, items)) > TRANSACTION_BYTES:
        raise MockValidationException("The aggregate size of the items in the transaction exceeds the limit of 4 MB")


def _check_index_key(index_name: str, key: Mapping[str, str], item: Attributes) -> None:
    name, most = key["AttributeName"], KEY_BYTES[key["KeyType"]]
    size = _key_bytes(name, item)
    if size > most:
        raise MockValidationException(
            f"One or more parameter values were invalid: Size limit exceeded for Index Key {name} "
            f"Actual Size: {size} bytes Max Size: {most} bytes IndexName: {index_name}"
        )


def _key_bytes(name: str | None, item: Attributes) -> int:
    return _bytes(item[name]) if name is not None and name in item else 0


def item_bytes(item: Attributes) -> int:
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind in ("L", "M", "SS", "BS", "NS"):
        return _collection_bytes(kind, content)
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(base64.b64decode(content))
    return _number_bytes(content) if kind == "N" else 1  # BOOL, NULL


def _collection_bytes(kind: str, content: Any) -> int:
    match kind:
        case "L":
            return _COLLECTION_BYTES + sum(_ELEMENT_BYTES + _bytes(element) for element in content)
        case "M":
            members = sum(_ELEMENT_BYTES + len(name.encode()) + _bytes(each) for name, each in content.items())
            return _COLLECTION_BYTES + members
    return sum(_bytes({kind[0]: member}) for member in content)


def _number_bytes(text: str) -> int:
    """Returns one byte for each two significant digits, plus one, plus one for a negative number."""
    number = Decimal(text)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return (len(digits) + 1) // 2 + 1 + (number < 0)
