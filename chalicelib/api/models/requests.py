"""Bodies of requests, as pydantic models. A body must have exactly these fields: nothing is converted or ignored."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ...core.errors import InvalidInput, ScheduledTasksError
from ...core.model.run import RunStatus
from ...core.model.schedule import DeliveryPolicy, RetryPolicy
from ...scheduling.actions import AnyAction
from ...scheduling.jobs import PER_MINUTE
from ...scheduling.timing_spec import TimingSpec
from . import shapes
from .parameters import span
from .values import (
    NOT_NAMED,
    DescribedAs,
    Exclusions,
    IdempotencyKey,
    Limit,
    MaxRuns,
    Metadata,
    MissedPolicy,
    Name,
    OverlapPolicy,
    PauseAfterFailures,
    PerMinute,
    Reason,
    ResourceId,
    ScheduleId,
    Since,
    Time,
    Undone,
    UndoneStatus,
    UnknownPolicy,
    Until,
    UserId,
    WindowMinutes,
    about,
)

MOST_BODY_BYTES = 1024 * 1024
MOST_IN_A_BATCH = 100
DELIVERY = DeliveryPolicy()
RETRY = RetryPolicy()


class NotJson(ScheduledTasksError):
    """The body is not a JSON object."""


class UnsupportedMediaType(ScheduledTasksError):
    """The body is not JSON in UTF-8, by its own header."""


class BodyTooLarge(ScheduledTasksError):
    """The body is too large."""

    def __init__(self, size: int, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the body has {size:,} bytes; the limit is {limit:,} bytes")


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How large a request may be: its body, in bytes, and a batch, in schedules. Settings may say less."""

    body_bytes: int = MOST_BODY_BYTES
    batch: int = MOST_IN_A_BATCH

    def check_body(self, raw: bytes | str) -> None:
        """Raises BodyTooLarge."""
        if len(raw) > self.body_bytes:
            raise BodyTooLarge(len(raw), self.body_bytes)

    def check_batch(self, schedules: int) -> None:
        """Raises InvalidInput."""
        if schedules > self.batch:
            raise InvalidInput.of("schedules", f"has {schedules} schedules; the limit is {self.batch}")


# Bodies


class Body(BaseModel):
    """An object with these fields and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NoFields(Body):
    """An empty object."""


class TimingBody(Body):
    """Exactly one of `at`, `after`, `rate` and `cron`, and the fields that it allows; `TimingSpec` checks that."""

    at: Time | None = None
    after: Time | None = None
    rate: Time | None = None
    cron: Annotated[str, Field(max_length=256)] | None = None
    timezone: Annotated[str, Field(max_length=50)] | None = None
    start_at: Time | None = None
    end_at: Time | None = None

    def spec(self) -> TimingSpec:
        return TimingSpec(**dict(self))


WhenItFires = Annotated[
    TimingBody,
    DescribedAs(lambda: shapes.Timing),
    about("When the schedule fires", {"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"}),
]
WhatItDoes = Annotated[
    AnyAction,
    DescribedAs(lambda: shapes.Action),
    about(
        "Action of each run",
        {"type": "email", "to": ["alice@example.com"], "subject": "Your trial ends today", "text": "Stay with us?"},
    ),
]


class DeliveryOptions(Body):
    """How long EventBridge tries to deliver the payload to the Notification Lambda."""

    max_retries: Annotated[int, Field(ge=0, le=185), about("Retries of a delivery", 10)] = DELIVERY.max_retries
    max_age_seconds: Annotated[
        int, Field(ge=60, le=86_400), about("Seconds after which EventBridge gives up", 7200)
    ] = DELIVERY.max_age_seconds

    def policy(self) -> DeliveryPolicy:
        return DeliveryPolicy(**dict(self))


class RetryOptions(Body):
    """How often failed work is tried again."""

    max_retries: Annotated[int, Field(ge=0, le=20), about("Retries of failed work", 5)] = RETRY.max_retries
    backoff_seconds: Annotated[
        int, Field(ge=60, le=3600), about("Seconds before the first retry; each next one waits twice as long", 120)
    ] = RETRY.backoff_seconds

    def policy(self) -> RetryPolicy:
        return RetryPolicy(**dict(self))


class DetailsBody(Body):
    """Options of a schedule beside timing and action. Null is the default."""

    name: Name | None = None
    resource_id: ResourceId | None = None
    flexible_window_minutes: WindowMinutes | None = None
    delivery: DeliveryOptions | None = None
    metadata: Metadata | None = None
    max_runs: MaxRuns | None = None
    exclusions: Exclusions | None = None
    on_missed: MissedPolicy | None = None
    retry: RetryOptions | None = None
    on_unknown: UnknownPolicy | None = None
    overlap: OverlapPolicy | None = None
    pause_after_failures: PauseAfterFailures | None = None

    def arguments(self) -> dict[str, Any]:
        """The fields that the client named, without the user, as keyword arguments of SchedulerService."""
        return {name: _argument(getattr(self, name)) for name in self.model_fields_set - {"user_id"}}


class PutSchedule(DetailsBody):
    """A schedule under an id that the client chose."""

    timing: WhenItFires
    action: WhatItDoes


class CreateSchedule(PutSchedule):
    """A new schedule."""

    user_id: UserId | None = None


class UpdateSchedule(DetailsBody):
    """The fields to update, each as a whole. Null sets a field to its default."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Look at contract 42", "max_runs": 10}]})

    timing: WhenItFires = NOT_NAMED
    action: WhatItDoes = NOT_NAMED


class PauseSchedule(Body):
    """Why and until when a schedule is paused."""

    reason: Reason | None = None
    until: (
        Annotated[
            Time,
            about(
                "Instant at which the pause ends by itself, with `Z` or an offset. Default: none.",
                "2027-03-20T00:00:00Z",
            ),
        ]
        | None
    ) = None


class ResumeSchedule(Body):
    """A new timing, which a one-time schedule needs if its time has passed."""

    timing: WhenItFires | None = None


class CreateSchedulesItem(PutSchedule):
    """One schedule of a batch."""

    idempotency_key: IdempotencyKey | None = None


class CreateSchedules(Body):
    """Up to 100 schedules, each created or refused on its own: each is read by its own `CreateSchedulesItem`."""

    schedules: Annotated[
        list[JsonValue],
        Field(min_length=1, max_length=MOST_IN_A_BATCH),
        DescribedAs(lambda: Annotated[list[CreateSchedulesItem], Field(min_length=1, max_length=MOST_IN_A_BATCH)]),
        about("Schedules to create"),
    ]
    user_id: UserId | None = None


class RedriveRuns(Body):
    """Which runs to queue again, and how fast."""

    status: UndoneStatus = Undone.FAILED
    schedule_id: ScheduleId | None = None
    resource_id: ResourceId | None = None
    since: Since | None = None
    until: Until | None = None
    per_minute: PerMinute = PER_MINUTE

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of SchedulerService. Raises InvalidInput."""
        named = {name: value for name, value in dict(self).items() if name not in ("since", "until")}
        return {**named, "status": RunStatus(self.status), **span(self.since, self.until)}


class RotateWebhookKeys(Body):
    """How long the current key remains valid beside the new one."""

    overlap_hours: Annotated[
        int, Field(ge=0, le=168), about("Hours in which both keys sign; 0 ends every older key at once", 48)
    ] = 24


class PreviewTiming(Body):
    """A timing to preview."""

    timing: WhenItFires
    limit: Annotated[Limit, about("Number of occurrences", 3)] = 10


def _argument(value: Any) -> Any:
    match value:
        case TimingBody():
            return value.spec()
        case DeliveryOptions() | RetryOptions():
            return value.policy()
    return value
