"""The product's mapping of records to items, and the fake's own: two texts of one thing, equal for every record."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from chalicelib.core.dynamodb import items
from chalicelib.core.model.codec import key_versions_from_plain
from chalicelib.core.model.job import Job, JobKind, JobStatus, Selection
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.webhook_keys import KeyVersion, KeyVersions
from chalicelib.testing import readings, records
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_filled_schedule, a_schedule, an_action, every_hour
from tests.strategies import runs, schedules

from .test_repository_spans import a_span

if TYPE_CHECKING:
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

ODD = "50%#ä\U0001f600"
"""A part of a key that has to be encoded, with characters of one to four bytes."""

JOB = Job(
    job_id="j1",
    kind=JobKind.REDRIVE,
    user_id=ODD,
    status=JobStatus.RUNNING,
    done=0,
    created_at=NOW,
    updated_at=NOW + MINUTE,
    watch_at=NOW + HOUR,
    expires_at=NOW + DAY,
    selection=Selection(
        user_id=ODD, status=RunStatus.FAILED, since=NOW, until=NOW + DAY, schedule_id="s1", resource_id=ODD
    ),
    per_minute=7,
    next_at=NOW + SECOND,
    passed_over=3,
    walk_began_at=NOW + 2 * SECOND,
    cursor="c",
    shard=5,
)
PLAIN_JOB = Job(
    job_id="j1",
    kind=JobKind.RELEASE,
    user_id=None,
    status=JobStatus.COMPLETED,
    done=1,
    created_at=NOW,
    updated_at=NOW,
    watch_at=None,
)
KEYS = KeyVersions(ODD, KeyVersion(2, NOW, NOW + DAY), KeyVersion(1, None, NOW + HOUR))


def test_the_records_here_lack_nothing() -> None:
    assert [field.name for field in fields(Job) if getattr(JOB, field.name) is None] == []


@settings(max_examples=40)
@given(schedules)
def test_a_schedules_item_is_the_same(schedule: Schedule) -> None:
    assert records.schedule_item(schedule) == items.schedule_item(schedule)
    assert readings.record_of(items.schedule_item(schedule)) == schedule


@settings(max_examples=40)
@given(runs)
def test_a_runs_item_is_the_same(run: Run) -> None:
    assert records.run_item(run) == items.run_item(run)
    assert readings.record_of(items.run_item(run)) == run


@pytest.mark.parametrize("user_id", ["alice", ODD])
def test_a_filled_schedules_items_are_the_same(user_id: str) -> None:
    schedule = replace(a_filled_schedule(), user_id=user_id, resource_id=ODD)
    action = an_action(text=ODD)

    assert records.schedule_item(schedule) == items.schedule_item(schedule)
    assert readings.record_of(items.schedule_item(schedule)) == schedule
    assert records.action_item(schedule, action) == items.action_item(schedule, action)
    assert readings.action_of(items.action_item(schedule, action)) == action


@pytest.mark.parametrize("never_applied", [True, False])
def test_a_spans_item_is_the_same(*, never_applied: bool) -> None:
    span = replace(a_span(a_schedule(user_id=ODD, timing=every_hour())), never_applied=never_applied)
    plain = replace(span, exclusions=(), resource_id=None, timing_changed_at=None)

    for each in (span, plain):
        assert records.span_item(each) == items.span_item(each)
        assert readings.record_of(items.span_item(each)) == each


@pytest.mark.parametrize("job", [JOB, PLAIN_JOB], ids=["filled", "plain"])
def test_a_jobs_item_is_the_same(job: Job) -> None:
    assert records.job_item(job) == items.job_item(job)
    assert readings.record_of(items.job_item(job)) == job


@pytest.mark.parametrize("versions", [KEYS, KeyVersions("alice")], ids=["filled", "plain"])
def test_the_item_of_a_users_keys_is_the_same(versions: KeyVersions) -> None:
    item = items.webhook_keys_item(versions)

    assert records.webhook_keys_item(versions) == item
    assert readings.webhook_keys_of(item) == key_versions_from_plain(item) == versions


@pytest.mark.parametrize("tries", [0, 1, 5, 6, 7, 3000])
@pytest.mark.parametrize("confirmed", [True, False])
def test_whoever_acquires_an_item_leaves_it_the_same(tries: int, *, confirmed: bool) -> None:
    item: dict[str, Any] = items.schedule_item(a_schedule(timing=every_hour(), confirmed=confirmed))
    item |= {"watch_tries": tries} if tries else {}

    assert records.leased(item, NOW + MINUTE) == items.leased(item, NOW + MINUTE)


def test_a_doubt_leaves_the_same() -> None:
    assert records.unconfirmed(a_schedule(), NOW) == items.unconfirmed(a_schedule(), NOW)
    assert records.NOBODYS_LEASE == items.NOBODYS_LEASE
