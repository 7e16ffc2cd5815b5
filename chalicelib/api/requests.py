"""What clients send, as pydantic models. It must be exactly this: nothing is converted or ignored."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, WithJsonSchema

from ..core.errors import InvalidInput, ScheduledTasksError
from ..core.model import ids
from ..core.model.run import RunStatus
from ..core.model.schedule import DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy, Schedule, Status
from ..core.model.values import dumps
from ..scheduling.actions import AnyAction, one_line
from ..scheduling.jobs import PER_MINUTE
from ..scheduling.timing_spec import TimingSpec, instant_of
from .auth import is_user_id

METADATA_BYTES = 2048
MOST_BODY_BYTES = 1024 * 1024
MOST_IN_A_BATCH = 100
DELIVERY = DeliveryPolicy()
RETRY = RetryPolicy()
NOT_NAMED: Any = None
"""Stands for a field that was left out, and may be; null is no value of it."""

DAY = re.compile(r"\d{4}-\d\d-\d\d")
ETAG = re.compile(r'"([0-9]{1,18})"')
IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


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


# Values


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise ValueError("is no user id: it is empty, too long or not printable")
    return text


def _schedule_id(text: str) -> str:
    if not ids.is_schedule_id(text):
        raise ValueError(ids.SCHEDULE_ID_RULE)
    return text


def _small(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(dumps(metadata).encode())
    if size > METADATA_BYTES:
        raise ValueError(f"has {size:,} bytes as JSON; the limit is {METADATA_BYTES:,}")
    return metadata


def _day(value: object) -> date:
    with suppress(ValueError):
        if isinstance(value, str) and DAY.fullmatch(value):
            return date.fromisoformat(value)
    raise ValueError("must be a date such as 2027-12-24")


def _revision(etag: object) -> int:
    match = ETAG.fullmatch(str(etag))
    if match is None:
        raise ValueError('must be the ETag of an answer, quotes included, such as "1803902400000"')
    return int(match[1])


def _idempotency_key(text: str) -> str:
    if not IDEMPOTENCY_KEY.fullmatch(text):
        raise ValueError("must be 1 to 255 printable ASCII characters")
    return text


def _text_like(pattern: re.Pattern[str]) -> WithJsonSchema:
    """How the description of the API shows a value that is read from text."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern.pattern}$"})


Time = Annotated[str, Field(max_length=64)]
UserId = Annotated[str, AfterValidator(_user_id)]
ScheduleId = Annotated[str, AfterValidator(_schedule_id), _text_like(ids.SCHEDULE_ID)]
ResourceId = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(one_line)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
Reason = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
Metadata = Annotated[dict[str, JsonValue], AfterValidator(_small)]
WindowMinutes = Annotated[int, Field(ge=0, le=1440)]
MaxRuns = Annotated[int, Field(ge=1, le=1_000_000)]
Exclusions = Annotated[list[Annotated[date, BeforeValidator(_day)]], Field(max_length=366)]
MissedPolicy = Annotated[OnMissed, Field(strict=False)]
UnknownPolicy = Annotated[OnUnknown, Field(strict=False)]
OverlapPolicy = Annotated[Overlap, Field(strict=False)]
PauseAfterFailures = Annotated[int, Field(ge=0, le=1000)]
IdempotencyKey = Annotated[str, AfterValidator(_idempotency_key), _text_like(IDEMPOTENCY_KEY)]
Revision = Annotated[int, BeforeValidator(_revision), _text_like(ETAG)]
PerMinute = Annotated[int, Field(ge=1, le=6000)]
Limit = Annotated[int, Field(ge=1, le=100)]


class Undone(StrEnum):
    """How a run ended that somebody may want to see, or to have done again, over all his schedules."""

    FAILED = RunStatus.FAILED.value
    MISSED = RunStatus.MISSED.value


UndoneStatus = Annotated[Undone, Field(strict=False)]


class Kind(StrEnum):
    """How often a schedule fires."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"

    def fits(self, schedule: Schedule) -> bool:
        return schedule.timing.is_one_time == (self is Kind.ONE_TIME)


# Bodies


class Body(BaseModel):
    """An object with these fields and no others; without any, as it stands here, nothing at all."""

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

    max_retries: Annotated[int, Field(ge=0, le=185)] = DELIVERY.max_retries
    max_age_seconds: Annotated[int, Field(ge=60, le=86_400)] = DELIVERY.max_age_seconds

    def policy(self) -> DeliveryPolicy:
        return DeliveryPolicy(**dict(self))


class RetryBody(Body):
    """How often failed work is tried again, and the first wait, in seconds; each next one is twice as long."""

    max_retries: Annotated[int, Field(ge=0, le=20)] = RETRY.max_retries
    backoff_seconds: Annotated[int, Field(ge=60, le=3600)] = RETRY.backoff_seconds

    def policy(self) -> RetryPolicy:
        return RetryPolicy(**dict(self))


class DetailsBody(Body):
    """What a schedule may have beside timing and action. Null is the default."""

    name: Name | None = None
    resource_id: ResourceId | None = None
    flexible_window_minutes: WindowMinutes | None = None
    delivery: DeliveryBody | None = None
    metadata: Metadata | None = None
    max_runs: MaxRuns | None = None
    exclusions: Exclusions | None = None
    on_missed: MissedPolicy | None = None
    retry: RetryBody | None = None
    on_unknown: UnknownPolicy | None = None
    overlap: OverlapPolicy | None = None
    pause_after_failures: PauseAfterFailures | None = None

    def arguments(self) -> dict[str, Any]:
        """What the client named, but for the user, as keyword arguments of SchedulerService."""
        return {name: _argument(getattr(self, name)) for name in self.model_fields_set - {"user_id"}}


class ScheduleBody(DetailsBody):
    """PUT /v1/schedules/{schedule_id}."""

    timing: TimingBody
    action: AnyAction


class CreateBody(ScheduleBody):
    """POST /v1/schedules."""

    user_id: UserId | None = None


class ChangeBody(DetailsBody):
    """PATCH /v1/schedules/{schedule_id}."""

    timing: TimingBody = NOT_NAMED
    action: AnyAction = NOT_NAMED


class PauseBody(Body):
    """POST /v1/schedules/{schedule_id}/pause."""

    reason: Reason | None = None
    until: Time | None = None


class ResumeBody(Body):
    """POST /v1/schedules/{schedule_id}/resume."""

    timing: TimingBody | None = None


class BatchBody(Body):
    """POST /v1/schedules/batch. Each of the schedules is read on its own, as a BatchItem."""

    schedules: Annotated[list[JsonValue], Field(min_length=1, max_length=MOST_IN_A_BATCH)]
    user_id: UserId | None = None


class BatchItem(ScheduleBody):
    """One schedule of a batch."""

    idempotency_key: IdempotencyKey | None = None


class RedriveBody(Body):
    """POST /v1/runs/redrive: which runs are done again (`since` and `until` are scheduled times), and how fast."""

    status: UndoneStatus = Undone.FAILED
    schedule_id: ScheduleId | None = None
    resource_id: ResourceId | None = None
    since: Time | None = None
    until: Time | None = None
    per_minute: PerMinute = PER_MINUTE

    def arguments(self) -> dict[str, Any]:
        """As keyword arguments of SchedulerService."""
        named = {name: value for name, value in dict(self).items() if name not in ("since", "until")}
        return {**named, "status": RunStatus(self.status), **_span(self.since, self.until)}


class RotateBody(Body):
    """POST /v1/webhook-keys/rotate."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class PreviewBody(Body):
    """POST /v1/occurrences."""

    timing: TimingBody
    limit: Limit = 10


def _span(since: str | None, until: str | None) -> dict[str, datetime]:
    """What of it is given. Raises InvalidInput."""
    given = {"since": since, "until": until}
    return {name: instant_of(name, text) for name, text in given.items() if text is not None}


def _argument(value: Any) -> Any:
    match value:
        case TimingBody():
            return value.spec()
        case DeliveryBody() | RetryBody():
            return value.policy()
    return value


# Headers, by the names they have in HTTP


class CreateHeaders(BaseModel):
    idempotency_key: IdempotencyKey | None = Field(None, alias="Idempotency-Key")


class ChangeHeaders(BaseModel):
    if_match: Revision | None = Field(None, alias="If-Match")


# Paths and queries. All of it is text, so numbers are read from it.


class NoQuery(BaseModel):
    """A parameter that nobody knows is refused, here and where there are others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(NoQuery):
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


class RunsQuery(PageQuery):
    status: UndoneStatus = Undone.FAILED
    since: Time | None = None
    until: Time | None = None

    def arguments(self) -> dict[str, Any]:
        """As keyword arguments of SchedulerService."""
        page = {"limit": self.limit, "cursor": self.cursor}
        return {"status": RunStatus(self.status), **page, **_span(self.since, self.until)}


class ResourcePath(BaseModel):
    resource_id: ResourceId


class UserPath(BaseModel):
    user_id: UserId


class NewSchedulePath(BaseModel):
    """Where a client may put a schedule of his own id."""

    schedule_id: ScheduleId
