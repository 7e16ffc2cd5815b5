"""What clients send, as pydantic models. It must be exactly this: nothing is converted or ignored."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from ..core.errors import InvalidInput, ScheduledTasksError
from ..core.model.run import RunStatus
from ..core.model.schedule import Schedule, Status
from ..scheduling.arguments.bodies import ScheduleBody, TimingBody
from ..scheduling.arguments.reading import Body
from ..scheduling.arguments.values import (
    Cursor,
    IdempotencyKey,
    Limit,
    PerMinute,
    Reason,
    ResourceId,
    ScheduleId,
    Time,
    Undone,
    UndoneStatus,
    UserId,
    text_like,
)
from ..scheduling.jobs import PER_MINUTE
from ..scheduling.timing_spec import instant_of

MOST_BODY_BYTES = 1024 * 1024
MOST_IN_A_BATCH = 100
ETAG = re.compile(r'"([0-9]{1,18})"')


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


def _revision(etag: object) -> int:
    match = ETAG.fullmatch(str(etag))
    if match is None:
        raise ValueError('must be the ETag of an answer, quotes included, such as "1803902400000"')
    return int(match[1])


Revision = Annotated[int, BeforeValidator(_revision), text_like(ETAG)]


class Kind(StrEnum):
    """How often a schedule fires."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"

    def fits(self, schedule: Schedule) -> bool:
        return schedule.timing.is_one_time == (self is Kind.ONE_TIME)


# Bodies


class CreateBody(ScheduleBody):
    """POST /v1/schedules."""

    user_id: UserId | None = None


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
    cursor: Cursor | None = None


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
