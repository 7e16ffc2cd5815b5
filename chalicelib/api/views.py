"""What clients get, as pydantic models."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from ..core.actions.webhook_signing import WebhookKey
from ..core.model.job import Job, JobKind, JobStatus
from ..core.model.run import Run
from ..core.model.schedule import OnMissed, OnUnknown, Overlap, Schedule, Status, Timing
from ..core.timing.instants import iso, iso_ms
from ..scheduling.actions import as_clients_write
from ..scheduling.service import Cancelled, Preview

_TIME = WithJsonSchema({"type": "string", "format": "date-time"})

Planned = Annotated[datetime, PlainSerializer(iso), _TIME]
"""Whole seconds: `2027-03-01T08:00:00Z`."""

Measured = Annotated[datetime, PlainSerializer(iso_ms), _TIME]
"""With milliseconds: `2027-03-01T08:00:00.123Z`."""


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class DeliveryView(View):
    """How long EventBridge tries to hand the payload over."""

    max_retries: int
    max_age_seconds: int


class RetryView(View):
    """How often failed work is tried again, and the first wait."""

    max_retries: int
    backoff_seconds: int


class LastRunView(View):
    """The latest run that ended."""

    scheduled_time: Planned
    status: str
    reason: str | None


class ScheduleView(View):
    """A schedule. In lists `action` holds the type alone: they do not read the body."""

    schedule_id: str
    user_id: str
    resource_id: str | None
    name: str | None
    status: Status
    reason: str | None
    paused_until: Planned | None
    confirmed: bool
    revision: int
    timing: dict[str, str]
    action: dict[str, Any]
    flexible_window_minutes: int
    delivery: DeliveryView
    metadata: dict[str, Any]
    retry: RetryView
    on_unknown: OnUnknown
    overlap: Overlap
    pause_after_failures: int
    failures_in_a_row: int
    max_runs: int | None
    exclusions: list[date]
    on_missed: OnMissed
    next_run_at: Planned | None
    last_run: LastRunView | None
    run_count: int
    created_at: Measured
    updated_at: Measured

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        action = as_clients_write(schedule.action) if schedule.action else {"type": schedule.action_type}
        # The record keeps it after the pause, for what was due meanwhile.
        paused_until = schedule.paused_until if schedule.status is Status.PAUSED else None
        derived = {"timing": timing_shown(schedule.timing), "action": action, "paused_until": paused_until}
        return cls.model_validate({**vars(schedule), **derived})


class AttemptView(View):
    """One try of a run."""

    started_at: Measured
    ended_at: Measured | None
    error: str | None


class RunView(View):
    """One occurrence's story, or that of a run that somebody asked for."""

    run_id: str
    schedule_id: str
    resource_id: str | None
    action_type: str
    scheduled_time: Planned
    status: str
    reason: str | None
    lateness_ms: int | None
    next_attempt_at: Planned | None
    possibly_repeated: bool
    unforeseen: bool
    attempts: list[AttemptView]

    @classmethod
    def of(cls, run: Run) -> Self:
        lateness_ms = None if run.lateness is None else run.lateness // timedelta(milliseconds=1)
        return cls(
            run_id=run.run_id,
            schedule_id=run.schedule_id,
            resource_id=run.resource_id,
            action_type=run.action_type,
            scheduled_time=run.scheduled_time,
            status=run.status,
            reason=run.reason,
            lateness_ms=lateness_ms,
            next_attempt_at=run.next_attempt_at,
            possibly_repeated=run.possibly_repeated,
            unforeseen=run.unforeseen,
            attempts=[AttemptView.model_validate(attempt) for attempt in run.attempts],
        )


class OccurrencesView(View):
    """The next planned instants of a schedule, soonest first."""

    occurrences: list[Planned]


class PreviewView(View):
    """What an unsaved timing would do."""

    timing: dict[str, str]
    description: str
    occurrences: list[Planned]
    warnings: list[str]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        return cls(
            timing=timing_shown(preview.timing),
            description=preview.description,
            occurrences=preview.occurrences,
            warnings=preview.warnings,
        )


class CancelledView(View):
    """How many schedules were cancelled. If that was not all of them, ask again."""

    cancelled: int
    complete: bool

    @classmethod
    def of(cls, cancelled: Cancelled) -> Self:
        return cls(cancelled=cancelled.count, complete=cancelled.complete)


class JobView(View):
    """Work on many items; `done` counts the schedules or runs that are finished with.

    `passed_over` counts runs that cannot be queued, such as those of a cancelled schedule.
    """

    job_id: str
    kind: JobKind
    user_id: str | None
    status: JobStatus
    done: int
    passed_over: int
    created_at: Measured
    updated_at: Measured

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls.model_validate(job)


class WebhookKeyView(View):
    """One key that webhooks are signed with. `secret` is what a consumer's library takes."""

    version: int
    secret: Annotated[str, Field(validation_alias="text")]
    current: Annotated[bool, Field(validation_alias="is_current")]
    created_at: Measured
    expires_at: Measured | None


class WebhookKeysView(View):
    """Those that sign now, the current one first."""

    keys: list[WebhookKeyView]

    @classmethod
    def of(cls, keys: Iterable[WebhookKey]) -> Self:
        return cls(keys=[WebhookKeyView.model_validate(key) for key in keys])


def timing_shown(timing: Timing) -> dict[str, str]:
    """As a client could have written it: `{"cron": "0 9 ? * MON *", "timezone": "Europe/Berlin"}`."""
    text = timing.expression.removeprefix(f"{timing.kind}(").removesuffix(")")
    bounds = {"start_at": timing.start_at, "end_at": timing.end_at}
    return {
        timing.kind: text,
        # A rate is elapsed time, the same everywhere.
        **({} if timing.kind == "rate" else {"timezone": timing.timezone}),
        **{name: iso(instant) for name, instant in bounds.items() if instant},
    }
