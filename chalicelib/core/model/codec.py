"""Schedules and runs as plain values (text, numbers, booleans, lists, maps): the one mapping behind table and payload.

What is None is left out, so old records and old payloads read as if a newer field had its default.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..timing.instants import epoch_seconds, from_epoch_seconds, from_iso, iso, iso_ms
from .job import Job, JobKind, JobStatus, Selection
from .run import Attempt, Run, RunStatus
from .schedule import (
    DeliveryPolicy,
    LastRun,
    OnMissed,
    OnUnknown,
    Overlap,
    RetryPolicy,
    Schedule,
    Status,
    Timing,
)
from .webhook_keys import KeyVersion, KeyVersions

if TYPE_CHECKING:
    from collections.abc import Mapping


def schedule_to_plain(schedule: Schedule) -> dict[str, Any]:
    timing = schedule.timing
    return _without_none(
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        resource_id=schedule.resource_id,
        name=schedule.name,
        metadata=dumps(schedule.metadata) if schedule.metadata else None,
        timing=_without_none(
            expression=timing.expression,
            timezone=timing.timezone,
            start_at=_iso(timing.start_at),
            end_at=_iso(timing.end_at),
        ),
        timing_changed_at=iso_ms(schedule.timing_changed_at),
        flexible_window_minutes=schedule.flexible_window_minutes,
        delivery={
            "max_retries": schedule.delivery.max_retries,
            "max_age_seconds": schedule.delivery.max_age_seconds,
        },
        action_type=schedule.action_type,
        action_revision=schedule.action_revision,
        status=schedule.status.value,
        reason=schedule.reason,
        revision=schedule.revision,
        confirmed=schedule.confirmed,
        never_applied=schedule.never_applied or None,
        intent_until=schedule.intent_until and iso_ms(schedule.intent_until),
        next_run_at=_iso(schedule.next_run_at),
        last_run=schedule.last_run and last_run_to_plain(schedule.last_run),
        run_count=schedule.run_count,
        max_runs=schedule.max_runs,
        exclusions=[day.isoformat() for day in schedule.exclusions] or None,
        on_missed=schedule.on_missed.value,
        paused_until=schedule.paused_until and iso_ms(schedule.paused_until),
        owed=[iso(at) for at in schedule.pending_occurrences] or None,
        unfinished=[iso(at) for at in schedule.in_progress] or None,
        retry={"max_retries": schedule.retry.max_retries, "backoff_seconds": schedule.retry.backoff_seconds},
        on_unknown=schedule.on_unknown.value,
        overlap=schedule.overlap.value,
        pause_after_failures=schedule.pause_after_failures or None,
        failures_in_a_row=schedule.failures_in_a_row or None,
        applied=schedule.applied and dumps(schedule_to_plain(replace(schedule.applied, applied=None))),
        request_digest=schedule.request_digest,
        created_at=iso_ms(schedule.created_at),
        updated_at=iso_ms(schedule.updated_at),
        expires_at=schedule.expires_at and epoch_seconds(schedule.expires_at),
    )


def schedule_from_plain(plain: Mapping[str, Any]) -> Schedule:
    """Raises KeyError, TypeError or ValueError for what is no schedule."""
    timing = plain["timing"]
    return Schedule(
        user_id=plain["user_id"],
        schedule_id=plain["schedule_id"],
        resource_id=plain.get("resource_id"),
        name=plain.get("name"),
        metadata=json.loads(plain.get("metadata", "{}")),
        timing=Timing(
            expression=timing["expression"],
            timezone=timing["timezone"],
            start_at=_instant(timing.get("start_at")),
            end_at=_instant(timing.get("end_at")),
        ),
        timing_changed_at=from_iso(plain["timing_changed_at"]),
        flexible_window_minutes=int(plain["flexible_window_minutes"]),
        delivery=DeliveryPolicy(
            max_retries=int(plain["delivery"]["max_retries"]),
            max_age_seconds=int(plain["delivery"]["max_age_seconds"]),
        ),
        action_type=plain["action_type"],
        action_revision=int(plain["action_revision"]),
        status=Status(plain["status"]),
        reason=plain.get("reason"),
        revision=int(plain["revision"]),
        confirmed=plain["confirmed"],
        never_applied=plain.get("never_applied", False),
        intent_until=_instant(plain.get("intent_until")),
        next_run_at=_instant(plain.get("next_run_at")),
        last_run=_last_run(plain.get("last_run")),
        run_count=int(plain.get("run_count", 0)),
        max_runs=_int(plain.get("max_runs")),
        exclusions=tuple(date.fromisoformat(day) for day in plain.get("exclusions", ())),
        on_missed=OnMissed(plain.get("on_missed", OnMissed.SKIP)),
        paused_until=_instant(plain.get("paused_until")),
        pending_occurrences=tuple(from_iso(at) for at in plain.get("owed", ())),
        in_progress=tuple(from_iso(at) for at in plain.get("unfinished", ())),
        retry=_retry(plain.get("retry")),
        on_unknown=OnUnknown(plain.get("on_unknown", OnUnknown.RETRY)),
        overlap=Overlap(plain.get("overlap", Overlap.ALLOW)),
        pause_after_failures=int(plain.get("pause_after_failures", 0)),
        failures_in_a_row=int(plain.get("failures_in_a_row", 0)),
        applied=schedule_from_plain(json.loads(plain["applied"])) if "applied" in plain else None,
        request_digest=plain.get("request_digest"),
        created_at=from_iso(plain["created_at"]),
        updated_at=from_iso(plain["updated_at"]),
        expires_at=_expiry(plain),
    )


def last_run_to_plain(last_run: LastRun) -> dict[str, Any]:
    return _without_none(scheduled_time=iso(last_run.scheduled_time), status=last_run.status, reason=last_run.reason)


def run_to_plain(run: Run) -> dict[str, Any]:
    return _without_none(
        user_id=run.user_id,
        schedule_id=run.schedule_id,
        resource_id=run.resource_id,
        run_id=run.run_id,
        scheduled_time=iso_ms(run.scheduled_time) if run.token else iso(run.scheduled_time),
        token=run.token,
        delivered_for=iso(run.delivered_for),
        status=run.status.value,
        reason=run.reason,
        revision=run.revision,
        action_type=run.action_type,
        claim_id=run.claim_id,
        lease_until=iso_ms(run.lease_until),
        watched=run.watched or None,
        lateness_ms=None if run.lateness is None else run.lateness // timedelta(milliseconds=1),
        attempts=[attempt_to_plain(attempt) for attempt in run.attempts],
        tries=run.tries or None,
        next_attempt_at=_iso(run.next_attempt_at),
        acting_since=run.acting_since and iso_ms(run.acting_since),
        possibly_repeated=run.possibly_repeated or None,
        redriven=run.redriven or None,
        counted=run.counted or None,
        expires_at=run.expires_at and epoch_seconds(run.expires_at),
    )


def run_from_plain(plain: Mapping[str, Any]) -> Run:
    """Raises KeyError, TypeError or ValueError for what is no run."""
    lateness_ms = plain.get("lateness_ms")
    return Run(
        user_id=plain["user_id"],
        schedule_id=plain["schedule_id"],
        resource_id=plain.get("resource_id"),
        scheduled_time=from_iso(plain["scheduled_time"]),
        token=plain.get("token"),
        delivered_for=from_iso(plain["delivered_for"]),
        status=RunStatus(plain["status"]),
        reason=plain.get("reason"),
        revision=int(plain["revision"]),
        action_type=plain["action_type"],
        claim_id=plain["claim_id"],
        lease_until=from_iso(plain["lease_until"]),
        watched=plain.get("watched", False),
        lateness=None if lateness_ms is None else timedelta(milliseconds=int(lateness_ms)),
        attempts=tuple(_attempt(attempt) for attempt in plain["attempts"]),
        tries=int(plain.get("tries", 0)),
        next_attempt_at=_instant(plain.get("next_attempt_at")),
        acting_since=_instant(plain.get("acting_since")),
        possibly_repeated=plain.get("possibly_repeated", False),
        redriven=plain.get("redriven", False),
        counted=plain.get("counted", False),
        expires_at=_expiry(plain),
    )


def job_to_plain(job: Job) -> dict[str, Any]:
    return _without_none(
        job_id=job.job_id,
        kind=job.kind.value,
        user_id=job.user_id,
        status=job.status.value,
        done=job.done,
        created_at=iso_ms(job.created_at),
        updated_at=iso_ms(job.updated_at),
        watch_at=_iso(job.watch_at),
        expires_at=job.expires_at and epoch_seconds(job.expires_at),
        selection=job.selection and _selection_to_plain(job.selection),
        per_minute=job.per_minute,
        next_at=job.next_at and iso_ms(job.next_at),
    )


def job_from_plain(plain: Mapping[str, Any]) -> Job:
    """Raises KeyError, TypeError or ValueError for what is no job."""
    return Job(
        job_id=plain["job_id"],
        kind=JobKind(plain["kind"]),
        user_id=plain.get("user_id"),
        status=JobStatus(plain["status"]),
        done=int(plain["done"]),
        created_at=from_iso(plain["created_at"]),
        updated_at=from_iso(plain["updated_at"]),
        watch_at=_instant(plain.get("watch_at")),
        expires_at=_expiry(plain),
        selection=_selection(plain["selection"]) if "selection" in plain else None,
        per_minute=int(plain.get("per_minute", 60)),
        next_at=_instant(plain.get("next_at")),
    )


def key_versions_to_plain(versions: KeyVersions) -> dict[str, Any]:
    return _without_none(
        user_id=versions.user_id,
        current=_key_version_to_plain(versions.current),
        former=versions.former and _key_version_to_plain(versions.former),
    )


def key_versions_from_plain(plain: Mapping[str, Any]) -> KeyVersions:
    """Raises KeyError, TypeError or ValueError for what is none."""
    former = plain.get("former")
    return KeyVersions(plain["user_id"], _key_version(plain["current"]), former and _key_version(former))


def attempt_to_plain(attempt: Attempt) -> dict[str, Any]:
    return _without_none(
        started_at=iso_ms(attempt.started_at),
        ended_at=attempt.ended_at and iso_ms(attempt.ended_at),
        error=attempt.error,
    )


def dumps(value: object) -> str:
    """JSON text, compact, as it stands in the table and travels to the Lambda. Raises ValueError for NaN."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _attempt(plain: Mapping[str, Any]) -> Attempt:
    return Attempt(from_iso(plain["started_at"]), _instant(plain.get("ended_at")), plain.get("error"))


def _key_version_to_plain(version: KeyVersion) -> dict[str, Any]:
    return _without_none(
        number=version.number,
        created_at=version.created_at and iso_ms(version.created_at),
        expires_at=version.expires_at and iso_ms(version.expires_at),
    )


def _key_version(plain: Mapping[str, Any]) -> KeyVersion:
    return KeyVersion(int(plain["number"]), _instant(plain.get("created_at")), _instant(plain.get("expires_at")))


def _selection_to_plain(selection: Selection) -> dict[str, Any]:
    return _without_none(
        user_id=selection.user_id,
        status=selection.status.value,
        since=iso(selection.since),
        until=iso(selection.until),
        schedule_id=selection.schedule_id,
        resource_id=selection.resource_id,
    )


def _selection(plain: Mapping[str, Any]) -> Selection:
    return Selection(
        user_id=plain["user_id"],
        status=RunStatus(plain["status"]),
        since=from_iso(plain["since"]),
        until=from_iso(plain["until"]),
        schedule_id=plain.get("schedule_id"),
        resource_id=plain.get("resource_id"),
    )


def _retry(plain: Mapping[str, Any] | None) -> RetryPolicy:
    if plain is None:
        return RetryPolicy()
    return RetryPolicy(int(plain["max_retries"]), int(plain["backoff_seconds"]))


def _last_run(plain: Mapping[str, Any] | None) -> LastRun | None:
    return None if plain is None else LastRun(from_iso(plain["scheduled_time"]), plain["status"], plain.get("reason"))


def _expiry(plain: Mapping[str, Any]) -> datetime | None:
    seconds = plain.get("expires_at")
    return None if seconds is None else from_epoch_seconds(int(seconds))


def _int(value: int | None) -> int | None:
    """DynamoDB's numbers come as Decimal."""
    return None if value is None else int(value)


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def _without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
