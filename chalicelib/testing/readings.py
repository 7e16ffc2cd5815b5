"""Converts items of the table to records, independent of the project's own mapping, which it is compared with.

A missing attribute has its default. DynamoDB's numbers may be Decimal.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.model.job import Job, JobKind, JobStatus, Selection
from ..core.model.run import Attempt, Run, RunStatus
from ..core.model.schedule import (
    Action,
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
from ..core.model.span import Span
from ..core.model.webhook_keys import KeyVersion, KeyVersions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Item = Mapping[str, Any]


def record_of(item: Item) -> Schedule | Run | Job | Span:
    """Returns the record of a watched item. Its sort key determines the type."""
    read: dict[str, Callable[[Item], Schedule | Run | Job | Span]]
    read = {"JOB": job_of, "SPAN": span_of, "RUN": run_of, "SCHEDULE": schedule_of}
    return read[item["SK"].partition("#")[0]](item)


def schedule_of(item: Item) -> Schedule:
    return Schedule(
        user_id=item["user_id"],
        schedule_id=item["schedule_id"],
        resource_id=item.get("resource_id"),
        name=item.get("name"),
        metadata=json.loads(item.get("metadata", "{}")),
        timing=_timing(item["timing"]),
        timing_changed_at=_at(item["timing_changed_at"]),
        flexible_window_minutes=int(item.get("flexible_window_minutes", 0)),
        delivery=_delivery(item["delivery"]) if "delivery" in item else DeliveryPolicy(185, 3600),
        action_type=item["action_type"],
        action_revision=int(item["action_revision"]),
        status=Status(item["status"]),
        reason=item.get("reason"),
        revision=int(item["revision"]),
        confirmed=item["confirmed"],
        never_applied=item.get("never_applied", False),
        intent_until=_maybe_at(item.get("intent_until")),
        next_run_at=_maybe_at(item.get("next_run_at")),
        last_run=_last_run(item["last_run"]) if "last_run" in item else None,
        run_count=int(item.get("run_count", 0)),
        max_runs=int(item["max_runs"]) if "max_runs" in item else None,
        exclusions=_days(item.get("exclusions", ())),
        on_missed=OnMissed(item.get("on_missed", "skip")),
        paused_until=_maybe_at(item.get("paused_until")),
        pending_since=min(_times(item.get("owed", ())), default=None),
        in_progress=_times(item.get("unfinished", ())),
        waiting_runs=int(item.get("waiting_runs", 0)),
        reserved=int(item.get("reserved", 0)),
        running=_times(item.get("running", ())),
        retry=_retry(item["retry"]) if "retry" in item else RetryPolicy(3, 60),
        on_unknown=OnUnknown(item.get("on_unknown", "retry")),
        overlap=Overlap(item.get("overlap", "allow")),
        pause_after_failures=int(item.get("pause_after_failures", 0)),
        failures_in_a_row=int(item.get("failures_in_a_row", 0)),
        applied=schedule_of(json.loads(item["applied"])) if "applied" in item else None,
        request_digest=item.get("request_digest"),
        created_at=_at(item["created_at"]),
        updated_at=_at(item["updated_at"]),
        expires_at=_expiry(item.get("expires_at")),
    )


def action_of(item: Item) -> Action | None:
    """Returns None for an item that has only an expiry."""
    return Action(item["action_type"], json.loads(item["body"])) if "body" in item else None


def run_of(item: Item) -> Run:
    return Run(
        user_id=item["user_id"],
        schedule_id=item["schedule_id"],
        resource_id=item.get("resource_id"),
        scheduled_time=_at(item["scheduled_time"]),
        token=item.get("token"),
        delivered_for=_at(item["delivered_for"]),
        status=RunStatus(item["status"]),
        reason=item.get("reason"),
        revision=int(item["revision"]),
        action_type=item["action_type"],
        claim_id=item["claim_id"],
        lease_until=_at(item["lease_until"]),
        watched=item.get("watched", False),
        lateness=timedelta(milliseconds=int(item["lateness_ms"])) if "lateness_ms" in item else None,
        attempts=tuple(_attempt(attempt) for attempt in item.get("attempts", ())),
        tries=int(item.get("tries", 0)),
        next_attempt_at=_maybe_at(item.get("next_attempt_at")),
        acting_since=_maybe_at(item.get("acting_since")),
        possibly_repeated=item.get("possibly_repeated", False),
        redriven=item.get("redriven", False),
        counted=item.get("counted", False),
        schedule_created_at=_maybe_at(item.get("schedule_created_at")),
        reserved=item.get("reserved", False),
        waits=item.get("waits", False),
        unforeseen=item.get("unforeseen", False),
        dead_letter_pending=item.get("dead_letter_pending", False),
        expires_at=_expiry(item.get("expires_at")),
    )


def span_of(item: Item) -> Span:
    return Span(
        user_id=item["user_id"],
        schedule_id=item["schedule_id"],
        revision=int(item["revision"]),
        schedule_created_at=_at(item["schedule_created_at"]),
        resource_id=item.get("resource_id"),
        action_type=item["action_type"],
        timing=_timing(item["timing"]),
        exclusions=_days(item.get("exclusions", ())),
        flexible_window_minutes=int(item["flexible_window_minutes"]),
        delivery=_delivery(item["delivery"]),
        since=_at(item["since"]),
        until=_at(item["until"]),
        timing_changed_at=_maybe_at(item.get("timing_changed_at")),
        never_applied=item.get("never_applied", False),
        watch_at=_at(item["watch_at"]),
    )


def job_of(item: Item) -> Job:
    return Job(
        job_id=item["job_id"],
        kind=JobKind(item["kind"]),
        user_id=item.get("user_id"),
        status=JobStatus(item["status"]),
        done=int(item["done"]),
        created_at=_at(item["created_at"]),
        updated_at=_at(item["updated_at"]),
        watch_at=_maybe_at(item.get("watch_at")),
        expires_at=_expiry(item.get("expires_at")),
        selection=_selection(item["selection"]) if "selection" in item else None,
        per_minute=int(item.get("per_minute", 60)),
        next_at=_maybe_at(item.get("next_at")),
        passed_over=int(item.get("passed_over", 0)),
        walk_began_at=_maybe_at(item.get("walk_began_at")),
        cursor=item.get("cursor"),
        shard=int(item.get("shard", 0)),
    )


def webhook_keys_of(item: Item) -> KeyVersions:
    former = _key_version(item["former"]) if "former" in item else None
    return KeyVersions(item["user_id"], _key_version(item["current"]), former)


def _timing(plain: Item) -> Timing:
    start_at, end_at = (_maybe_at(plain.get(name)) for name in ("start_at", "end_at"))
    return Timing(plain["expression"], plain["timezone"], start_at, end_at)


def _delivery(plain: Item) -> DeliveryPolicy:
    return DeliveryPolicy(int(plain["max_retries"]), int(plain["max_age_seconds"]))


def _retry(plain: Item) -> RetryPolicy:
    return RetryPolicy(int(plain["max_retries"]), int(plain["backoff_seconds"]))


def _last_run(plain: Item) -> LastRun:
    return LastRun(_at(plain["scheduled_time"]), plain["status"], plain.get("reason"))


def _attempt(plain: Item) -> Attempt:
    return Attempt(_at(plain["started_at"]), _maybe_at(plain.get("ended_at")), plain.get("error"))


def _selection(plain: Item) -> Selection:
    return Selection(
        user_id=plain["user_id"],
        status=RunStatus(plain["status"]),
        since=_at(plain["since"]),
        until=_at(plain["until"]),
        schedule_id=plain.get("schedule_id"),
        resource_id=plain.get("resource_id"),
    )


def _key_version(plain: Item) -> KeyVersion:
    created_at, expires_at = (_maybe_at(plain.get(name)) for name in ("created_at", "expires_at"))
    return KeyVersion(int(plain["number"]), created_at, expires_at)


def _days(days: Sequence[str]) -> tuple[date, ...]:
    return tuple(date.fromisoformat(day) for day in days)


def _times(times: Sequence[str]) -> tuple[datetime, ...]:
    return tuple(_at(text) for text in times)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _maybe_at(text: str | None) -> datetime | None:
    return None if text is None else _at(text)


def _expiry(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
