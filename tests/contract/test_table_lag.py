"""ScheduleRepository, fake and real, while lists are behind: each shows what was true, reads by id what is true.

Amazon DynamoDB Developer Guide, "DynamoDB read consistency": a read of a global secondary index is always eventually
consistent, a read of the table unless it asks for more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.model import ids
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_run,
    a_schedule,
    an_action,
    cancelled,
    changed,
    confirmed,
    every_hour,
)

from .test_repository_spans import a_span

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.core.model.ports import ScheduleRepository, Watch

    from .conftest import Store

    List = Callable[[ScheduleRepository], list[str]]

A_WHILE, NOT_AT_ALL = timedelta(seconds=50), timedelta(0)

SCHEDULE = a_schedule(timing=every_hour(), resource_id="r")
RUN = a_run(SCHEDULE, status=RunStatus.FAILED)

LISTS: dict[str, List] = {
    "list_by_user": lambda table: _ids(table.list_by_user("alice", Status.ACTIVE, limit=9, cursor=None).items),
    "list_by_resource": lambda table: _ids(
        table.list_by_resource("r", Status.ACTIVE, user_id=None, limit=9, cursor=None).items
    ),
    "list_runs": lambda table: _ids(table.list_runs("alice", "s1", limit=9, cursor=None).items),
    "list_runs_of_user": lambda table: _ids(
        table.list_runs_of_user("alice", RunStatus.FAILED, since=NOW, until=NOW + DAY, limit=9, cursor=None).items
    ),
    "due": lambda table: ["s1" for watch in _due(table) if watch.sk.startswith("SCHEDULE#")],
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_does_not_show_what_was_just_written(store: Store, name: str) -> None:
    store.lag(A_WHILE)
    store.repository.create(SCHEDULE, an_action())
    store.repository.claim(RUN, expecting=SCHEDULE, replacing=None)
    behind = LISTS[name](store.repository)
    store.lag(NOT_AT_ALL)

    assert (behind, LISTS[name](store.repository)) == ([], ["s1"])


@pytest.mark.parametrize("name", sorted(LISTS.keys() - {"list_runs", "list_runs_of_user", "due"}))
def test_a_list_shows_what_was_there_before(store: Store, name: str) -> None:
    store.repository.create(SCHEDULE, an_action())
    store.lag(A_WHILE)
    store.repository.change(cancelled(SCHEDULE), replacing=SCHEDULE)
    store.repository.confirm(cancelled(SCHEDULE))
    behind = LISTS[name](store.repository)
    store.lag(NOT_AT_ALL)

    assert (behind, LISTS[name](store.repository)) == (["s1"], [])


def test_a_list_shows_what_was_removed(store: Store) -> None:
    store.repository.create(SCHEDULE, an_action())
    store.lag(A_WHILE)
    store.repository.erase(SCHEDULE)

    assert LISTS["list_by_user"](store.repository) == ["s1"]
    assert store.repository.get("alice", "s1") is None


def test_what_is_shown_late_is_the_record_as_it_was(store: Store) -> None:
    store.repository.create(SCHEDULE, an_action())
    store.lag(A_WHILE)
    store.repository.change(changed(SCHEDULE, name="other"), replacing=SCHEDULE)

    (shown,) = store.repository.list_by_user("alice", Status.ACTIVE, limit=9, cursor=None).items
    assert shown == SCHEDULE


def test_a_read_by_id_is_never_behind(store: Store) -> None:
    store.lag(A_WHILE)
    store.repository.create(SCHEDULE, an_action())
    store.repository.claim(RUN, expecting=SCHEDULE, replacing=None)

    assert store.repository.get("alice", "s1") == SCHEDULE
    assert store.repository.get_action(SCHEDULE) == an_action()
    assert store.repository.get_run("alice", "s1", RUN.run_id) == RUN


def test_open_spans_are_never_behind(store: Store) -> None:
    schedule = confirmed(SCHEDULE)
    store.repository.create(schedule, an_action())
    store.lag(A_WHILE)
    span = a_span(schedule)
    store.repository.change(changed(schedule, pending_since=span.since), replacing=schedule, span=span)

    assert list(store.repository.list_spans("alice", "s1")) == [span]


def test_an_erasure_leaves_nothing_that_was_written_just_before(store: Store) -> None:
    """It looks no second time: what it does not see stays for ever."""
    store.repository.create(SCHEDULE, an_action())
    store.lag(A_WHILE)
    store.repository.claim(RUN, expecting=SCHEDULE, replacing=None)
    store.repository.erase(SCHEDULE)

    assert store.repository.erase_runs("alice", "s1", limit=25)
    assert store.item(items.run_key(RUN)) is None
    assert store.item(items.action_key(SCHEDULE)) is None


def test_a_watch_that_moved_is_shown_where_it_was_and_cannot_be_acquired(store: Store) -> None:
    store.repository.create(SCHEDULE, an_action())
    store.lag(A_WHILE)
    (watch,) = _due(store.repository)
    store.repository.acquire_lease(watch, now=NOW + 2 * MINUTE)

    assert _due(store.repository) == [watch]
    assert store.repository.acquire_lease(watch, now=NOW + 2 * MINUTE) is None


def test_held_runs_are_listed_late_as_well(store: Store) -> None:
    held = replace(RUN, status=RunStatus.HELD)
    key = items.run_key(held)
    shard = ids.shard_of(key["PK"], key["SK"])
    store.lag(A_WHILE)
    store.repository.finish(held, replacing=None, expecting=None, updated=None)
    behind = store.repository.list_held_runs(shard, limit=9, cursor=None).items
    store.lag(NOT_AT_ALL)

    assert list(behind) == []
    assert list(store.repository.list_held_runs(shard, limit=9, cursor=None).items) == [held]


def test_what_is_older_than_the_lag_is_shown(store: Store) -> None:
    store.lag(timedelta(microseconds=1))
    store.repository.create(replace(SCHEDULE, intent_until=NOW + HOUR), an_action())

    assert LISTS["list_by_user"](store.repository) == ["s1"]


def _ids(found: object) -> list[str]:
    return [each.schedule_id for each in found]  # type: ignore[attr-defined]


def _due(table: ScheduleRepository) -> list[Watch]:
    key = items.schedule_key(SCHEDULE)
    shard = ids.shard_of(key["PK"], key["SK"])
    return list(table.due(shard, NOW + DAY, limit=9, cursor=None).items)
