"""Converts records to items of the table, independent of the project's own mapping.

The contract suite compares both, so a mistake in the project's field table, keys or codec shows as a difference.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..core.model.run import RunStatus
from ..core.model.schedule import DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy
from . import keys
from .readings import schedule_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from ..core.model.job import Job, Selection
    from ..core.model.run import Attempt, Run
    from ..core.model.schedule import Action, LastRun, Schedule, Timing
    from ..core.model.span import Span
    from ..core.model.webhook_keys import KeyVersion, KeyVersions

Item = dict[str, Any]

UNTIL_THE_NEXT_TRY = timedelta(minutes=1)
LONGEST_WATCH = timedelta(hours=1)
MOST_DOUBLINGS = 6
LEASE = timedelta(seconds=60)
NOBODYS_LEASE = timedelta(seconds=60, milliseconds=1)


def schedule_item(schedule: Schedule) -> Item:
    key = keys.of_schedule(schedule.user_id, schedule.schedule_id)
    return {**key, **_schedule(schedule), **_lists(schedule), **watch(key, schedule.watch_at)}


def action_item(schedule: Schedule, action: Action) -> Item:
    return {**keys.of_action(schedule), "action_type": action.type, "body": _json(dict(action.data))}


def run_item(run: Run) -> Item:
    key = keys.of_run(run)
    item = _without_none(
        user_id=run.user_id,
        schedule_id=run.schedule_id,
        resource_id=run.resource_id,
        run_id=run.run_id,
        scheduled_time=keys.ms(run.scheduled_time) if run.token else keys.s(run.scheduled_time),
        token=run.token,
        delivered_for=keys.s(run.delivered_for),
        status=run.status.value,
        reason=run.reason,
        revision=run.revision,
        action_type=run.action_type,
        claim_id=run.claim_id,
        lease_until=keys.ms(run.lease_until),
        watched=run.watched or None,
        lateness_ms=None if run.lateness is None else run.lateness // timedelta(milliseconds=1),
        attempts=[_attempt(attempt) for attempt in run.attempts] or None,
        tries=run.tries or None,
        next_attempt_at=_s(run.next_attempt_at),
        acting_since=_ms(run.acting_since),
        possibly_repeated=run.possibly_repeated or None,
        redriven=run.redriven or None,
        counted=run.counted or None,
        schedule_created_at=_ms(run.schedule_created_at),
        reserved=run.reserved or None,
        waits=run.waits or None,
        unforeseen=run.unforeseen or None,
        dead_letter_pending=run.dead_letter_pending or None,
        expires_at=expiry(run.expires_at),
    )
    return {**key, **item, **_lists_of_runs(run, key), **watch(key, run.watch_at)}


def span_item(span: Span) -> Item:
    key = keys.of_span(span)
    item = _without_none(
        user_id=span.user_id,
        schedule_id=span.schedule_id,
        revision=span.revision,
        schedule_created_at=keys.ms(span.schedule_created_at),
        resource_id=span.resource_id,
        action_type=span.action_type,
        timing=_timing(span.timing),
        exclusions=_days(span.exclusions),
        flexible_window_minutes=span.flexible_window_minutes,
        delivery=_delivery(span.delivery),
        since=keys.s(span.since),
        until=keys.ms(span.until),
        timing_changed_at=_ms(span.timing_changed_at),
        never_applied=span.never_applied or None,
    )
    return {**key, **item, **watch(key, span.watch_at)}


def job_item(job: Job) -> Item:
    key = keys.of_job(job.job_id)
    item = _without_none(
        job_id=job.job_id,
        kind=job.kind.value,
        user_id=job.user_id,
        status=job.status.value,
        done=job.done,
        created_at=keys.ms(job.created_at),
        updated_at=keys.ms(job.updated_at),
        expires_at=expiry(job.expires_at),
        selection=_selection(job.selection) if job.selection else None,
        per_minute=job.per_minute,
        next_at=_ms(job.next_at),
        passed_over=job.passed_over or None,
        walk_began_at=_ms(job.walk_began_at),
        cursor=job.cursor,
        shard=job.shard or None,
    )
    return {**key, **item, **watch(key, job.watch_at)}


def webhook_keys_item(versions: KeyVersions) -> Item:
    former = _key_version(versions.former) if versions.former else None
    item = _without_none(user_id=versions.user_id, current=_key_version(versions.current), former=former)
    return {**keys.of_webhook_keys(versions.user_id), **item}


def expiry(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def watch(key: Mapping[str, str], at: datetime | None) -> Item:
    if at is None:
        return {}
    return {"watch_pk": f"WATCH#{keys.shard(key['PK'], key['SK'])}", "watch_at": keys.s(at)}


def leased(item: Item, now: datetime) -> Item:
    """Returns a watched item after its lease was acquired. Its watch is after 1, 2, 4 … minutes, an hour at most."""
    tries = int(item.get("watch_tries", 0)) + 1
    pause = min(UNTIL_THE_NEXT_TRY * 2 ** min(tries - 1, MOST_DOUBLINGS), LONGEST_WATCH)
    if item.get("confirmed") is not False:
        return item | {"watch_tries": tries, "watch_at": keys.s(now + pause)}
    again = schedule_of(item).next_try_at(now, pause)
    return item | {"watch_tries": tries, "watch_at": keys.s(again), "intent_until": keys.ms(now + LEASE)}


def unconfirmed(schedule: Schedule, lease_until: datetime) -> Item:
    key = keys.of_schedule(schedule.user_id, schedule.schedule_id)
    return {**key, "confirmed": False, "intent_until": keys.ms(lease_until), **watch(key, lease_until)}


def _schedule(schedule: Schedule) -> Item:
    """Returns the attributes of a schedule, in the order of the payload."""
    return _without_none(
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        resource_id=schedule.resource_id,
        name=schedule.name,
        metadata=_json(schedule.metadata) if schedule.metadata else None,
        timing=_timing(schedule.timing),
        timing_changed_at=keys.ms(schedule.timing_changed_at),
        flexible_window_minutes=schedule.flexible_window_minutes or None,
        delivery=None if schedule.delivery == DeliveryPolicy(185, 3600) else _delivery(schedule.delivery),
        action_type=schedule.action_type,
        action_revision=schedule.action_revision,
        status=schedule.status.value,
        reason=schedule.reason,
        revision=schedule.revision,
        confirmed=schedule.confirmed,
        never_applied=schedule.never_applied or None,
        intent_until=_ms(schedule.intent_until),
        next_run_at=_s(schedule.next_run_at),
        last_run=_last_run(schedule.last_run) if schedule.last_run else None,
        run_count=schedule.run_count or None,
        max_runs=schedule.max_runs,
        exclusions=_days(schedule.exclusions),
        on_missed=None if schedule.on_missed is OnMissed.SKIP else "run_now",
        paused_until=_ms(schedule.paused_until),
        owed=None if schedule.pending_since is None else [keys.s(schedule.pending_since)],
        unfinished=_times(schedule.in_progress),
        waiting_runs=schedule.waiting_runs or None,
        reserved=schedule.reserved or None,
        running=_times(schedule.running),
        retry=None if schedule.retry == RetryPolicy(3, 60) else _retry(schedule.retry),
        on_unknown=None if schedule.on_unknown is OnUnknown.RETRY else "stop",
        overlap=None if schedule.overlap is Overlap.ALLOW else "skip",
        pause_after_failures=schedule.pause_after_failures or None,
        failures_in_a_row=schedule.failures_in_a_row or None,
        applied=_json(_schedule_without_applied(schedule.applied)) if schedule.applied else None,
        request_digest=schedule.request_digest,
        created_at=keys.ms(schedule.created_at),
        updated_at=keys.ms(schedule.updated_at),
        expires_at=expiry(schedule.expires_at),
    )


def _schedule_without_applied(schedule: Schedule) -> Item:
    return {name: value for name, value in _schedule(schedule).items() if name != "applied"}


def _lists(schedule: Schedule) -> Item:
    """Returns the keys for the lists of its user and its resource."""
    last_run, at = schedule.last_run, schedule.next_run_at
    if at is None:
        at = max(schedule.updated_at, last_run.scheduled_time) if last_run else schedule.updated_at
    status, text = schedule.status.value, keys.s(at)
    lists = {
        "by_time_pk": keys.joined("USER", schedule.user_id, status),
        "by_time_sk": keys.joined(text, schedule.schedule_id),
    }
    if schedule.resource_id is not None:
        lists["by_resource_pk"] = keys.joined("RESOURCE", schedule.resource_id, status)
        lists["by_resource_sk"] = keys.joined("USER", schedule.user_id, text, schedule.schedule_id)
    return lists


def _lists_of_runs(run: Run, key: Mapping[str, str]) -> Item:
    if run.status in (RunStatus.FAILED, RunStatus.MISSED):
        pk = keys.joined("USER", run.user_id, "RUN", run.status.value.upper())
    elif run.status is RunStatus.HELD:
        pk = f"HELD#{keys.shard(key['PK'], key['SK'])}"
    else:
        return {}
    return {"by_time_pk": pk, "by_time_sk": keys.joined(keys.s(run.scheduled_time), run.schedule_id)}


def _timing(timing: Timing) -> Item:
    ends = {"start_at": _s(timing.start_at), "end_at": _s(timing.end_at)}
    return _without_none(expression=timing.expression, timezone=timing.timezone, **ends)


def _delivery(delivery: DeliveryPolicy) -> Item:
    return {"max_retries": delivery.max_retries, "max_age_seconds": delivery.max_age_seconds}


def _retry(retry: RetryPolicy) -> Item:
    return {"max_retries": retry.max_retries, "backoff_seconds": retry.backoff_seconds}


def _last_run(last: LastRun) -> Item:
    return _without_none(scheduled_time=keys.s(last.scheduled_time), status=last.status, reason=last.reason)


def _attempt(attempt: Attempt) -> Item:
    return _without_none(started_at=keys.ms(attempt.started_at), ended_at=_ms(attempt.ended_at), error=attempt.error)


def _selection(of: Selection) -> Item:
    return _without_none(
        user_id=of.user_id,
        status=of.status.value,
        since=keys.s(of.since),
        until=keys.s(of.until),
        schedule_id=of.schedule_id,
        resource_id=of.resource_id,
    )


def _key_version(version: KeyVersion) -> Item:
    ends = {"created_at": _ms(version.created_at), "expires_at": _ms(version.expires_at)}
    return _without_none(number=version.number, **ends)


def _days(days: Sequence[date]) -> list[str] | None:
    return [day.isoformat() for day in days] or None


def _times(times: Sequence[datetime]) -> list[str] | None:
    return [keys.s(at) for at in times] or None


def _s(at: datetime | None) -> str | None:
    return None if at is None else keys.s(at)


def _ms(at: datetime | None) -> str | None:
    return None if at is None else keys.ms(at)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _without_none(**values: Any) -> Item:
    return {name: value for name, value in values.items() if value is not None}
