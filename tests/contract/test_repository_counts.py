"""ScheduleRepository, fake and real: how many live schedules a user has been counted to have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import ScheduleExists, TooManySchedules
from chalicelib.core.model.ports import LiveCount
from tests.builders import HOUR, NOW, a_schedule, an_action, cancelled

if TYPE_CHECKING:
    from chalicelib.core.model.ports import ScheduleRepository


def count(repository: ScheduleRepository) -> int:
    counted = repository.get_count("alice")
    return counted.count if counted else 0


def test_a_create_counts(repository: ScheduleRepository) -> None:
    first = a_schedule(updated_at=NOW)
    repository.create(first, an_action())

    assert repository.get_count("alice") == LiveCount(1, NOW)


def test_the_most_is_kept_and_what_is_over_it_is_not_written(repository: ScheduleRepository) -> None:
    for name in ("s1", "s2"):
        repository.create(a_schedule(schedule_id=name), an_action(), most_live=2)

    with pytest.raises(TooManySchedules) as caught:
        repository.create(a_schedule(schedule_id="s3"), an_action(), most_live=2)
    assert caught.value.limit == 2
    assert repository.get("alice", "s3") is None
    assert count(repository) == 2


def test_a_create_that_is_refused_does_not_count(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())

    with pytest.raises(ScheduleExists):
        repository.create(a_schedule(), an_action(), most_live=1)
    assert count(repository) == 1


def test_a_create_in_the_place_of_an_ended_one_counts(repository: ScheduleRepository) -> None:
    ended = cancelled(a_schedule())
    repository.create(ended, an_action())
    repository.create(a_schedule(revision=ended.revision + 1), an_action(), replacing=ended)

    assert count(repository) == 2


def test_users_are_counted_apart(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(user_id="bob"), an_action(), most_live=1)
    repository.create(a_schedule(), an_action(), most_live=1)

    assert count(repository) == 1


def test_what_was_counted_before_is_not_counted_again(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action(), most_live=None)

    assert count(repository) == 0


def test_several_are_counted_at_once_or_none_of_them(repository: ScheduleRepository) -> None:
    answers = [repository.raise_count("alice", by, most_live=10, now=NOW) for by in (11, 6, 5, 4)]

    assert answers == [False, True, False, True]
    assert count(repository) == 10


def test_a_count_is_set_only_as_long_as_nobody_counts(repository: ScheduleRepository) -> None:
    repository.raise_count("alice", 7, most_live=10, now=NOW)
    counted = LiveCount(7, NOW)
    stale = [replace(counted, count=6), replace(counted, changed_at=NOW - HOUR)]

    refused = [repository.set_count("alice", 2, replacing=old, now=NOW + HOUR) for old in stale]
    done = repository.set_count("alice", 2, replacing=counted, now=NOW + HOUR)

    assert (refused, done) == ([False, False], True)
    assert repository.get_count("alice") == LiveCount(2, NOW + HOUR)


def test_an_erased_count_begins_anew(repository: ScheduleRepository) -> None:
    repository.raise_count("alice", 7, most_live=10, now=NOW)
    repository.erase_count("alice")

    assert repository.get_count("alice") is None
