"""Queries, headers and path values of the routes. Each model lists the errors that its values can cause."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ...core.errors import (
    InvalidCursor,
    JobNotFound,
    RequestMismatch,
    RevisionMismatch,
    RunNotFound,
    ScheduledTasksError,
    ScheduleNotFound,
)
from ...core.model.run import RunStatus
from ...scheduling.arguments.described import about
from ...scheduling.arguments.values import (
    ActionType,
    Cursor,
    IdempotencyKey,
    KindOfTiming,
    ListedStatus,
    ListStatus,
    ResourceId,
    Search,
    Undone,
    UndoneStatus,
)
from ...scheduling.lists.timeline import MOST_LANES
from ...scheduling.timing_spec import instant_of
from .values import (
    Count,
    ExistingScheduleId,
    LaneCount,
    NewScheduleId,
    OwnerId,
    PageSize,
    Revision,
    Since,
    Until,
    UserId,
    WindowBegin,
    WindowEnd,
)

Problems = tuple[type[ScheduledTasksError], ...]


class Parameters(BaseModel):
    """Values of a query, of headers or of a path. `problems` are errors that only these values cause."""

    problems: ClassVar[Problems] = ()


# Headers: each alias is the name of the HTTP header.


class CreateHeaders(Parameters):
    problems = (RequestMismatch,)

    idempotency_key: IdempotencyKey | None = Field(None, alias="Idempotency-Key")


class ChangeHeaders(Parameters):
    problems = (RevisionMismatch,)

    if_match: Revision | None = Field(None, alias="If-Match")


# Queries: all values are strings, so numbers are converted.


class NoQuery(Parameters):
    """A query without parameters. This model and its subclasses refuse unknown parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Query(NoQuery):
    user_id: UserId | None = None


class OccurrencesQuery(Query):
    limit: Count = 10


class PageQuery(Query):
    problems = (InvalidCursor,)

    limit: PageSize = 50
    cursor: Cursor | None = None


class ListQuery(PageQuery):
    status: ListStatus = ListedStatus.ACTIVE
    search: Search | None = None
    kind: KindOfTiming | None = None
    action_type: ActionType | None = None

    def arguments(self) -> dict[str, Any]:
        """Returns keyword arguments of SchedulerService."""
        return self.model_dump(exclude={"user_id"})


class TimelineQuery(Query):
    problems = (InvalidCursor,)

    since: WindowBegin | None = None
    until: WindowEnd | None = None
    limit: LaneCount = MOST_LANES
    cursor: Cursor | None = None
    search: Search | None = None
    resource_id: ResourceId | None = None

    def arguments(self) -> dict[str, Any]:
        """Returns keyword arguments of SchedulerService."""
        return self.model_dump(exclude={"user_id"})


class RunsQuery(PageQuery):
    status: UndoneStatus = Undone.FAILED
    since: Since | None = None
    until: Until | None = None

    def arguments(self) -> dict[str, Any]:
        """Returns keyword arguments of SchedulerService. Raises InvalidInput if a bound is not an instant."""
        page = {"limit": self.limit, "cursor": self.cursor}
        return {"status": RunStatus(self.status), **page, **span(self.since, self.until)}


# Paths


class NewSchedulePath(Parameters):
    schedule_id: NewScheduleId


class SchedulePath(Parameters):
    problems: ClassVar[Problems] = (ScheduleNotFound,)

    schedule_id: ExistingScheduleId


class RunPath(SchedulePath):
    problems: ClassVar[Problems] = (ScheduleNotFound, RunNotFound)

    run_id: Annotated[str, about("Id of the run", "20270308T080000Z-22d1ab4358e870f3")]


class JobPath(Parameters):
    problems = (JobNotFound,)

    job_id: Annotated[str, about("Id of the job", "2f6d9b3c8a1e4075b7c0e5d4f3a29618")]


class ResourcePath(Parameters):
    resource_id: ResourceId


class UserPath(Parameters):
    user_id: OwnerId


def span(since: str | None, until: str | None) -> dict[str, datetime]:
    """Returns the bounds that are not None as instants. Raises InvalidInput if one is not an instant."""
    given = {"since": since, "until": until}
    return {name: instant_of(name, text) for name, text in given.items() if text is not None}
