"""ScheduleRepository, fake and real: writing and reading schedules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.errors import ChangeLost, ScheduleExists
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LATE_AFTER, Action, DeliveryPolicy, Status, Timing
from chalicelib.core.timing.instants import epoch_seconds, iso
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
    completed,
    confirmed,
    every_hour,
    once,
)

if TYPE_CHECKING:
    from chalicelib.core.model.ports import ScheduleRepository
    from chalicelib.core.model.schedule import Schedule

    from .conftest import Store

JSON = {
    "text": "",
    "none": None,
    "yes": True,
    "float": 0.1,
    "big": 2**70,
    "nested": {"ü#%": [[], {}, [None, "\u2028"]]},
}


def test_a_created_schedule_is_read_back_in_full(repository: ScheduleRepository) -> None:
    schedule = a_schedule(
        timing=Timing("cron(0 9 ? * MON *)", "Europe/Berlin", NOW, NOW + 90 * DAY),
        resource_id="contract-42",
        name="Weekly",
        metadata=JSON,
        flexible_window_minutes=15,
        delivery=DeliveryPolicy(3, 600),
    )
    repository.create(schedule, an_action())

    assert repository.get("alice", "s1") == schedule


def test_an_action_is_read_back_as_the_json_it_was(repository: ScheduleRepository) -> None:
    action = Action("event", JSON)
    repository.create(a_schedule(), action)

    assert repository.get_action(a_schedule()) == action


def test_what_was_never_written_is_none(repository: ScheduleRepository) -> None:
    assert repository.get("alice", "s1") is None
    assert repository.get_action(a_schedule()) is None


def test_two_users_may_use_the_same_id(repository: ScheduleRepository) -> None:
    alices, bobs = a_schedule(user_id="alice"), a_schedule(user_id="bob")
    repository.create(alices, an_action())
    repository.create(bobs, an_action())

    assert [repository.get(user, "s1") for user in ("alice", "bob")] == [alices, bobs]


def test_it_refuses_to_create_what_exists(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())

    with pytest.raises(ScheduleExists):
        repository.create(a_schedule(), an_action())


def test_a_refused_create_leaves_record_and_action_as_they_were(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())
    with pytest.raises(ScheduleExists):
        repository.create(a_schedule(name="second"), an_action(subject="second"))

    assert repository.get("alice", "s1") == a_schedule()
    assert repository.get_action(a_schedule()) == an_action()


# Change


def test_a_change_takes_the_place_of_what_it_replaces(repository: ScheduleRepository) -> None:
    schedule = _stands(repository, a_schedule(name="old", resource_id="contract-42"))
    change = changed(schedule, name=None, metadata={"k": 1}, timing=every_hour(), next_run_at=NOW + HOUR)
    repository.change(change, replacing=schedule)

    assert repository.get("alice", "s1") == change


@pytest.mark.parametrize(
    "stale",
    [{"revision": 1}, {"status": Status.PAUSED}, {"confirmed": False}, {"next_run_at": NOW}, {"next_run_at": None}],
    ids=str,
)
def test_a_change_of_what_is_no_longer_so_is_lost(repository: ScheduleRepository, stale: dict[str, Any]) -> None:
    schedule = _stands(repository, a_schedule())

    with pytest.raises(ChangeLost):
        repository.change(cancelled(schedule), replacing=replace(schedule, **stale))
    assert repository.get("alice", "s1") == schedule


def test_a_change_of_what_never_was_is_lost(repository: ScheduleRepository) -> None:
    with pytest.raises(ChangeLost):
        repository.change(changed(a_schedule()), replacing=a_schedule())
    assert repository.get("alice", "s1") is None


def test_of_two_changes_of_the_same_record_the_second_is_lost(repository: ScheduleRepository) -> None:
    schedule = _stands(repository, a_schedule())
    repository.change(changed(schedule, name="first"), replacing=schedule)

    with pytest.raises(ChangeLost):
        repository.change(changed(schedule, name="second"), replacing=schedule)


def test_a_change_keeps_what_only_runs_count(repository: ScheduleRepository) -> None:
    schedule = _stands(repository, a_schedule(timing=every_hour()))
    run = a_run(schedule)
    repository.claim(run, expecting=schedule, replacing=None)
    repository.finish(run.ended(RunStatus.SUCCEEDED, NOW), replacing=run, expecting=schedule, updated=schedule)
    repository.change(changed(schedule, run_count=0, name="new"), replacing=schedule)

    found = repository.get("alice", "s1")
    assert found is not None
    assert (found.name, found.run_count) == ("new", 1)


def test_the_action_of_an_ended_schedule_goes_with_it(store: Store) -> None:
    schedule = _stands(store.repository, a_schedule())
    ended = cancelled(schedule)
    store.repository.change(ended, replacing=schedule)

    item = store.item(items.action_key(schedule))
    assert item is not None
    assert item["expires_at"] == epoch_seconds(NOW + 90 * DAY)


def test_a_lost_change_leaves_the_action_as_it_was(store: Store) -> None:
    schedule = _stands(store.repository, a_schedule())
    with pytest.raises(ChangeLost):
        store.repository.change(cancelled(schedule), replacing=replace(schedule, revision=1))

    assert "expires_at" not in (store.item(items.action_key(schedule)) or {})


def test_a_schedule_whose_action_is_gone_can_end_and_leaves_nothing_that_stays(store: Store) -> None:
    schedule = _stands(store.repository, a_schedule())
    ended = replace(cancelled(schedule), action_revision=1)

    store.repository.change(ended, replacing=schedule)

    assert store.repository.get("alice", "s1") == ended
    assert store.repository.get_action(ended) is None
    assert store.item(items.action_key(ended)) == {
        **items.action_key(ended),
        "expires_at": epoch_seconds(NOW + 90 * DAY),
    }


# Confirm


def test_a_confirm_closes_the_intent_and_nothing_else(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())

    assert repository.confirm(a_schedule(name="not written by a confirm"))
    assert repository.get("alice", "s1") == confirmed(a_schedule())


def test_what_was_once_confirmed_was_applied(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(never_applied=True), an_action())

    assert repository.confirm(a_schedule(never_applied=True))
    assert repository.get("alice", "s1") == confirmed(a_schedule())


def test_a_confirm_said_twice_is_still_true(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())
    repository.confirm(a_schedule())

    assert repository.confirm(a_schedule())


def test_a_confirm_is_refused_after_a_newer_revision(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())
    newer = changed(a_schedule())
    repository.change(newer, replacing=a_schedule())

    assert not repository.confirm(a_schedule())
    assert repository.get("alice", "s1") == newer


def test_a_confirm_is_refused_once_a_run_has_completed_the_schedule(repository: ScheduleRepository) -> None:
    schedule = a_schedule()
    repository.create(schedule, an_action())
    repository.claim(a_run(schedule), expecting=schedule, replacing=None)
    repository.finish(a_run(schedule), replacing=a_run(schedule), expecting=schedule, updated=completed(schedule))

    assert not repository.confirm(schedule)


def test_a_confirm_of_what_never_was_is_refused(repository: ScheduleRepository) -> None:
    assert not repository.confirm(a_schedule())
    assert repository.get("alice", "s1") is None


# Watch


def test_an_unconfirmed_schedule_is_watched_from_the_end_of_its_lease(store: Store) -> None:
    store.repository.create(a_schedule(timing=once(NOW + DAY)), an_action())

    assert _watched(store, a_schedule()) == iso(NOW + MINUTE)


def test_a_confirmed_one_is_watched_for_its_next_run(store: Store) -> None:
    schedule = a_schedule(timing=once(NOW + DAY), flexible_window_minutes=10)
    _stands(store.repository, schedule)

    assert _watched(store, schedule) == iso(NOW + DAY + 10 * MINUTE + LATE_AFTER)


def test_an_ended_and_confirmed_one_is_not_watched(store: Store) -> None:
    schedule = _stands(store.repository, a_schedule())
    store.repository.change(cancelled(schedule), replacing=schedule)
    store.repository.confirm(cancelled(schedule))

    assert _watched(store, schedule) is None


def _watched(store: Store, schedule: Schedule) -> str | None:
    item = store.item(items.schedule_key(schedule)) or {}
    assert ("watch_pk" in item) == ("watch_at" in item)
    return item.get("watch_at")


def _stands(repository: ScheduleRepository, schedule: Schedule) -> Schedule:
    """Created and confirmed."""
    repository.create(schedule, an_action())
    repository.confirm(schedule)
    return confirmed(schedule)
