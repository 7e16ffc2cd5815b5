"""Pydantic models of the response bodies."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from ...core.actions.webhook_signing import WebhookKey
from ...core.model.job import Job, JobKind, JobStatus
from ...core.model.run import Run, RunStatus
from ...core.model.schedule import OnMissed, OnUnknown, Overlap, Schedule, Status, Timing
from ...core.timing.instants import iso, iso_ms
from ...scheduling import english
from ...scheduling.actions import as_clients_write
from ...scheduling.arguments import shapes
from ...scheduling.arguments.described import DescribedAs, about
from ...scheduling.arguments.values import MetadataShape
from ...scheduling.service import Cancelled, Preview

_TIME = WithJsonSchema({"type": "string", "format": "date-time"})

Planned = Annotated[datetime, PlainSerializer(iso), _TIME]
"""A scheduled time, in whole seconds: `2027-03-01T08:00:00Z`."""

Measured = Annotated[datetime, PlainSerializer(iso_ms), _TIME]
"""A time read from the clock, in milliseconds: `2027-03-01T08:00:00.123Z`."""

TimingShown = Annotated[
    dict[str, str],
    DescribedAs(lambda: shapes.Timing),
    about("When the schedule fires", {"cron": "0 9 ? * MON *", "timezone": "Europe/Berlin"}),
]
InEnglish = Annotated[str, about("The timing in English", "At 09:00 on Monday, Europe/Berlin")]
Occurrences = Annotated[
    list[Planned], about("Planned times, the soonest first", ["2027-03-08T08:00:00Z", "2027-03-15T08:00:00Z"])
]
Created = Annotated[Measured, about("Time of the creation", "2027-03-01T12:00:00.000Z")]
Updated = Annotated[Measured, about("Time of the last change", "2027-03-01T12:00:00.000Z")]
Owner = Annotated[str, about("User who owns it", "alice")]
OfSchedule = Annotated[str, about("Id of the schedule", "weekly-digest")]
# A string and not the enum: after a rollback, a record may have a status that only the later release knows.
OfRun = Annotated[str, DescribedAs(lambda: RunStatus), about("Status of the run", RunStatus.SUCCEEDED.value)]
NextCursor = Annotated[str | None, about("`cursor` of the next page; null on the last page", None, "WyI1ZDJj")]
ReasonOfRun = Annotated[str | None, about("Why the run has this status", None, "SES: the address is not verified")]


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True, defer_build=True)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class DeliveryView(View):
    """How long EventBridge tries to deliver the payload to the Notification Lambda."""

    max_retries: Annotated[int, about("Retries of a delivery", 185)]
    max_age_seconds: Annotated[int, about("Seconds after which EventBridge gives up", 3600)]


class RetryView(View):
    """How often failed work is tried again."""

    max_retries: Annotated[int, about("Retries of failed work", 3)]
    backoff_seconds: Annotated[int, about("Seconds before the first retry; each later delay is twice as long", 60)]


class LastRunView(View):
    """The latest run that ended."""

    scheduled_time: Annotated[Planned, about("Time at which the run was due", "2027-03-08T08:00:00Z")]
    status: OfRun
    reason: ReasonOfRun


class ScheduleView(View):
    """A schedule: when it fires, what it does, and its state."""

    schedule_id: OfSchedule
    user_id: Owner
    resource_id: str | None
    name: str | None
    status: Annotated[Status, about("Status of the schedule", Status.ACTIVE.value)]
    reason: Annotated[str | None, about("Why the schedule has this status", None, "on holiday")]
    paused_until: Annotated[
        Planned | None, about("Time of the automatic resume; null: no such time", None, "2027-03-20T00:00:00Z")
    ]
    confirmed: Annotated[
        bool, Field(description="False until EventBridge has confirmed the latest change", examples=[True])
    ]
    revision: Annotated[int, about("Number that each change increases; the value of `ETag`", 1803902400000)]
    timing: TimingShown
    description: InEnglish
    action: Annotated[
        dict[str, Any],
        DescribedAs(lambda: shapes.Action),
        about(
            "Action of each run",
            {"type": "email", "to": ["alice@example.com"], "subject": "Your week", "text": "Seven days have passed."},
        ),
    ]
    flexible_window_minutes: int
    delivery: DeliveryView
    metadata: Annotated[dict[str, Any], DescribedAs(lambda: MetadataShape)]
    retry: RetryView
    on_unknown: OnUnknown
    overlap: Overlap
    pause_after_failures: int
    failures_in_a_row: Annotated[int, about("Consecutive failed runs; a success or a resume sets it to 0", 0)]
    max_runs: int | None
    exclusions: list[date]
    on_missed: OnMissed
    next_run_at: Annotated[
        Planned | None,
        about("Next occurrence that has no run yet; null: none, or the schedule is paused", "2027-03-08T08:00:00Z"),
    ]
    last_run: Annotated[LastRunView | None, about("Latest run that ended; null: none", None)]
    run_count: Annotated[int, about("Runs that succeeded or failed", 0)]
    created_at: Created
    updated_at: Updated

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        action = as_clients_write(schedule.action) if schedule.action else {"type": schedule.action_type}
        # The record keeps it after the pause, to decide which occurrences were due during the pause.
        paused_until = schedule.paused_until if schedule.status is Status.PAUSED else None
        derived = {
            "timing": timing_shown(schedule.timing),
            "description": english.describe_stored(schedule.timing),
            "action": action,
            "paused_until": paused_until,
        }
        return cls.model_validate({**vars(schedule), **derived})


class AttemptView(View):
    """One attempt of a run."""

    started_at: Annotated[Measured, about("Start of the attempt", "2027-03-08T08:00:00.250Z")]
    ended_at: Annotated[
        Measured | None, about("End of the attempt; null: it is in progress", "2027-03-08T08:00:00.400Z")
    ]
    error: Annotated[str | None, about("Why the attempt failed; null: it did not", None, "webhook: 500")]


class RunView(View):
    """One occurrence of a schedule and its history, or a run that was requested outside the timing."""

    run_id: Annotated[str, about("Id of the run, the same for all its attempts", "20270308T080000Z-22d1ab4358e870f3")]
    schedule_id: OfSchedule
    resource_id: str | None
    action_type: Annotated[str, about("Type of the action", "email")]
    scheduled_time: Annotated[Planned, about("Time at which the run is due", "2027-03-08T08:00:00Z")]
    status: OfRun
    reason: ReasonOfRun
    lateness_ms: Annotated[
        int | None, about("Milliseconds from the due time to the start; null: the run has not started", 250)
    ]
    next_attempt_at: Annotated[
        Planned | None, about("Time of the next attempt; null: none is planned", None, "2027-03-08T08:01:12Z")
    ]
    possibly_repeated: Annotated[
        bool, Field(description="True if an interrupted attempt may have done the work already", examples=[False])
    ]
    unforeseen: Annotated[
        bool, Field(description="True if EventBridge fired at a time that the API did not predict", examples=[False])
    ]
    attempts: Annotated[list[AttemptView], about("Attempts, the oldest first")]

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
    """The next planned times of a schedule."""

    occurrences: Occurrences


class PreviewView(View):
    """A preview of a timing, without a schedule."""

    timing: TimingShown
    description: InEnglish
    occurrences: Occurrences
    warnings: Annotated[
        list[str],
        about(
            "Effects that a client may not expect, such as times that daylight saving skips",
            [],
            ["02:30 does not exist on 2027-03-28 in Europe/Berlin: skipped"],
        ),
    ]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        return cls(
            timing=timing_shown(preview.timing),
            description=preview.description,
            occurrences=preview.occurrences,
            warnings=preview.warnings,
        )


class CancelledView(View):
    """Schedules that one request cancelled."""

    cancelled: Annotated[int, about("Number of cancelled schedules", 1)]
    complete: Annotated[bool, Field(description="False if schedules are left: send the request again", examples=[True])]

    @classmethod
    def of(cls, cancelled: Cancelled) -> Self:
        return cls(cancelled=cancelled.count, complete=cancelled.complete)


class JobView(View):
    """A job: the sweeper's work on many schedules or runs."""

    job_id: Annotated[str, about("Id of the job", "2f6d9b3c8a1e4075b7c0e5d4f3a29618")]
    kind: Annotated[JobKind, about("Kind of the job", JobKind.REDRIVE.value)]
    user_id: Annotated[str | None, about("User whose schedules or runs these are; null: all users", "alice")]
    status: Annotated[JobStatus, about("Status of the job", JobStatus.RUNNING.value)]
    done: Annotated[int, about("Schedules or runs that are finished", 0)]
    passed_over: Annotated[int, about("Runs that cannot be queued, such as those of a cancelled schedule", 0)]
    created_at: Created
    updated_at: Updated

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls.model_validate(job)


class WebhookKeyView(View):
    """One key that signs a user's webhooks."""

    version: Annotated[int, about("Number of the key; a rotation adds 1", 1)]
    secret: Annotated[
        str,
        Field(validation_alias="text"),
        about(
            "Secret for a library of Standard Webhooks",
            "whsec_F0D+9I2QSpMz2GZzxTrUKhlAeO86Xve5tAs3tYlLCG0=",
        ),
    ]
    current: Annotated[
        bool, Field(validation_alias="is_current"), Field(description="True for the newest key", examples=[True])
    ]
    created_at: Annotated[Measured, about("Time of the creation", "2027-01-01T00:00:00.000Z")]
    expires_at: Annotated[Measured | None, about("Time at which the key stops signing; null: no such time", None)]


class WebhookKeysView(View):
    """The valid keys that sign a user's webhooks."""

    keys: Annotated[list[WebhookKeyView], about("Valid keys, the current one first")]

    @classmethod
    def of(cls, keys: Iterable[WebhookKey]) -> Self:
        return cls(keys=[WebhookKeyView.model_validate(key) for key in keys])


def timing_shown(timing: Timing) -> dict[str, str]:
    """Returns a timing in the format of requests: `{"cron": "0 9 ? * MON *", "timezone": "Europe/Berlin"}`."""
    kind = timing.kind
    text = timing.expression.removeprefix(f"{kind}(").removesuffix(")")
    bounds = {"start_at": timing.start_at, "end_at": timing.end_at}
    return {
        kind: text,
        # A rate is elapsed time, which no time zone changes.
        **({} if kind == "rate" else {"timezone": timing.timezone}),
        **{name: iso(instant) for name, instant in bounds.items() if instant},
    }
