"""ScheduleRepository, fake and real, at DynamoDB's limits: what is larger is refused, and nothing of it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.errors import StoreRefused
from chalicelib.core.model import ids
from chalicelib.core.model.fields import OPTIONS, Limits
from chalicelib.core.model.ids import USER_ID_BYTES
from chalicelib.core.model.schedule import Status
from chalicelib.core.timing.instants import iso
from chalicelib.testing.limits import item_bytes
from tests.builders import NOW, a_filled_schedule, a_run, a_schedule, an_action, changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.schedule import Schedule

    from .conftest import Store

ITEM_BYTES = 400 * 1024
PARTITION, SORT = 2048, 1024
KEYS = {
    "by_time_pk": PARTITION,
    "by_time_sk": SORT,
    "by_resource_pk": PARTITION,
    "by_resource_sk": SORT,
    "watch_pk": PARTITION,
    "watch_at": SORT,
}
A = {"PK": "a", "SK": "a"}
LISTED = dict.fromkeys(KEYS, "k") | A | {"watch_at": iso(NOW)}


def an_item(name: str, size: int) -> dict[str, Any]:
    """Of so many bytes."""
    item = {"PK": name, "SK": "s", "text": ""}
    return item | {"text": "x" * (size - item_bytes(item))}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        *(("ä\U0001f600", 6), (True, 1), (0, 1), (7, 2), (-7, 3), (1_000_000, 2), (1_803_110_400_000, 5)),
        *(([], 3), (["ab", 7], 9), ({}, 3), ({"ab": "cd", "e": [1]}, 16)),
    ],
)
def test_an_item_has_the_size_that_dynamodb_counts(store: Store, value: Any, size: int) -> None:
    """The rest of the item leaves room for this value to the byte, and then for a byte less."""
    room = ITEM_BYTES - size - len("v")

    assert store.put_all([an_item("fits", room) | {"v": value}])
    assert not store.put_all([an_item("does not", room + 1) | {"v": value}])


def test_a_transaction_with_an_item_that_is_too_large_writes_nothing(store: Store) -> None:
    assert not store.put_all([A, an_item("b", ITEM_BYTES + 1)])

    assert store.item(A) is None


def test_a_transaction_has_a_hundred_items_at_most(store: Store) -> None:
    hundred = [{"PK": str(number), "SK": "s"} for number in range(100)]

    assert store.put_all(hundred)
    assert not store.put_all([*hundred, A])
    assert store.item(A) is None


def test_a_transaction_has_four_megabytes_at_most(store: Store) -> None:
    ten = [an_item(str(number), ITEM_BYTES) for number in range(10)]
    rest = 4 * 1024 * 1024 - 10 * ITEM_BYTES

    assert store.put_all([*ten, an_item("a", rest)])
    assert not store.put_all([*ten, an_item("b", rest + 1)])
    assert store.item({"PK": "b", "SK": "s"}) is None


@pytest.mark.parametrize("name", sorted(KEYS.keys() - {"watch_at"}))
def test_the_keys_of_an_index_may_have_their_longest_size(store: Store, name: str) -> None:
    """`watch_at` is an instant, which the local cloud reads."""
    assert store.put_all([LISTED | {name: "ä" * (KEYS[name] // 2)}])


@pytest.mark.parametrize("name", KEYS)
def test_the_keys_of_an_index_may_not_have_a_byte_more(store: Store, name: str) -> None:
    assert not store.put_all([LISTED | {name: "ä" * (KEYS[name] // 2) + "x"}])

    assert store.item(A) is None


@pytest.mark.parametrize(("name", "most"), [("PK", PARTITION), ("SK", SORT)])
def test_so_have_those_of_the_table(store: Store, name: str, most: int) -> None:
    assert store.put_all([A | {name: "x" * most}])
    assert not store.put_all([A, A | {name: "x" * (most + 1)}])
    assert store.item(A) is None


# Through the port


def test_a_schedule_whose_keys_are_too_long_is_refused_and_leaves_nothing(store: Store) -> None:
    """The sort key of the list of a resource is the first to be too long."""
    rest = len(ids.by_resource_sk("", NOW, "s1"))
    longest = a_schedule(user_id="u" * (SORT - rest), resource_id="r")
    longer = replace(longest, user_id=longest.user_id + "u")
    store.repository.create(longest, an_action())

    with pytest.raises(StoreRefused):
        store.repository.create(longer, an_action())
    assert store.repository.get(longest.user_id, "s1") == longest
    assert store.repository.get(longer.user_id, "s1") is None
    assert store.repository.get_action(longer) is None


def test_a_change_that_makes_the_record_too_large_is_refused_and_changes_nothing(store: Store) -> None:
    schedule = a_schedule()
    store.repository.create(schedule, an_action())
    full = dict(store.item(items.schedule_key(schedule)) or {})
    store.put(full | {"text": "x" * (ITEM_BYTES - item_bytes(full) - 10)})
    action = an_action(text="another")

    with pytest.raises(StoreRefused):
        store.repository.change(
            changed(schedule, name="a name", action_revision=schedule.action_revision + 1),
            replacing=schedule,
            action=action,
        )
    assert store.repository.get("alice", "s1") == schedule
    assert store.repository.get_action(schedule) == an_action()


def test_an_action_that_is_too_large_is_refused_with_its_schedule(store: Store) -> None:
    with pytest.raises(StoreRefused):
        store.repository.create(a_schedule(), an_action(html="x" * ITEM_BYTES))

    assert store.repository.get("alice", "s1") is None


def test_a_run_that_is_too_large_leaves_what_was_there(store: Store) -> None:
    schedule = a_schedule()
    store.repository.create(schedule, an_action())
    run = a_run(schedule)
    store.repository.claim(run, expecting=schedule, replacing=None)

    with pytest.raises(StoreRefused):
        store.repository.finish(
            replace(run, reason="x" * ITEM_BYTES), replacing=run, expecting=schedule, updated=schedule
        )
    assert store.repository.get_run("alice", "s1", run.run_id) == run


def test_nothing_is_found_under_an_id_that_no_key_can_hold(store: Store) -> None:
    repository, long = store.repository, "x" * PARTITION

    assert repository.get(long, "s1") is None
    assert repository.get("alice", long) is None
    assert repository.get_run("alice", long, a_run(a_schedule()).run_id) is None
    assert repository.get_job(long) is None
    assert repository.get_count(long) is None


def test_a_list_of_what_no_key_can_hold_is_refused(store: Store) -> None:
    repository, long = store.repository, "x" * PARTITION
    lists: list[Callable[[], object]] = [
        lambda: repository.list_by_user(long, Status.ACTIVE, limit=1, cursor=None),
        lambda: repository.list_by_resource(long, Status.ACTIVE, user_id=None, limit=1, cursor=None),
        lambda: repository.list_runs(long, "s1", limit=1, cursor=None),
    ]

    for list_one in lists:
        with pytest.raises(StoreRefused):
            list_one()


# What HTTP admits


WIDEST_TEXTS = {"four bytes": "\U0001f600", "encoded": "%"}


@pytest.mark.parametrize("text", WIDEST_TEXTS.values(), ids=WIDEST_TEXTS)
def test_the_longest_ids_that_http_admits_fit_into_every_key(store: Store, text: str) -> None:
    limits = OPTIONS["resource_id"].limits
    assert isinstance(limits, Limits)
    user_id = text * (USER_ID_BYTES // len(ids.encode(text).encode()))
    widest = replace(a_filled_schedule(), user_id=user_id, schedule_id="s" * 64, resource_id=text * limits.most)

    store.repository.create(widest, an_action())

    assert _found(store, widest) == widest


def _found(store: Store, schedule: Schedule) -> Schedule | None:
    return store.repository.get(schedule.user_id, schedule.schedule_id)
