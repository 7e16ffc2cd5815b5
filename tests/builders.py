"""Builders of schedules, actions and runs with default values, so that a test states only what matters to it.

The current time is always NOW.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chalicelib.core.model.run import Attempt, Run, RunStatus
from chalicelib.core.model.schedule import (
    INTENT_LEASE,
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
from chalicelib.core.timing.instants import epoch_ms

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def an_action(**data: Any) -> Action:
    """A mail to alice."""
    return Action("email", {"to": ["alice@example.com"], "subject": "hello", "text": "It is time.", **data})


def once(instant: datetime) -> Timing:
    """At an instant."""
    return Timing(f"at({instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S})")


def every_hour(**window: Any) -> Timing:
    """From an hour after NOW."""
    return Timing("rate(1 hour)", **{"start_at": NOW + HOUR, **window})


def a_schedule(**only_what_matters: Any) -> Schedule:
    """A mail to alice in an hour, recorded NOW and on its way to EventBridge."""
    timing: Timing = only_what_matters.get("timing", once(NOW + HOUR))
    usual: dict[str, Any] = {
        "user_id": "alice",
        "schedule_id": "s1",
        "timing": timing,
        "action_type": "email",
        "status": Status.ACTIVE,
        "revision": epoch_ms(NOW),
        "action_revision": epoch_ms(NOW),
        "created_at": NOW,
        "updated_at": NOW,
        "timing_changed_at": NOW,
        "next_run_at": timing.next_occurrence(NOW),
        "intent_until": NOW + INTENT_LEASE,
    }
    return Schedule(**usual | only_what_matters)


def a_filled_schedule() -> Schedule:
    """None of its fields has its default."""
    return a_schedule(
        timing=every_hour(end_at=NOW + 90 * DAY),
        resource_id="contract-42",
        name="Weekly",
        metadata={"plan": "pro"},
        flexible_window_minutes=15,
        delivery=DeliveryPolicy(3, 600),
        confirmed=True,
        reason="asked for",
        last_run=LastRun(NOW - HOUR, "failed", "no answer"),
        run_count=7,
        max_runs=9,
        exclusions=(date(2027, 12, 24),),
        on_missed=OnMissed.RUN_NOW,
        paused_until=NOW + DAY,
        pending_since=NOW - HOUR,
        in_progress=(NOW - 2 * HOUR,),
        waiting_runs=2,
        reserved=2,
        never_applied=True,
        running=(NOW - HOUR,),
        retry=RetryPolicy(1, 120),
        on_unknown=OnUnknown.STOP,
        overlap=Overlap.SKIP,
        pause_after_failures=5,
        failures_in_a_row=2,
        applied=a_schedule(),
        request_digest="d1",
        expires_at=NOW + 90 * DAY,
    )


def confirmed(schedule: Schedule) -> Schedule:
    """As it stands once EventBridge is known to agree."""
    return replace(schedule, confirmed=True, intent_until=None)


def changed(schedule: Schedule, **changes: Any) -> Schedule:
    """The next intent: one revision further, not yet confirmed."""
    intent: dict[str, Any] = {"revision": schedule.revision + 1, "confirmed": False, "intent_until": NOW + INTENT_LEASE}
    return replace(schedule, **intent | changes)


def cancelled(schedule: Schedule) -> Schedule:
    """The intent to have it no more; its record goes in ninety days."""
    return changed(schedule, status=Status.CANCELLED, next_run_at=None, expires_at=NOW + 90 * DAY)


def completed(schedule: Schedule) -> Schedule:
    """After its last run."""
    return replace(schedule, status=Status.COMPLETED, next_run_at=None, expires_at=NOW + 90 * DAY)


def a_run(of: Schedule, **only_what_matters: Any) -> Run:
    """The next run of a schedule, claimed by "claim-1" at its time."""
    scheduled_time: datetime = only_what_matters.get("scheduled_time") or of.next_run_at or NOW
    usual: dict[str, Any] = {
        "user_id": of.user_id,
        "schedule_id": of.schedule_id,
        "scheduled_time": scheduled_time,
        "delivered_for": scheduled_time,
        "status": RunStatus.RUNNING,
        "revision": of.revision,
        "action_type": of.action_type,
        "claim_id": "claim-1",
        "lease_until": scheduled_time + 35 * SECOND,
        "attempts": (Attempt(started_at=scheduled_time),),
    }
    return Run(**usual | only_what_matters)
