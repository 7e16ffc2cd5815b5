"""What clients send and get, as pydantic models. What is sent must be exactly this: nothing is converted or ignored."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, PlainSerializer

from .actions import AnyAction, as_clients_write, one_line
from .auth import is_user_id
from .core.errors import ScheduledTasksError
from .core.instants import iso, iso_ms
from .core.records import dumps
from .core.run import Run
from .core.schedule import DeliveryPolicy, Schedule, Status, Timing
from .service import Cancelled, Preview
from .timings import TimingSpec

METADATA_BYTES = 2048
DELIVERY = DeliveryPolicy()


class NotJson(ScheduledTasksError):
    """The body is not a JSON object."""


# Values


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise ValueError("is no user id: it is empty, too long or not printable")
    return text


def _small(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(dumps(metadata).encode())
    if size > METADATA_BYTES:
        raise ValueError(f"has {size:,} bytes as JSON; the limit is {METADATA_BYTES:,}")
    return metadata


Time = Annotated[str, Field(max_length=64)]
UserId = Annotated[str, AfterValidator(_user_id)]
ResourceId = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(one_line)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
Metadata = Annotated[dict[str, JsonValue], AfterValidator(_small)]
Limit = Annotated[int, Field(ge=1, le=100)]

Planned = Annotated[datetime, PlainSerializer(iso)]
"""Whole seconds: `2027-03-01T08:00:00Z`."""

Measured = Annotated[datetime, PlainSerializer(iso_ms)]
"""With milliseconds: `2027-03-01T08:00:00.123Z`."""


class Kind(StrEnum):
    """How often a schedule fires."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"

    def fits(self, schedule: Schedule) -> bool:
        return schedule.timing.is_one_time == (self is Kind.ONE_TIME)


# What clients send: bodies


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TimingBody(Body):
    """Exactly one of `at`, `after`, `rate` and `cron`, and what goes with it; `TimingSpec` sees to that."""

    at: Time | None = None
    after: Time | None = None
    rate: Time | None = None
    cron: Annotated[str, Field(max_length=256)] | None = None
    timezone: Annotated[str, Field(max_length=50)] | None = None
    start_at: Time | None = None
    end_at: Time | None = None

    def spec(self) -> TimingSpec:
        return TimingSpec(**dict(self))


class DeliveryBody(Body):
    """How long EventBridge tries to hand the payload over: AWS's limits, our defaults."""

    model_config = ConfigDict(from_attributes=True)

    max_retries: Annotated[int, Field(ge=0, le=185)] = DELIVERY.max_retries
    max_age_seconds: Annotated[int, Field(ge=60, le=86_400)] = DELIVERY.max_age_seconds


class CreateBody(Body):
    """POST /v1/schedules."""

    timing: TimingBody
    action: AnyAction
    user_id: UserId | None = None
    name: Name | None = None
    resource_id: ResourceId | None = None
    flexible_window_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    delivery: DeliveryBody = DeliveryBody()
    metadata: Metadata = {}

    def details(self) -> dict[str, Any]:
        """`SchedulerService.create`'s keyword arguments, but for the user."""
        return {
            **{name: value for name, value in self if name != "user_id"},
            "timing": self.timing.spec(),
            "delivery": DeliveryPolicy(**dict(self.delivery)),
        }


class PreviewBody(Body):
    """POST /v1/occurrences."""

    timing: TimingBody
    limit: Limit = 10


# What clients send: paths and queries. All of it is text, so numbers are read from it.


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: UserId | None = None


class OccurrencesQuery(Query):
    limit: Limit = 10


class PageQuery(Query):
    limit: Limit = 50
    cursor: Annotated[str, Field(max_length=8192)] | None = None


class ResourceQuery(PageQuery):
    status: Status = Status.ACTIVE


class ListQuery(ResourceQuery):
    kind: Kind | None = None

    def wants(self, schedule: Schedule) -> bool:
        return self.kind is None or self.kind.fits(schedule)


class ResourcePath(BaseModel):
    resource_id: ResourceId


# What clients get


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class LastRunShown(Shown):
    """The latest run that ended."""

    scheduled_time: Planned
    status: str
    reason: str | None


class ScheduleShown(Shown):
    """A schedule. In lists `action` holds the type alone: they do not read the body."""

    schedule_id: str
    user_id: str
    resource_id: str | None
    name: str | None
    status: Status
    reason: str | None
    confirmed: bool
    revision: int
    timing: dict[str, str]
    action: dict[str, Any]
    flexible_window_minutes: int
    delivery: DeliveryBody
    metadata: dict[str, Any]
    next_run_at: Planned | None
    last_run: LastRunShown | None
    run_count: int
    created_at: Measured
    updated_at: Measured

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        action = as_clients_write(schedule.action) if schedule.action else {"type": schedule.action_type}
        return cls.model_validate({**vars(schedule), "timing": timing_shown(schedule.timing), "action": action})


class AttemptShown(Shown):
    """One try of a run."""

    started_at: Measured
    ended_at: Measured | None
    error: str | None


class RunShown(Shown):
    """One occurrence's story."""

    run_id: str
    scheduled_time: Planned
    status: str
    reason: str | None
    lateness_ms: int | None
    attempts: list[AttemptShown]

    @classmethod
    def of(cls, run: Run) -> Self:
        lateness_ms = None if run.lateness is None else run.lateness // timedelta(milliseconds=1)
        return cls(
            run_id=run.run_id,
            scheduled_time=run.scheduled_time,
            status=run.status,
            reason=run.reason,
            lateness_ms=lateness_ms,
            attempts=[AttemptShown.model_validate(attempt) for attempt in run.attempts],
        )


class OccurrencesShown(Shown):
    """The next planned instants of a schedule, soonest first."""

    occurrences: list[Planned]


class PreviewShown(Shown):
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


class CancelledShown(Shown):
    """How many schedules were cancelled. If that was not all of them, ask again."""

    cancelled: int
    complete: bool

    @classmethod
    def of(cls, cancelled: Cancelled) -> Self:
        return cls(cancelled=cancelled.count, complete=cancelled.complete)


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
