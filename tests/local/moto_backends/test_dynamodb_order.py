"""A Query of the local cloud reads only its page, and has the answer that moto alone has."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from local.environment import ACCOUNT
from local.moto_backends.dynamodb import IsolatedBackend
from local.testing import REGION

TABLE = "t"
LARGE = "x" * 300_000  # four of them exceed a page of 1 MB
KEYS: dict[str | None, tuple[str, ...]] = {
    None: ("PK", "SK"),
    "texts": ("GPK", "GSK"),
    "numbers": ("GPK", "NSK"),
    "local": ("PK", "NSK"),
    "unsorted": ("GPK",),
}
KINDS = {"NSK": "N"}
STRINGS = ("a", "ab", "b", "\uffff", "\U0001f600")
NUMBERS = ("-1", "1", "1.0", "9", "10")

Answer = tuple[list[Any], int, Any] | str


def typed(name: str, value: str) -> dict[str, str]:
    return {KINDS.get(name, "S"): value}


def values(name: str) -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from(NUMBERS if name == "NSK" else STRINGS).map(lambda value: typed(name, value))


PARTITIONS = st.sampled_from("pppq").map(lambda value: {"S": value})
MAIN_KEYS = st.fixed_dictionaries({"PK": PARTITIONS, "SK": values("SK")})
INDEX_KEYS = {"GPK": PARTITIONS, "GSK": values("GSK"), "NSK": values("NSK")}
ITEMS = st.builds(
    lambda key, others, large: key | others | ({"text": {"S": LARGE}} if large else {}),
    MAIN_KEYS,
    st.fixed_dictionaries({}, optional=INDEX_KEYS),
    st.booleans(),
)
CHANGES = st.one_of(
    [
        st.tuples(st.just(f"SET {name} = :value"), strategy.map(lambda value: {":value": value}))
        for name, strategy in INDEX_KEYS.items()
    ]
    + [st.just((f"REMOVE {name}", {})) for name in INDEX_KEYS]
    + [st.just(("SET missing.part = :value", {":value": {"S": "a"}}))]  # fails
)
TRANSACTIONS = st.lists(
    st.one_of(
        ITEMS.map(lambda item: {"Put": {"TableName": TABLE, "Item": item}}),
        MAIN_KEYS.map(lambda key: {"Delete": {"TableName": TABLE, "Key": key}}),
        MAIN_KEYS.map(
            lambda key: {
                "ConditionCheck": {"TableName": TABLE, "Key": key, "ConditionExpression": "attribute_exists(PK)"}
            }
        ),
    ),
    min_size=1,
    max_size=3,
)
COMPARISONS = (None, "=", "<", "<=", ">", ">=", "BETWEEN", "BEGINS_WITH")


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    index = draw(st.sampled_from(list(KEYS)))
    partition, *sort = KEYS[index]
    comparison = draw(st.sampled_from([each for each in COMPARISONS if each is None or sort]))
    bounds = [draw(values(sort[0])) for _ in range(2 if comparison == "BETWEEN" else 1)] if comparison else []
    start = st.fixed_dictionaries({name: INDEX_KEYS.get(name, PARTITIONS) for name in KEYS[index]})
    return {
        "index_name": index,
        "partition": (partition, draw(PARTITIONS)),
        "sort": (sort[0], comparison, bounds) if comparison else None,
        "limit": draw(st.sampled_from([None, 1, 2, 5])),
        "forward": draw(st.booleans()),
        "start": draw(
            st.none() | st.builds(lambda *keys: {k: v for key in keys for k, v in key.items()}, start, MAIN_KEYS)
        ),
        "filter": draw(st.sampled_from([None, "attribute_exists(GSK)"])),
    }


WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), ITEMS),
        st.tuples(st.just("delete"), MAIN_KEYS),
        st.tuples(st.just("update"), st.tuples(MAIN_KEYS, CHANGES)),
        st.tuples(st.just("transact"), TRANSACTIONS),
    ),
    min_size=5,
    max_size=20,
)


ALL = {"sort": None, "limit": None, "forward": True, "start": None, "filter": None}


def made(backend: type[DynamoDBBackend]) -> DynamoDBBackend:
    def index(name: str, projection: str = "ALL") -> dict[str, Any]:
        return {
            "IndexName": name,
            "KeySchema": schema(*KEYS[name]),
            "Projection": {"ProjectionType": projection},
        }

    def schema(*names: str) -> list[dict[str, str]]:
        return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]

    new = backend(REGION, ACCOUNT)
    new.create_table(
        TABLE,
        schema=schema("PK", "SK"),
        throughput=None,
        attr=[{"AttributeName": n, "AttributeType": KINDS.get(n, "S")} for n in ("PK", "SK", "GPK", "GSK", "NSK")],
        global_indexes=[index("texts", "KEYS_ONLY"), index("numbers"), index("unsorted")],
        indexes=[index("local")],
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    return new


def write(backend: DynamoDBBackend, kind: str, given: Any) -> None:
    # A write that fails changes nothing; the errors of moto alone differ from AWS's.
    with suppress(JsonRESTError):
        match kind:
            case "put":
                backend.put_item(TABLE, given, overwrite=True)
            case "delete":
                backend.delete_item(TABLE, given)
            case "update":
                key, (expression, bound) = given
                backend.update_item(TABLE, key, expression, {}, bound)
            case "transact":
                backend.transact_write_items(given)


def answer(backend: DynamoDBBackend, query: dict[str, Any], start: dict[str, Any] | None) -> Answer:
    """Returns the items, the number of scanned items and the last key, or the name of the error."""
    sort = query["sort"]
    try:
        items, scanned, last = backend.query(
            TABLE,
            query["partition"][1],
            sort and sort[1],
            sort[2] if sort else [],
            query["limit"],
            start,  # type: ignore[arg-type]
            query["forward"],
            None,
            index_name=query["index_name"],
            expr_names={},
            expr_values={},
            filter_expression=query["filter"],
            hash_key_conditions=[query["partition"]],
            range_key_conditions=[sort] if sort else [],
        )
    except (JsonRESTError, TypeError, AttributeError) as error:  # the latter two: moto's, of begins_with on a number
        return type(error).__name__
    return [each.to_json()["Attributes"] for each in items], scanned, last and {k: v.to_json() for k, v in last.items()}


def check(ours: DynamoDBBackend, plain: DynamoDBBackend, query: dict[str, Any]) -> None:
    """Compares all pages.

    moto alone adds an empty page if an item after the range would make the page too large. DynamoDB reads no such item.
    """
    start = query["start"]
    while True:
        expected, got = answer(plain, query, start), answer(ours, query, start)
        if not isinstance(expected, str) and expected[2] and expected[1] != query["limit"] and not got[2]:
            assert answer(plain, query, expected[2]) == ([], 0, None)
            expected = (*expected[:2], None)
        assert got == expected
        if isinstance(expected, str) or not expected[2]:
            return
        start = expected[2]


@given(
    st.lists(ITEMS, min_size=10, max_size=30),
    st.lists(st.tuples(WRITES, st.lists(queries(), min_size=10, max_size=10)), min_size=1, max_size=2),
)
def test_queries_after_any_writes_have_the_answers_of_moto_alone(
    items: list[dict[str, Any]], rounds: list[tuple[list[tuple[str, Any]], list[dict[str, Any]]]]
) -> None:
    ours, plain = made(IsolatedBackend), made(DynamoDBBackend)
    for item in items:
        write(ours, "put", item)
        write(plain, "put", item)
    for index, (partition, *_) in KEYS.items():  # the first Query of an index begins to keep its order
        check(ours, plain, ALL | {"index_name": index, "partition": (partition, {"S": "p"})})
    for writes, asked in rounds:
        for kind, members in writes:
            write(ours, kind, members)
            write(plain, kind, members)
        for query in asked:
            check(ours, plain, query)


@pytest.mark.parametrize("index", [name for name, names in KEYS.items() if len(names) > 1])
def test_a_query_does_not_compare_all_items(index: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = made(IsolatedBackend)
    keys = {name: typed(name, "1") for names in KEYS.values() for name in names}
    for number in range(10):
        write(backend, "put", keys | {"SK": {"S": str(number)}})
    monkeypatch.delattr(Table, "query")
    partition = KEYS[index][0]
    query = ALL | {"index_name": index, "partition": (partition, keys[partition]), "limit": 3}

    found = answer(backend, query, None)

    assert not isinstance(found, str), found
    assert (len(found[0]), found[1]) == (3, 3)
