from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.core.model import ids
from tests.strategies import ids as any_id
from tests.strategies import seconds

NINE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@given(st.lists(any_id, min_size=1, max_size=4))
def test_the_parts_of_a_key_can_be_told_apart_again(parts: list[str]) -> None:
    """So no two lists of parts make one key."""
    assert [ids.decode(part) for part in ids.join(*parts).split("#")] == parts


@given(any_id, any_id)
def test_no_two_users_share_a_partition(one: str, other: str) -> None:
    assume(one != other)
    of_one, of_other = (
        {ids.user_pk(user), ids.by_time_pk(user, "active"), ids.runs_pk(user, "failed")} for user in (one, other)
    )

    assert not of_one & of_other


@given(any_id, any_id, any_id, any_id)
def test_no_two_schedules_share_a_partition(user: str, schedule: str, other_user: str, other: str) -> None:
    assume((user, schedule) != (other_user, other))

    assert ids.schedule_pk(user, schedule) != ids.schedule_pk(other_user, other)


@given(any_id, any_id, any_id, seconds)
def test_no_users_prefix_in_a_resource_shows_anothers_entries(
    one: str, other: str, schedule: str, at: datetime
) -> None:
    entry = ids.by_resource_sk(other, at, schedule)

    assert entry.startswith(ids.by_resource_prefix(one)) == (one == other)


@given(any_id, any_id, any_id)
def test_no_two_resources_share_a_partition(one: str, other: str, status: str) -> None:
    assume(one != other)

    assert ids.by_resource_pk(one, status) != ids.by_resource_pk(other, status)


@given(any_id, seconds, seconds)
def test_a_users_list_sorts_as_time_does(schedule: str, one: datetime, other: datetime) -> None:
    assume(one < other)

    assert ids.by_time_sk(one, schedule) < ids.by_time_sk(other, schedule)
    assert ids.run_sk(one) < ids.run_sk(other)


@given(seconds)
def test_a_runs_name_gives_its_key_back(at: datetime) -> None:
    assert ids.run_sk_of("alice", "s1", ids.run_id("alice", "s1", at)) == ids.run_sk(at)
    assert ids.run_sk_of("alice", "s1", ids.run_id("alice", "s1", at, "1f2e")) == ids.run_sk(at, "1f2e")


@pytest.mark.parametrize("name", ["", "-", "20270301T080000Z", "20270301T080000Z-0123456789abcdef", "tomorrow-1"])
def test_what_no_run_of_a_schedule_is_called_has_no_key(name: str) -> None:
    assert ids.run_sk_of("alice", "s1", name) is None


def test_a_runs_name_is_no_key_to_another_users_runs() -> None:
    assert ids.run_sk_of("bob", "s1", ids.run_id("alice", "s1", datetime(2027, 3, 1, tzinfo=UTC))) is None


@pytest.mark.parametrize(
    ("made", "as_designed"),
    [
        (ids.user_pk("a#1"), "USER#a%231"),
        (ids.schedule_sk("s1"), "SCHEDULE#s1"),
        (ids.schedule_pk("100%", "s1"), "SCHEDULE#100%25#s1"),
        (ids.action_sk(7), "ACTION#7"),
        (ids.run_sk(NINE), "RUN#2027-03-01T09:00:00Z"),
        (ids.by_time_pk("alice", "active"), "USER#alice#active"),
        (ids.by_time_sk(NINE, "s1"), "2027-03-01T09:00:00Z#s1"),
        (ids.runs_pk("alice", "failed"), "USER#alice#RUN#FAILED"),
        (ids.by_resource_pk("r", "active"), "RESOURCE#r#active"),
        (ids.by_resource_sk("alice", NINE, "s1"), "USER#alice#2027-03-01T09:00:00Z#s1"),
    ],
)
def test_keys_are_those_of_the_design(made: str, as_designed: str) -> None:
    assert made == as_designed


@pytest.mark.parametrize("text", ["a", "A-z_09", "x" * 64, "batches"])
def test_it_takes_a_schedule_id(text: str) -> None:
    assert ids.is_schedule_id(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a#b", "a%23", "ä", "a\n", "batch", "a/b", "a.b"])
def test_it_refuses_what_is_no_schedule_id(text: str) -> None:
    assert not ids.is_schedule_id(text)


# Names


@given(any_id, any_id)
def test_eventbridge_takes_every_name(user: str, schedule: str) -> None:
    """`[0-9a-zA-Z-_.]+`, 1 to 64 (API reference, CreateSchedule)."""
    assert re.fullmatch(r"[0-9a-zA-Z\-_.]{1,64}", ids.scheduler_name(user, schedule))


def test_parts_that_read_the_same_together_make_different_names() -> None:
    pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("a", "b#c"), ("a#b", "c")]

    assert len({ids.scheduler_name(*pair) for pair in pairs}) == len(pairs)


@given(st.lists(seconds, min_size=2, max_size=5, unique=True))
def test_a_schedules_run_ids_sort_as_time_does(times: list[datetime]) -> None:
    made = [ids.run_id("alice", "s1", at) for at in sorted(times)]

    assert all(one < other for one, other in pairwise(made))


def test_run_ids_of_the_same_time_differ_by_schedule_and_user() -> None:
    owners = [("alice", "s1"), ("alice", "s2"), ("bob", "s1")]

    assert len({ids.run_id(user, schedule, NINE) for user, schedule in owners}) == 3


def test_the_watch_is_spread_over_all_its_shards() -> None:
    shards = Counter(ids.watch_pk(ids.user_pk("alice"), ids.schedule_sk(f"s{n}")) for n in range(6400))

    assert set(shards) == {f"WATCH#{n}" for n in range(64)}
    assert max(shards.values()) < 200


def test_instants_of_another_zone_make_the_same_keys() -> None:
    tokyo = NINE.astimezone(timezone(timedelta(hours=9)))

    assert ids.run_sk(tokyo) == ids.run_sk(NINE)
