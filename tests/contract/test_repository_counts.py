"""ScheduleRepository, fake and real: how many live schedules a user has been counted to have."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chalicelib.core.model.ports import LiveCount
from tests.builders import HOUR, NOW, a_schedule, an_action, cancelled

if TYPE_CHECKING:
    from chalicelib.core.model.ports import ScheduleRepository
    from tests.contract.conftest import Store


def count(repository: ScheduleRepository) -> int:
    counted = repository.get_count("alice")
    return counted.count if counted else 0


def test_what_is_counted_is_kept_and_users_are_counted_apart(repository: ScheduleRepository) -> None:
    repository.raise_count("alice", 2, most_live=10, now=NOW)
    repository.raise_count("bob", 1, most_live=10, now=NOW)

    assert repository.get_count("alice") == LiveCount(2)
    assert repository.get_count("bob") == LiveCount(1)


def test_a_create_does_not_count(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())

    assert repository.get_count("alice") is None


def test_creates_of_one_user_share_no_item_so_they_never_conflict(store: Store) -> None:
    ended = cancelled(a_schedule(schedule_id="s0"))
    store.repository.create(ended, an_action())
    again = a_schedule(schedule_id="s0", revision=ended.revision + 1)
    creates = [partial(store.repository.create, a_schedule(schedule_id=f"s{n}"), an_action()) for n in (1, 2, 3)]
    creates.append(partial(store.repository.create, again, an_action(), replacing=ended))

    written = [store.transaction(create) for create in creates]

    assert [len(keys) for keys in written] == [2, 2, 2, 2]
    assert len(frozenset().union(*written)) == 8


def test_several_are_counted_at_once_or_none_of_them(repository: ScheduleRepository) -> None:
    answers = [repository.raise_count("alice", by, most_live=10, now=NOW) for by in (11, 6, 5, 4)]

    assert answers == [False, True, False, True]
    assert count(repository) == 10


def test_a_correction_keeps_what_is_counted_meanwhile(repository: ScheduleRepository) -> None:
    repository.raise_count("alice", 7, most_live=10, now=NOW)
    counted = LiveCount(7)
    repository.raise_count("alice", 1, most_live=10, now=NOW)

    assert repository.correct_count("alice", 2 - counted.count, expecting=counted, now=NOW + HOUR)
    assert repository.get_count("alice") == LiveCount(3, recounts=1)


def test_of_two_corrections_at_once_one_is_made(repository: ScheduleRepository) -> None:
    repository.raise_count("alice", 7, most_live=10, now=NOW)
    first = [repository.correct_count("alice", -5, expecting=LiveCount(7), now=NOW) for _ in range(2)]
    second = [repository.correct_count("alice", 3, expecting=LiveCount(2, recounts=1), now=NOW) for _ in range(2)]

    assert (first, second) == ([True, False], [True, False])
    assert repository.get_count("alice") == LiveCount(5, recounts=2)


def test_a_count_that_was_erased_is_not_corrected(repository: ScheduleRepository) -> None:
    assert not repository.correct_count("alice", 1, expecting=LiveCount(7), now=NOW)
    assert repository.get_count("alice") is None


def test_an_erased_count_begins_anew(repository: ScheduleRepository) -> None:
    repository.raise_count("alice", 7, most_live=10, now=NOW)
    repository.erase_count("alice")

    assert repository.get_count("alice") is None
