"""A table of moto that keeps its items in the order of their keys, so a Query reads only the items of its page.

moto alone compares and sorts all items of the table for each Query.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Self

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table

_SORTABLE = ("S", "N")


class _Stored(Item):
    """An item as a Query reads it: with its size, which moto needs twice, and without a copy of its attributes.

    No copy is needed, because the answer is written before the next request can change the item.
    """

    __module__ = Item.__module__  # moto groups its models by the module's name

    def __new__(cls, *_: Any) -> Self:
        return object.__new__(cls)  # moto's own keeps each instance for ever

    def __init__(self, item: Item) -> None:
        self.hash_key = item.hash_key
        self.range_key = item.range_key
        self.attrs = item.attrs

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    @cached_property
    def _size(self) -> int:
        return super().size()

    def size(self) -> int:
        return self._size


_Entry = tuple[tuple[Any, ...], _Stored]
"""An item after its sort key, which is unique in the partition because it ends with the key of the table."""

_sort_key = itemgetter(0)


def _first_value(entry: _Entry) -> Any:
    return entry[0][0]


@dataclass(frozen=True)
class _Place:
    partition: Any
    sort_key: tuple[Any, ...]


class _Order:
    """The items that have all of these attributes with these types, by partition and sort key.

    types: by the attributes' names, the partition key first.
    """

    def __init__(self, types: Mapping[str, str], items: Iterable[_Stored]) -> None:
        self.types = types
        self._partitions: dict[Any, list[_Entry]] = defaultdict(list)
        self._places: dict[tuple[DynamoType, DynamoType | None], _Place] = {}
        for item in items:
            self.add(item)

    def add(self, item: _Stored) -> None:
        """Add the item, or move it to the place of its current attributes."""
        self.remove(item.hash_key, item.range_key)
        place = self.place(item.attrs)
        if place is not None:
            insort(self._partitions[place.partition], (place.sort_key, item), key=_sort_key)
            self._places[item.hash_key, item.range_key] = place

    def remove(self, hash_key: DynamoType, range_key: DynamoType | None) -> None:
        place = self._places.pop((hash_key, range_key), None)
        if place is not None:
            entries = self._partitions[place.partition]
            del entries[bisect_left(entries, place.sort_key, key=_sort_key)]
            if not entries:
                del self._partitions[place.partition]

    def place(self, attributes: Mapping[str, DynamoType]) -> _Place | None:
        """Returns None if an attribute is missing or has another type."""
        if any(name not in attributes or attributes[name].type != kind for name, kind in self.types.items()):
            return None
        partition, *sort_key = (attributes[name].cast_value for name in self.types)
        return _Place(partition, tuple(sort_key))

    def entries(self, partition: Any) -> list[_Entry]:
        return self._partitions.get(partition, [])


class OrderedTable(Table):
    """moto's table, whose Queries read only the items of their page.

    A Query that the order cannot answer, such as one with `KeyConditions` on other attributes, runs on the whole table.
    """

    __module__ = Table.__module__  # moto groups its models by the module's name

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._orders: dict[tuple[str, ...], _Order] = {}  # by the attributes; made by the first Query

    def put_item(self, item_attrs: dict[str, Any], *arguments: Any, **options: Any) -> Item:
        item = super().put_item(item_attrs, *arguments, **options)
        self.reorder(item)
        return item

    def delete_item(self, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
        for order in self._orders.values():
            order.remove(hash_key, range_key)
        return super().delete_item(hash_key, range_key)

    def reorder(self, item: Item) -> None:
        """Move the item after a change of its attributes."""
        stored = _Stored(item)
        for order in self._orders.values():
            order.add(stored)

    def query(  # noqa: PLR0917 - moto's signature
        self,
        hash_key: DynamoType | None,
        range_comparison: str | None,
        range_objs: list[DynamoType],
        limit: int | None,
        exclusive_start_key: dict[str, Any] | None,
        scan_index_forward: bool,  # noqa: FBT001
        projection_expressions: list[list[str]] | None,
        index_name: str | None = None,
        consistent_read: bool = False,  # noqa: FBT001, FBT002
        filter_expression: Any = None,
        hash_key_conditions: list[tuple[str, DynamoType]] | None = None,
        range_key_conditions: list[tuple[str, str, list[DynamoType]]] | None = None,
        **filters: Any,
    ) -> tuple[list[Item], int, dict[str, Any] | None]:
        order = self._order(index_name)
        if order and not filters and len(hash_key_conditions or []) == 1 and not (index_name and consistent_read):
            span = _span(order, hash_key, range_comparison, range_objs, exclusive_start_key, forward=scan_index_forward)
            if span is not None:
                return self._answer(span, limit, projection_expressions, index_name, filter_expression)
        return super().query(
            hash_key,
            range_comparison,
            range_objs,
            limit,  # type: ignore[arg-type]
            exclusive_start_key,  # type: ignore[arg-type]
            scan_index_forward,
            projection_expressions,
            index_name,
            consistent_read,
            filter_expression,
            hash_key_conditions,
            range_key_conditions,
            **filters,
        )

    def _answer(
        self,
        span: "_Span",
        limit: int | None,
        projection_expressions: list[list[str]] | None,
        index_name: str | None,
        filter_expression: Any,
    ) -> tuple[list[Item], int, dict[str, Any] | None]:
        page, is_last = span.page(limit)
        last_key = None if is_last else self._get_last_evaluated_key(page[-1], index_name)
        items: list[Item] = [*page]
        if index_name:
            items = list(map(self.get_index(index_name).project, items))
        if filter_expression is not None:
            items = [item for item in items if filter_expression.expr(item)]
        if projection_expressions:
            items = [item.project(projection_expressions) for item in items]
        return items, len(page), last_key

    def _order(self, index_name: str | None) -> _Order | None:
        """Returns None if there is no such index or if its keys have no order here."""
        names = self._key_names(index_name)
        if names is None:
            return None
        if names not in self._orders:
            defined = {each["AttributeName"]: each["AttributeType"] for each in self.attr}
            types = {name: defined.get(name, "") for name in names}
            if not all(kind in _SORTABLE for kind in types.values()):
                return None
            self._orders[names] = _Order(types, map(_Stored, self._all()))
        return self._orders[names]

    def _key_names(self, index_name: str | None) -> tuple[str, ...] | None:
        """Returns the attributes that moto sorts by, the partition key first."""
        if index_name is None:
            return tuple(self.table_key_attrs)
        index = next((each for each in self.all_indexes() if each.name == index_name), None)
        if index is None:
            return None
        kinds = [key["KeyType"] for key in index.schema]
        if sorted(kinds) != ["HASH", "RANGE"]:
            return None
        names = sorted(index.schema, key=lambda key: key["KeyType"])
        return tuple(dict.fromkeys([*(key["AttributeName"] for key in names), *self.table_key_attrs]))

    def _all(self) -> Iterator[Item]:
        stored: Any  # moto's type is that of a table with a range key
        for stored in self.items.values():
            yield from stored.values() if self.has_range_key else [stored]


@dataclass(frozen=True)
class _Span:
    """The entries of a partition that a Query reads: from `begin` to before `end`, backwards unless `forward`."""

    entries: list[_Entry]
    begin: int
    end: int
    forward: bool

    def page(self, limit: int | None) -> tuple[list[_Stored], bool]:
        """Returns at most `limit` items and 1 MB, and whether they are the last ones.

        As with moto, a page of `limit` items is the last one only if none follows in the whole partition.
        """
        numbers = range(self.begin, self.end) if self.forward else range(self.end - 1, self.begin - 1, -1)
        page: list[_Stored] = []
        size = 0
        for number in numbers:
            item = self.entries[number][1]
            size += item.size()
            if len(page) == limit or size > RESULT_SIZE_LIMIT:
                return page, False
            page.append(item)
        following = self.end if self.forward else self.begin - 1
        return page, len(page) != limit or not 0 <= following < len(self.entries)


def _span(
    order: _Order,
    hash_key: DynamoType | None,
    comparison: str | None,
    values: list[DynamoType],
    start_key: dict[str, Any] | None,
    *,
    forward: bool,
) -> _Span | None:
    """Returns None if the types are not those of the keys or if the order does not know the comparison."""
    partition_type, *sort_types = order.types.values()
    if hash_key is None or hash_key.type != partition_type:
        return None
    if comparison and (not sort_types or any(value.type != sort_types[0] for value in values)):
        return None
    entries = order.entries(hash_key.cast_value)
    bounds = _bounds(entries, comparison, [value.cast_value for value in values])
    if bounds is None:
        return None
    begin, end = bounds
    if start_key is not None:
        place = order.place({name: DynamoType(value) for name, value in start_key.items()})
        if place is None or place.partition != hash_key.cast_value:
            return None
        if forward:
            begin = max(begin, bisect_right(entries, place.sort_key, key=_sort_key))
        else:
            end = min(end, bisect_left(entries, place.sort_key, key=_sort_key))
    return _Span(entries, begin, end, forward)


def _bounds(entries: list[_Entry], comparison: str | None, values: list[Any]) -> tuple[int, int] | None:
    """Returns the numbers of the first entry and of the one after the last; None for an unknown comparison."""
    if comparison is None:
        return 0, len(entries)
    begin = bisect_left(entries, values[0], key=_first_value)
    end = bisect_right(entries, values[-1], key=_first_value)
    if comparison == "BEGINS_WITH" and isinstance(values[0], str):
        return begin, bisect_left(entries, 1, lo=begin, key=lambda entry: not entry[0][0].startswith(values[0]))
    return {
        "=": (begin, end),
        "BETWEEN": (begin, end),
        "<": (0, begin),
        "<=": (0, end),
        ">": (end, len(entries)),
        ">=": (begin, len(entries)),
    }.get(comparison)
