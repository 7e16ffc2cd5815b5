"""Converts records to items of the table: the values from `codec`, and the keys of the table and its indexes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..model import ids
from ..model.codec import (
    job_from_plain,
    job_to_plain,
    key_versions_to_plain,
    run_from_plain,
    run_to_plain,
    schedule_from_plain,
    schedule_to_plain,
    span_from_plain,
    span_to_plain,
)
from ..model.run import RunStatus
from ..model.schedule import INTENT_LEASE, Action
from ..model.values import dumps
from ..timing.instants import epoch_seconds, iso, iso_ms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ..model.job import Job
    from ..model.run import Run
    from ..model.schedule import Schedule
    from ..model.span import Span
    from ..model.webhook_keys import KeyVersions

Item = dict[str, Any]

LONGEST_WATCH = timedelta(hours=1)
MOST_DOUBLINGS = 6

LISTED = frozenset({RunStatus.FAILED, RunStatus.MISSED})
"""A user's runs with these statuses can be listed across all of their schedules."""

NOBODYS_LEASE = INTENT_LEASE + timedelta(milliseconds=1)
"""Longer than any lease that can exist now, so it equals no holder's lease."""


def schedule_key(schedule: Schedule) -> Item:
    return {"PK": ids.user_pk(schedule.user_id), "SK": ids.schedule_sk(schedule.schedule_id)}


def schedule_item(schedule: Schedule) -> Item:
    key = schedule_key(schedule)
    return {**key, **schedule_to_plain(schedule), **_list_keys(schedule), **watch_keys(key, schedule.watch_at)}


def action_key(schedule: Schedule) -> Item:
    return {
        "PK": ids.schedule_pk(schedule.user_id, schedule.schedule_id),
        "SK": ids.action_sk(schedule.action_revision),
    }


def action_item(schedule: Schedule, action: Action) -> Item:
    """The body is JSON text, because DynamoDB's types do not preserve JSON, such as the difference of 1 and 1.0."""
    return {**action_key(schedule), "action_type": action.type, "body": dumps(dict(action.data))}


def action_from_item(item: Mapping[str, Any]) -> Action | None:
    """Returns None if the action was missing when its schedule ended: the item then has only an expiry."""
    return Action(item["action_type"], json.loads(item["body"])) if "body" in item else None


def run_key(run: Run) -> Item:
    pk = ids.schedule_pk(run.user_id, run.schedule_id)
    return {"PK": pk, "SK": ids.run_sk(run.scheduled_time, run.token)}


def run_item(run: Run) -> Item:
    key = run_key(run)
    return {**key, **run_to_plain(run), **_run_list_keys(run, key), **watch_keys(key, run.watch_at)}


def _run_list_keys(run: Run, key: Mapping[str, str]) -> Item:
    """Returns the keys of the list by time for failed, missed and held runs, and none for other runs."""
    if run.status in LISTED:
        pk = ids.runs_pk(run.user_id, run.status)
    elif run.status is RunStatus.HELD:
        pk = ids.held_runs_pk(ids.shard_of(key["PK"], key["SK"]))
    else:
        return {}
    return {"by_time_pk": pk, "by_time_sk": ids.by_time_sk(run.scheduled_time, run.schedule_id)}


def _list_keys(schedule: Schedule) -> Item:
    status, schedule_id, sort_at = schedule.status, schedule.schedule_id, _sort_at(schedule)
    by_time = {
        "by_time_pk": ids.by_time_pk(schedule.user_id, status),
        "by_time_sk": ids.by_time_sk(sort_at, schedule_id),
    }
    if schedule.resource_id is None:
        return by_time
    return by_time | {
        "by_resource_pk": ids.by_resource_pk(schedule.resource_id, status),
        "by_resource_sk": ids.by_resource_sk(schedule.user_id, sort_at, schedule_id),
    }


def _sort_at(schedule: Schedule) -> datetime:
    """Returns the sort time of lists: the next run, or the latest change or run if there is no next run."""
    if schedule.next_run_at is not None:
        return schedule.next_run_at
    last_run = schedule.last_run
    return max(schedule.updated_at, last_run.scheduled_time) if last_run else schedule.updated_at


def watch_keys(key: Mapping[str, str], watch_at: datetime | None) -> Item:
    if watch_at is None:
        return {}
    return {"watch_pk": ids.watch_pk(key["PK"], key["SK"]), "watch_at": iso(watch_at)}


def count_key(user_id: str) -> Item:
    return {"PK": ids.user_pk(user_id), "SK": ids.COUNT_SK}


def job_key(job_id: str) -> Item:
    return {"PK": ids.job_pk(job_id), "SK": ids.JOB_SK}


def job_item(job: Job) -> Item:
    key = job_key(job.job_id)
    return {**key, **job_to_plain(job), **watch_keys(key, job.watch_at)}


def webhook_keys_key(user_id: str) -> Item:
    return {"PK": ids.user_pk(user_id), "SK": ids.WEBHOOK_KEYS_SK}


def webhook_keys_item(versions: KeyVersions) -> Item:
    return {**webhook_keys_key(versions.user_id), **key_versions_to_plain(versions)}


def span_key(span: Span) -> Item:
    return {"PK": ids.schedule_pk(span.user_id, span.schedule_id), "SK": ids.span_sk(span.revision)}


def span_item(span: Span) -> Item:
    key = span_key(span)
    return {**key, **span_to_plain(span), **watch_keys(key, span.watch_at)}


def from_item(item: Mapping[str, Any]) -> Schedule | Run | Job | Span:
    """Returns the record of a watched item. Its sort key determines the type."""
    if item["SK"] == ids.JOB_SK:
        return job_from_plain(item)
    if item["SK"].startswith(ids.SPAN_PREFIX):
        return span_from_plain(item)
    return run_from_plain(item) if item["SK"].startswith(ids.RUN_PREFIX) else schedule_from_plain(item)


def leased(item: Item, now: datetime) -> Item:
    """Returns a watched item under a new lease. Its watch is after 1, 2, 4 … minutes, an hour at most.

    The lease of an intent is renewed for a minute, in which no other change can start. An intent's watch is after five
    minutes at most, and before its next occurrence.
    """
    tries = int(item.get("watch_tries", 0)) + 1
    # The exponent is limited: after two days of failures the product would overflow a timedelta.
    away = min(INTENT_LEASE * 2 ** min(tries - 1, MOST_DOUBLINGS), LONGEST_WATCH)
    watch = {"watch_at": iso(now + away), "watch_tries": tries}
    if item.get("confirmed") is False:
        watch["watch_at"] = iso(schedule_from_plain(item).next_try_at(now, away))
        watch["intent_until"] = iso_ms(now + INTENT_LEASE)
    return {**item, **watch}


def unconfirmed(schedule: Schedule, lease_until: datetime) -> Item:
    """Returns the changes that make a record an intent with this lease, because EventBridge may differ from it."""
    key = schedule_key(schedule)
    return {**key, "confirmed": False, "intent_until": iso_ms(lease_until), **watch_keys(key, lease_until)}


def expiry(schedule: Schedule) -> int | None:
    """Returns the expiry for DynamoDB's TTL in epoch seconds, or None if the schedule does not expire."""
    return None if schedule.expires_at is None else epoch_seconds(schedule.expires_at)
