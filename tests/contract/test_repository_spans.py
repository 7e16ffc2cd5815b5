"""ScheduleRepository, fake and real: open spans, which a change or the last run writes and the sweeper closes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import ChangeLost
from chalicelib.core.model import ids
from chalicelib.core.model.ports import all_items
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Schedule, Status
from chalicelib.core.model.span import Span
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_run, a_schedule, an_action, changed, confirmed, every_hour

if TYPE_CHECKING:
    from chalicelib.core.model.ports import ScheduleRepository, Watch


@pytest.fixture
def schedule(repository: ScheduleRepository) -> Schedule:
    """An hourly one, as the repository has it."""
    created = a_schedule(timing=every_hour())
    repository.create(created, an_action())
    repository.confirm(created)
    return confirmed(created)


@pytest.fixture
def span(repository: ScheduleRepository, schedule: Schedule) -> Span:
    """What a change of the schedule left open, as the repository has it."""
    opened = a_span(schedule)
    repository.change(changed(schedule, pending_since=opened.since), replacing=schedule, span=opened)
    return opened


def a_span(schedule: Schedule, *, revision: int = 1) -> Span:
    return Span(
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        revision=schedule.revision + revision,
        schedule_created_at=schedule.created_at,
        action_type=schedule.action_type,
        timing=schedule.timing,
        flexible_window_minutes=15,
        delivery=schedule.delivery,
        since=NOW + HOUR,
        until=NOW + 5 * HOUR + SECOND,
        watch_at=NOW + HOUR + 20 * MINUTE,
        resource_id="contract-42",
        exclusions=((NOW + DAY).date(),),
        timing_changed_at=NOW + 5 * HOUR,
        never_applied=True,
    )


def test_a_change_writes_what_it_leaves_open(repository: ScheduleRepository, span: Span) -> None:
    assert repository.list_spans("alice", "s1") == [span]
    assert current(repository).pending_since == span.since


def test_a_change_that_is_lost_leaves_nothing_open(repository: ScheduleRepository, schedule: Schedule) -> None:
    with pytest.raises(ChangeLost):
        repository.change(changed(schedule), replacing=replace(schedule, revision=1), span=a_span(schedule))

    assert repository.list_spans("alice", "s1") == []


def test_the_last_run_writes_what_it_leaves_open(repository: ScheduleRepository, schedule: Schedule) -> None:
    run, opened = a_run(schedule, status=RunStatus.SUCCEEDED), a_span(schedule)
    done = replace(schedule, status=Status.COMPLETED, next_run_at=None, pending_since=opened.since)

    assert repository.finish(run, replacing=None, expecting=schedule, updated=done, span=opened) is None
    assert repository.list_spans("alice", "s1") == [opened]


def test_a_run_that_somebody_else_took_over_leaves_nothing_open(
    repository: ScheduleRepository, schedule: Schedule
) -> None:
    repository.claim(a_run(schedule, claim_id="another"), expecting=schedule, replacing=None)
    run = a_run(schedule, status=RunStatus.SUCCEEDED)

    refusal = repository.finish(run, replacing=None, expecting=schedule, updated=schedule, span=a_span(schedule))

    assert refusal is not None
    assert repository.list_spans("alice", "s1") == []


def test_spans_come_by_revision_and_are_those_of_one_schedule(repository: ScheduleRepository, span: Span) -> None:
    later = a_span(current(repository))
    repository.change(changed(current(repository)), replacing=current(repository), span=later)

    assert repository.list_spans("alice", "s1") == [span, later]
    assert repository.list_spans("alice", "s") == repository.list_spans("bob", "s1") == []


def test_a_span_is_no_run(repository: ScheduleRepository, span: Span) -> None:
    assert list(all_items(partial(repository.list_runs, span.user_id, span.schedule_id, limit=10))) == []


def test_a_span_is_watched_and_acquired_once(repository: ScheduleRepository, span: Span) -> None:
    watch = watch_of(repository, span)

    acquired = repository.acquire_lease(watch, now=NOW + 2 * HOUR)

    assert acquired == replace(span, watch_at=NOW + 2 * HOUR + MINUTE)
    assert repository.acquire_lease(watch, now=NOW + 2 * HOUR) is None


def test_a_span_moves_for_whoever_acquired_it_and_nobody_else(repository: ScheduleRepository, span: Span) -> None:
    moved = replace(span, since=NOW + 2 * HOUR, watch_at=NOW + 3 * HOUR)

    assert repository.move_span(moved, replacing=span)
    assert not repository.move_span(replace(moved, since=NOW + 4 * HOUR), replacing=span)
    assert repository.list_spans("alice", "s1") == [moved]
    assert watch_of(repository, moved).at == "2027-03-01T11:00:00Z"


def test_a_span_does_not_move_for_who_read_it_before_another_acquired_it(
    repository: ScheduleRepository, span: Span
) -> None:
    acquired = repository.acquire_lease(watch_of(repository, span), now=NOW + 2 * HOUR)

    assert not repository.move_span(replace(span, since=NOW + 4 * HOUR), replacing=span)
    assert repository.list_spans("alice", "s1") == [acquired]


def test_a_span_that_is_gone_does_not_move(repository: ScheduleRepository, span: Span) -> None:
    repository.erase_span(span)

    assert not repository.move_span(replace(span, since=NOW + 2 * HOUR), replacing=span)
    assert repository.list_spans("alice", "s1") == []


def test_closing_a_span_removes_it_and_changes_its_schedule(repository: ScheduleRepository, span: Span) -> None:
    before = current(repository)
    after = replace(before, status=Status.COMPLETED, pending_since=None, next_run_at=None, expires_at=NOW + DAY)

    assert repository.close_span(span, expecting=before, updated=after, kept=None)
    assert (current(repository), repository.list_spans("alice", "s1")) == (after, [])


def test_a_span_is_not_closed_if_record_or_span_changed(repository: ScheduleRepository, span: Span) -> None:
    before = current(repository)
    after = replace(before, pending_since=None)
    others = replace(before, next_run_at=NOW)
    moved = replace(span, since=NOW + 2 * HOUR)

    assert not repository.close_span(span, expecting=others, updated=after, kept=None)
    assert not repository.close_span(moved, expecting=before, updated=after, kept=None)
    assert (current(repository), repository.list_spans("alice", "s1")) == (before, [span])


def test_a_span_is_not_closed_if_the_one_that_the_record_then_stands_for_is_gone(
    repository: ScheduleRepository, span: Span
) -> None:
    before, kept = current(repository), a_span(current(repository))

    assert not repository.close_span(span, expecting=before, updated=before, kept=kept)
    repository.change(changed(before), replacing=before, span=kept)
    before = current(repository)
    assert repository.close_span(span, expecting=before, updated=before, kept=kept)
    assert repository.list_spans("alice", "s1") == [kept]


def test_a_schedule_that_is_erased_leaves_no_span(repository: ScheduleRepository, span: Span) -> None:
    while not repository.erase_runs(span.user_id, span.schedule_id, limit=25):
        pass

    assert repository.list_spans("alice", "s1") == []


def current(repository: ScheduleRepository) -> Schedule:
    found = repository.get("alice", "s1")
    assert found is not None
    return found


def watch_of(repository: ScheduleRepository, span: Span) -> Watch:
    sk = ids.span_sk(span.revision)
    shard = ids.shard_of(ids.schedule_pk(span.user_id, span.schedule_id), sk)
    page = repository.due(shard, NOW + DAY, limit=100, cursor=None)
    return next(watch for watch in page.items if watch.sk == sk)
