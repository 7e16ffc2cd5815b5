"""Queries, headers and path values of the routes. Each model names the problems that come with it."""

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
from ...core.model.schedule import Schedule, Status
from ...scheduling.arguments.described import about
from ...scheduling.arguments.values import Cursor, IdempotencyKey, ResourceId, Undone, UndoneStatus
from ...scheduling.timing_spec import instant_of
from .values import (
    Count,
    ExistingScheduleId,
    Kind,
    NewScheduleId,
    OwnerId,
    PageSize,
    Revision,
    Since,
    Until,
    UserId,
)

Problems = tuple[type[ScheduledTasksError], ...]


class Parameters(BaseModel):
    """Values from a query, from headers or from a path. `problems` are errors that only these values cause."""

    problems: ClassVar[Problems] = ()


# Headers, by the names they have in HTTP


class CreateHeaders(Parameters):
    problems = (RequestMismatch,)

    idempotency_key: IdempotencyKey | None = Field(None, alias="Idempotency-Key")


class ChangeHeaders(Parameters):
    problems = (RevisionMismatch,)

    if_match: Revision | None = Field(None, alias="If-Match")


# Queries. All of it is text, so numbers are read from it.


class NoQuery(Parameters):
    """A parameter that the route does not know is refused, here and where there are others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(NoQuery):
    user_id: UserId | None = None


class OccurrencesQuery(Query):
    limit: Count = 10


class PageQuery(Query):
    problems = (InvalidCursor,)

    limit: PageSize = 50
    cursor: Cursor | None = None


class ResourceQuery(PageQuery):
    status: Annotated[Status, about("Status of the schedules", Status.ACTIVE.value)] = Status.ACTIVE


class ListQuery(ResourceQuery):
    kind: Annotated[Kind, about("Only one-time or only recurring schedules. Default: both.", "recurring")] | None = None

    def wants(self, schedule: Schedule) -> bool:
        return self.kind is None or self.kind.fits(schedule)


class RunsQuery(PageQuery):
    status: UndoneStatus = Undone.FAILED
    since: Since | None = None
    until: Until | None = None

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of SchedulerService. Raises InvalidInput."""
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
    """The given bounds as instants. Raises InvalidInput."""
    given = {"since": since, "until": until}
    return {name: instant_of(name, text) for name, text in given.items() if text is not None}
