"""ScheduleRepository, fake and real: what the sweeper looks at and takes, doubts, new actions, jobs, erasing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.errors import ChangeLost, ScheduleExists
from chalicelib.core.model import ids
from chalicelib.core.model.job import Job, JobKind, JobStatus
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import INTENT_LEASE, Schedule, Status
from chalicelib.core.timing.instants import from_iso, iso
from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    a_run,
    a_schedule,
    an_action,
    changed,
    confirmed,
    every_hour,
    once,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from chalicelib.core.model.ports import ScheduleRepository, Watch

    from .conftest import Store


@pytest.fixture
def schedule(repository: ScheduleRepository) -> Schedule:
    """An hourly one, as the repository has it."""
    created = a_schedule(timing=every_hour())
    repository.create(created, an_action())
    repository.confirm(created)
    return confirmed(created)


# Due and taken


def test_what_is_watched_is_due_at_its_deadline_and_not_before(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    assert schedule.watch_at is not None

    assert _due(repository, schedule.watch_at - SECOND) == []
    assert [watch.at for watch in _due(repository, schedule.watch_at)] == [iso(schedule.watch_at)]


def test_the_pages_of_a_shard_show_everything_once(repository: ScheduleRepository) -> None:
    for number in range(40):
        repository.create(a_schedule(schedule_id=f"s{number}"), an_action())

    found = _due(repository, NOW + DAY, limit=2)

    assert sorted(watch.sk for watch in found) == sorted(f"SCHEDULE#s{number}" for number in range(40))


def test_a_watch_is_taken_once(repository: ScheduleRepository, schedule: Schedule) -> None:
    (watch,) = _due(repository, NOW + DAY)

    assert repository.acquire_lease(watch, now=NOW + DAY) == schedule
    assert repository.acquire_lease(watch, now=NOW + DAY) is None


@pytest.mark.usefixtures("schedule")
def test_each_take_in_vain_moves_the_watch_further_up_to_an_hour(repository: ScheduleRepository) -> None:
    now, moved = NOW + DAY, []
    (first,) = _due(repository, now + DAY)
    shard = ids.shard_of(first.pk, first.sk)
    for _ in range(8):
        (watch,) = _due(repository, now + DAY, shards=[shard])
        assert isinstance(repository.acquire_lease(watch, now=now), Schedule)
        (again,) = _due(repository, now + DAY, shards=[shard])
        moved.append(again.at)

    minutes = [1, 2, 4, 8, 16, 32, 60, 60]
    assert moved == [iso(now + number * MINUTE) for number in minutes]


@pytest.mark.parametrize(
    ("due", "minutes"),
    [
        (DAY, [1, 2, 4, 5, 5, 5]),
        (30 * MINUTE, [1, 2, 4, 5, 5, 5]),
        (12 * MINUTE, [1, 2, 4, 3, 1, 5]),
        (3 * MINUTE, [1, 1, 4, 2, 5, 5]),
    ],
)
def test_an_intent_is_tried_again_before_its_next_occurrence_and_every_five_minutes(
    repository: ScheduleRepository, due: timedelta, minutes: list[int]
) -> None:
    repository.create(a_schedule(timing=once(NOW + due)), an_action())
    now, waited = NOW, []
    (first,) = _due(repository, now + DAY)
    shard = ids.shard_of(first.pk, first.sk)
    for _ in minutes:
        (watch,) = _due(repository, now + DAY, shards=[shard])
        repository.acquire_lease(watch, now=now)
        (again,) = _due(repository, now + DAY, shards=[shard])
        waited.append(from_iso(again.at) - now)
        now = from_iso(again.at)

    assert waited == [number * MINUTE for number in minutes]


def test_taking_up_an_intent_renews_its_lease(repository: ScheduleRepository) -> None:
    repository.create(a_schedule(), an_action())
    (watch,) = _due(repository, NOW + DAY)

    taken = repository.acquire_lease(watch, now=NOW + HOUR)

    assert taken == a_schedule(intent_until=NOW + HOUR + INTENT_LEASE)
    assert repository.get("alice", "s1") == taken


def test_what_rests_is_watched_for_its_own_next_deadline_and_its_tries_are_forgotten(
    store: Store, schedule: Schedule
) -> None:
    (watch,) = _due(store.repository, NOW + DAY)
    store.repository.acquire_lease(watch, now=NOW + DAY)

    assert store.repository.reschedule_watch(schedule)
    item = store.item(items.schedule_key(schedule))
    assert item is not None
    assert schedule.watch_at is not None
    assert (item["watch_at"], "watch_tries" in item) == (iso(schedule.watch_at), False)


def test_what_changed_meanwhile_does_not_rest(repository: ScheduleRepository, schedule: Schedule) -> None:
    repository.change(changed(schedule), replacing=schedule)

    assert not repository.reschedule_watch(schedule, until=NOW + DAY)


def test_a_watched_run_is_taken_as_a_run(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = a_run(schedule, status=RunStatus.QUEUED, watched=True, token="1f2e", lease_until=NOW + MINUTE)
    repository.claim(run, expecting=schedule, replacing=None)
    (watch,) = _due(repository, NOW + MINUTE)

    assert repository.acquire_lease(watch, now=NOW + MINUTE) == run
    assert repository.get_run("alice", "s1", run.run_id) == run


# Doubt, advance, change with an action


def test_what_is_in_doubt_is_looked_at_at_once(repository: ScheduleRepository, schedule: Schedule) -> None:
    repository.mark_unconfirmed(schedule, now=NOW)

    assert repository.get("alice", "s1") == replace(schedule, confirmed=False, intent_until=NOW)
    assert [watch.at for watch in _due(repository, NOW)] == [iso(NOW)]


def test_who_is_at_an_intent_that_is_doubted_cannot_confirm_it_any_more(repository: ScheduleRepository) -> None:
    begun_at_once = a_schedule(intent_until=NOW + INTENT_LEASE)
    repository.create(begun_at_once, an_action())

    repository.mark_unconfirmed(begun_at_once, now=NOW)

    assert not repository.confirm(begun_at_once)
    existing = repository.get("alice", "s1")
    assert existing is not None
    assert existing.is_leased(NOW)


def test_a_schedule_moves_on_past_a_run_that_is_recorded(repository: ScheduleRepository, schedule: Schedule) -> None:
    moved = replace(schedule, next_run_at=NOW + 2 * HOUR)

    assert repository.advance(moved, expecting=schedule)
    assert repository.get("alice", "s1") == moved
    assert not repository.advance(moved, expecting=schedule)


def test_a_change_brings_its_action_and_keeps_the_old_one_to_go_back_to(store: Store, schedule: Schedule) -> None:
    new = changed(schedule, action_revision=schedule.revision + 1, applied=schedule)
    store.repository.change(new, replacing=schedule, action=an_action(subject="new"))

    assert store.repository.get("alice", "s1") == new
    assert store.repository.get_action(new) == an_action(subject="new")
    assert store.repository.get_action(schedule) == an_action()
    item = store.item(items.action_key(schedule))
    assert item is not None
    assert "expires_at" in item


def test_a_change_that_lost_brings_no_action(repository: ScheduleRepository, schedule: Schedule) -> None:
    new = changed(schedule, action_revision=schedule.revision + 1)
    repository.change(changed(schedule), replacing=schedule)

    with pytest.raises(ChangeLost):
        repository.change(new, replacing=schedule, action=an_action())

    assert repository.get_action(new) is None


def test_an_ended_schedule_is_begun_anew_and_once(repository: ScheduleRepository, schedule: Schedule) -> None:
    ended = changed(schedule, status=Status.CANCELLED, next_run_at=None)
    repository.change(ended, replacing=schedule)
    anew = a_schedule(revision=ended.revision + 1, action_revision=ended.revision + 1)
    repository.create(anew, an_action(), replacing=ended)

    with pytest.raises(ScheduleExists):
        repository.create(anew, an_action(), replacing=ended)

    assert repository.get("alice", "s1") == anew


# Runs that nobody claimed


def test_a_missed_occurrence_is_written_where_no_run_stands(repository: ScheduleRepository, schedule: Schedule) -> None:
    missed = a_run(schedule, status=RunStatus.MISSED, attempts=())
    moved = replace(schedule, next_run_at=NOW + 2 * HOUR)

    assert repository.finish(missed, replacing=None, expecting=schedule, updated=moved) is None
    assert repository.get_run("alice", "s1", missed.run_id) == missed
    assert repository.get("alice", "s1") == moved


def test_a_run_that_came_after_all_is_not_written_over(repository: ScheduleRepository, schedule: Schedule) -> None:
    came = a_run(schedule)
    repository.claim(came, expecting=schedule, replacing=None)
    missed = a_run(schedule, status=RunStatus.MISSED, claim_id="sweeper")

    refusal = repository.finish(missed, replacing=None, expecting=schedule, updated=schedule)

    assert refusal is not None
    assert refusal.run == came


# Jobs and erasing


def test_a_job_goes_on_from_where_it_was_and_once(repository: ScheduleRepository) -> None:
    job = a_job()
    further = replace(job, done=5, updated_at=NOW + SECOND)

    assert repository.save_job(job, replacing=None)
    assert not repository.save_job(job, replacing=None)
    assert repository.save_job(further, replacing=job)
    assert not repository.save_job(further, replacing=job)
    assert repository.get_job("j1") == further


def test_a_job_keeps_where_its_walk_is(repository: ScheduleRepository) -> None:
    job = a_job(passed_over=7, next_at=NOW + MINUTE, walk_began_at=NOW, cursor="eyJ", shard=63)
    repository.save_job(job, replacing=None)

    assert repository.get_job("j1") == job


def test_a_job_is_watched_until_it_is_completed(repository: ScheduleRepository) -> None:
    repository.save_job(a_job(), replacing=None)
    (watch,) = _due(repository, NOW)

    assert repository.acquire_lease(watch, now=NOW) == a_job(watch_at=NOW + MINUTE)
    assert repository.save_job(a_job(status=JobStatus.COMPLETED, watch_at=None), replacing=a_job())
    assert _due(repository, NOW + DAY) == []


def test_what_is_erased_is_gone_with_its_runs(repository: ScheduleRepository, schedule: Schedule) -> None:
    runs = [a_run(schedule, scheduled_time=NOW + hour * HOUR) for hour in range(1, 31)]
    for run in runs:
        repository.claim(run, expecting=schedule, replacing=None)

    assert not repository.erase_runs("alice", "s1", limit=25)
    assert repository.erase_runs("alice", "s1", limit=25)
    repository.erase(schedule)

    assert repository.get("alice", "s1") is None
    assert repository.get_action(schedule) is None
    assert list(repository.list_runs("alice", "s1", limit=9, cursor=None).items) == []


def a_job(**only_what_matters: object) -> Job:
    usual = {"job_id": "j1", "kind": JobKind.ERASE, "user_id": "alice", "status": JobStatus.RUNNING, "done": 0}
    usual |= {"created_at": NOW, "updated_at": NOW, "watch_at": NOW}
    return Job(**{**usual, **only_what_matters})  # type: ignore[arg-type]


def _due(
    repository: ScheduleRepository,
    until: datetime,
    *,
    limit: int = 100,
    shards: Iterable[int] = range(ids.WATCH_SHARDS),
) -> list[Watch]:
    found: list[Watch] = []
    for shard in shards:
        cursor = None
        while True:
            page = repository.due(shard, until, limit=limit, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    return found
