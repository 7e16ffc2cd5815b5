"""ScheduleRepository, fake and real: claiming and finishing runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.dynamodb import items
from chalicelib.core.model.ports import Conflict
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LastRun, Status
from chalicelib.core.timing.instants import epoch_seconds
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    SECOND,
    a_run,
    a_schedule,
    an_action,
    cancelled,
    changed,
    completed,
    confirmed,
    every_hour,
)

if TYPE_CHECKING:
    from chalicelib.core.model.ports import ScheduleRepository
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

    from .conftest import Store


@pytest.fixture
def schedule(repository: ScheduleRepository) -> Schedule:
    """An hourly one, as the repository has it."""
    created = a_schedule(timing=every_hour(), resource_id="contract-42")
    repository.create(created, an_action())
    repository.confirm(created)
    return confirmed(created)


# Claim


def test_a_claim_writes_the_run(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = a_run(schedule, resource_id="contract-42", lateness=timedelta(milliseconds=1234))

    assert repository.claim(run, expecting=schedule, replacing=None) is None
    assert _runs(repository) == [run]


def test_the_running_runs_of_a_schedule_are_those_that_have_not_ended(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    early, running, ended, outside = (
        a_run(schedule, scheduled_time=NOW + HOUR),
        a_run(schedule, scheduled_time=NOW + 2 * HOUR),
        a_run(schedule, scheduled_time=NOW + 3 * HOUR, status=RunStatus.SUCCEEDED),
        a_run(schedule, scheduled_time=NOW + 4 * HOUR, token="now"),
    )
    for run in (outside, ended, running, early):
        repository.claim(run, expecting=schedule, replacing=None)

    assert repository.list_running("alice", "s1", since=NOW + 2 * HOUR) == [running, outside]
    assert repository.list_running("alice", "s1", since=NOW) == [early, running, outside]
    assert repository.list_running("bob", "s1", since=NOW) == []


def test_a_claim_can_extend_how_long_record_and_action_stay(store: Store, schedule: Schedule) -> None:
    ended = replace(cancelled(schedule), expires_at=NOW + DAY)
    store.repository.change(ended, replacing=schedule)
    extended = replace(ended, expires_at=NOW + 91 * DAY)

    assert store.repository.claim(a_run(ended), expecting=ended, replacing=None, extending=extended) is None
    action = store.item(items.action_key(schedule))
    assert store.repository.get("alice", "s1") == extended
    assert action is not None
    assert action["expires_at"] == epoch_seconds(NOW + 91 * DAY)
    assert "body" in action


def test_a_claim_that_extends_what_another_has_extended_is_refused(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    ended = replace(cancelled(schedule), expires_at=NOW + DAY)
    repository.change(ended, replacing=schedule)
    first, second = a_run(ended), a_run(ended, scheduled_time=NOW + 5 * HOUR)
    later, sooner = (replace(ended, expires_at=NOW + days * DAY) for days in (91, 90))
    repository.claim(first, expecting=ended, replacing=None, extending=later)

    refusal = repository.claim(second, expecting=ended, replacing=None, extending=sooner)

    assert refusal == Conflict(schedule_changed=True, schedule=later, run=None)
    assert repository.get("alice", "s1") == later
    assert repository.get_run("alice", "s1", second.run_id) is None


def test_a_run_that_ends_leaves_an_expiry_that_was_extended_meanwhile(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    ended = replace(cancelled(schedule), expires_at=NOW + DAY)
    repository.change(ended, replacing=schedule)
    first, second = a_run(ended), a_run(ended, scheduled_time=NOW + 5 * HOUR)
    repository.claim(first, expecting=ended, replacing=None)
    extended = replace(ended, expires_at=NOW + 91 * DAY)
    repository.claim(second, expecting=ended, replacing=None, extending=extended)

    done = replace(first, status=RunStatus.SKIPPED)
    refusal = repository.finish(done, replacing=first, expecting=ended, updated=ended)

    assert refusal == Conflict(schedule_changed=True, schedule=extended, run=None)


def test_a_run_whose_schedule_has_no_record_ends_alone(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = a_run(schedule)
    repository.claim(run, expecting=schedule, replacing=None)
    repository.erase(schedule)
    ended = replace(run, status=RunStatus.SKIPPED)

    assert repository.finish(ended, replacing=run, expecting=None, updated=None) is None
    assert repository.get_run("alice", "s1", run.run_id) == ended
    assert repository.get("alice", "s1") is None


def test_a_claim_leaves_the_schedule_as_it_is(repository: ScheduleRepository, schedule: Schedule) -> None:
    repository.claim(a_run(schedule), expecting=schedule, replacing=None)

    assert repository.get("alice", "s1") == schedule


def test_a_claim_cares_for_revision_and_status_only(repository: ScheduleRepository, schedule: Schedule) -> None:
    payloads = replace(schedule, confirmed=False, next_run_at=None, run_count=7, name="as it was sent")

    assert repository.claim(a_run(schedule), expecting=payloads, replacing=None) is None


@pytest.mark.parametrize("change", [{"name": "new"}, {"status": Status.CANCELLED}], ids=str)
def test_a_refused_claim_tells_what_the_schedule_became(
    repository: ScheduleRepository, schedule: Schedule, change: dict[str, Any]
) -> None:
    newer = changed(schedule, **change)
    repository.change(newer, replacing=schedule)
    refusal = repository.claim(a_run(schedule), expecting=schedule, replacing=None)

    assert refusal == Conflict(schedule_changed=True, schedule=newer, run=None)
    assert _runs(repository) == []


@pytest.mark.parametrize("later", [-1, 1])
def test_a_claim_is_refused_for_another_revision_whichever_is_later(
    repository: ScheduleRepository, schedule: Schedule, later: int
) -> None:
    expecting = replace(schedule, revision=schedule.revision + later)

    refusal = repository.claim(a_run(schedule), expecting=expecting, replacing=None)

    assert refusal == Conflict(schedule_changed=True, schedule=schedule, run=None)


def test_a_claim_is_refused_for_another_status_of_the_same_revision(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    expecting = replace(schedule, status=Status.COMPLETED)

    refusal = repository.claim(a_run(schedule), expecting=expecting, replacing=None)

    assert refusal == Conflict(schedule_changed=True, schedule=schedule, run=None)


@pytest.mark.parametrize("other", [{"run_count": 1}, {"reserved": 1}, {"running": (NOW,)}], ids=str)
def test_a_claim_that_reserves_is_refused_unless_the_counts_are_those_it_was_decided_on(
    repository: ScheduleRepository, schedule: Schedule, other: dict[str, Any]
) -> None:
    expecting = replace(schedule, **other)
    reserving = replace(expecting, reserved=expecting.reserved + 1)

    refusal = repository.claim(a_run(schedule), expecting=expecting, replacing=None, reserving=reserving)

    assert refusal == Conflict(schedule_changed=True, schedule=schedule, run=None)


def test_a_refused_claim_tells_that_there_is_no_record(repository: ScheduleRepository) -> None:
    stranger = a_schedule(user_id="bob")
    refusal = repository.claim(a_run(stranger), expecting=stranger, replacing=None)

    assert refusal == Conflict(schedule_changed=True, schedule=None, run=None)


def test_a_refused_claim_tells_which_run_stands_there(repository: ScheduleRepository, schedule: Schedule) -> None:
    existing = a_run(schedule, claim_id="claim-1")
    repository.claim(existing, expecting=schedule, replacing=None)
    refusal = repository.claim(a_run(schedule, claim_id="claim-2"), expecting=schedule, replacing=None)

    assert refusal == Conflict(schedule_changed=False, schedule=None, run=existing)
    assert _runs(repository) == [existing]


def test_a_refused_claim_tells_both_at_once(repository: ScheduleRepository, schedule: Schedule) -> None:
    existing = a_run(schedule, claim_id="claim-1")
    repository.claim(existing, expecting=schedule, replacing=None)
    repository.change(cancelled(schedule), replacing=schedule)
    refusal = repository.claim(a_run(schedule, claim_id="claim-2"), expecting=schedule, replacing=None)

    assert refusal == Conflict(schedule_changed=True, schedule=cancelled(schedule), run=existing)


def test_a_claim_whose_answer_was_lost_counts_as_won(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = a_run(schedule)
    repository.claim(run, expecting=schedule, replacing=None)

    assert repository.claim(run, expecting=schedule, replacing=None) is None


def test_it_counts_as_won_even_if_the_schedule_changed_since(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    run = a_run(schedule)
    repository.claim(run, expecting=schedule, replacing=None)
    repository.change(cancelled(schedule), replacing=schedule)

    assert repository.claim(run, expecting=schedule, replacing=None) is None


def test_a_claim_takes_over_the_run_that_it_replaces(repository: ScheduleRepository, schedule: Schedule) -> None:
    crashed, mine = a_run(schedule, claim_id="claim-1"), a_run(schedule, claim_id="claim-2")
    repository.claim(crashed, expecting=schedule, replacing=None)

    assert repository.claim(mine, expecting=schedule, replacing=crashed) is None
    assert _runs(repository) == [mine]


def test_a_lost_takeover_counts_as_won_too(repository: ScheduleRepository, schedule: Schedule) -> None:
    crashed, mine = a_run(schedule, claim_id="claim-1"), a_run(schedule, claim_id="claim-2")
    repository.claim(crashed, expecting=schedule, replacing=None)
    repository.claim(mine, expecting=schedule, replacing=crashed)

    assert repository.claim(mine, expecting=schedule, replacing=crashed) is None


def test_of_two_who_take_over_the_second_is_told_of_the_first(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    crashed, first, second = (a_run(schedule, claim_id=f"claim-{n}") for n in range(3))
    repository.claim(crashed, expecting=schedule, replacing=None)
    repository.claim(first, expecting=schedule, replacing=crashed)
    refusal = repository.claim(second, expecting=schedule, replacing=crashed)

    assert refusal == Conflict(schedule_changed=False, schedule=None, run=first)


def test_a_run_that_is_gone_cannot_be_taken_over(repository: ScheduleRepository, schedule: Schedule) -> None:
    gone, mine = a_run(schedule, claim_id="claim-1"), a_run(schedule, claim_id="claim-2")
    refusal = repository.claim(mine, expecting=schedule, replacing=gone)

    assert refusal == Conflict(schedule_changed=False, schedule=None, run=None)
    assert _runs(repository) == []


# Finish


def test_finishing_writes_the_run_and_what_it_leaves(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = _claimed(repository, schedule)
    ended = run.ended(RunStatus.SUCCEEDED, NOW + HOUR + SECOND)
    last_run = LastRun(run.scheduled_time, "succeeded")
    updated = replace(schedule, next_run_at=NOW + 2 * HOUR, last_run=last_run)

    assert repository.finish(ended, replacing=run, expecting=schedule, updated=updated) is None
    assert _runs(repository) == [ended]
    assert repository.get("alice", "s1") == replace(updated, run_count=1)


def test_finishing_moves_the_schedule_in_its_lists(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = _claimed(repository, schedule)
    repository.finish(_done(run), replacing=run, expecting=schedule, updated=completed(schedule))

    for status, shown in ((Status.ACTIVE, []), (Status.COMPLETED, [replace(completed(schedule), run_count=1)])):
        of_user = repository.list_by_user("alice", status, limit=9, cursor=None)
        of_resource = repository.list_by_resource("contract-42", status, user_id=None, limit=9, cursor=None)
        assert list(of_user.items) == list(of_resource.items) == shown


def test_the_last_run_takes_the_action_with_it(store: Store, schedule: Schedule) -> None:
    run = _claimed(store.repository, schedule)
    store.repository.finish(run, replacing=run, expecting=schedule, updated=completed(schedule))

    item = store.item(items.action_key(schedule))
    assert item is not None
    assert item["expires_at"] == epoch_seconds(NOW + 90 * DAY)


def test_finishing_writes_nothing_of_the_schedule_but_what_runs_change(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    run = _claimed(repository, schedule)
    believed = replace(schedule, name="believed", metadata={"k": 1}, run_count=40, updated_at=NOW + DAY)
    repository.finish(_done(run), replacing=run, expecting=schedule, updated=believed)

    assert repository.get("alice", "s1") == replace(schedule, run_count=1)


def test_a_run_that_takes_nothing_along_is_written_alone(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = _claimed(repository, schedule)
    repository.change(cancelled(schedule), replacing=schedule)
    ended = run.ended(RunStatus.FAILED, NOW + HOUR, error="no such address")

    assert repository.finish(ended, replacing=run, expecting=schedule, updated=None) is None
    assert _runs(repository) == [ended]
    assert repository.get("alice", "s1") == cancelled(schedule)


@pytest.mark.parametrize(
    "stale",
    [{"revision": 1}, {"status": Status.PAUSED}, {"confirmed": False}, {"next_run_at": None}],
    ids=str,
)
def test_a_refused_finish_tells_what_the_schedule_became_and_writes_nothing(
    repository: ScheduleRepository, schedule: Schedule, stale: dict[str, Any]
) -> None:
    run = _claimed(repository, schedule)
    ended = run.ended(RunStatus.SUCCEEDED, NOW + HOUR)
    refusal = repository.finish(ended, replacing=run, expecting=replace(schedule, **stale), updated=completed(schedule))

    assert refusal == Conflict(schedule_changed=True, schedule=schedule, run=None)
    assert _runs(repository) == [run]


def test_a_refused_finish_tells_that_the_record_is_gone(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = _claimed(repository, schedule)
    missing = replace(schedule, user_id="bob")
    refusal = repository.finish(_done(run), replacing=run, expecting=missing, updated=missing)

    assert refusal == Conflict(schedule_changed=True, schedule=None, run=None)


@pytest.mark.parametrize("takes_along", [True, False])
def test_a_refused_finish_tells_who_took_the_run_over(
    repository: ScheduleRepository, schedule: Schedule, *, takes_along: bool
) -> None:
    mine, his = _claimed(repository, schedule), a_run(schedule, claim_id="claim-2")
    repository.claim(his, expecting=schedule, replacing=mine)
    refusal = repository.finish(
        _done(mine), replacing=mine, expecting=schedule, updated=completed(schedule) if takes_along else None
    )

    assert refusal == Conflict(schedule_changed=False, schedule=None, run=his)
    assert _runs(repository) == [his]
    assert repository.get("alice", "s1") == schedule


def test_a_run_whose_action_is_gone_meanwhile_is_finished(repository: ScheduleRepository, schedule: Schedule) -> None:
    run = _claimed(repository, schedule)
    updated, ended = replace(completed(schedule), action_revision=1), run.ended(RunStatus.SUCCEEDED, NOW)
    refusal = repository.finish(ended, replacing=run, expecting=schedule, updated=updated)

    assert refusal is None
    assert _runs(repository) == [ended]


def test_a_run_that_nobody_claimed_is_not_finished(repository: ScheduleRepository, schedule: Schedule) -> None:
    refusal = repository.finish(
        a_run(schedule), replacing=a_run(schedule), expecting=schedule, updated=completed(schedule)
    )

    assert refusal == Conflict(schedule_changed=False, schedule=None, run=None)
    assert repository.get("alice", "s1") == schedule


def test_a_finish_that_the_sdk_repeats_succeeds_and_counts_once(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    run = _claimed(repository, schedule)
    repository.finish(_done(run), replacing=run, expecting=schedule, updated=completed(schedule))
    repeated = repository.finish(_done(run), replacing=run, expecting=schedule, updated=completed(schedule))

    assert repeated is None
    assert repository.get("alice", "s1") == replace(completed(schedule), run_count=1)


def test_the_run_beside_is_written_with_a_claim_or_a_finish_and_only_if_it_is_absent(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    first, second = _skipped(schedule, 2 * HOUR), _skipped(schedule, 3 * HOUR)
    run = a_run(schedule)
    taken = Conflict(schedule_changed=False, schedule=None, run=None)

    assert repository.claim(run, expecting=schedule, replacing=None, beside=first) is None
    other = replace(run, scheduled_time=NOW + 9 * HOUR)
    assert repository.claim(other, expecting=schedule, replacing=None, beside=first) == taken
    held: dict[str, Any] = {"replacing": run, "expecting": schedule, "updated": replace(schedule, failures_in_a_row=1)}
    assert repository.finish(_done(run), **held, beside=first) == taken
    assert repository.get("alice", "s1") == schedule
    assert repository.finish(_done(run), **held, beside=second) is None

    assert _runs(repository) == [second, first, _done(run)]


def _skipped(schedule: Schedule, after: timedelta) -> Run:
    return a_run(schedule, scheduled_time=NOW + after, status=RunStatus.SKIPPED)


def test_a_run_that_ended_meanwhile_is_not_claimed_though_it_kept_its_claim_id(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    running = _claimed(repository, schedule)
    repository.finish(_done(running), replacing=running, expecting=schedule, updated=None)
    late = a_run(schedule, claim_id="claim-2")
    refusal = repository.claim(late, expecting=schedule, replacing=running)

    assert refusal == Conflict(schedule_changed=False, schedule=None, run=_done(running))
    assert _runs(repository) == [_done(running)]


def test_a_run_whose_lease_was_renewed_is_not_claimed(repository: ScheduleRepository, schedule: Schedule) -> None:
    before = _claimed(repository, schedule)
    renewed = replace(before, lease_until=before.lease_until + HOUR)
    repository.claim(renewed, expecting=schedule, replacing=before)
    refusal = repository.claim(a_run(schedule, claim_id="claim-2"), expecting=schedule, replacing=before)

    assert refusal == Conflict(schedule_changed=False, schedule=None, run=renewed)


def _done(run: Run) -> Run:
    """Only what was carried out counts."""
    return run.ended(RunStatus.SUCCEEDED, NOW + HOUR)


def _claimed(repository: ScheduleRepository, schedule: Schedule) -> Run:
    run = a_run(schedule)
    repository.claim(run, expecting=schedule, replacing=None)
    return run


def _runs(repository: ScheduleRepository) -> list[Run]:
    return list(repository.list_runs("alice", "s1", limit=100, cursor=None).items)
