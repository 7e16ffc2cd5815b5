"""Models of responses that combine views. Only the OpenAPI document uses them, so they are built on first use."""

import re
from typing import Annotated

from pydantic import ConfigDict, Field

from ...scheduling.arguments.described import about
from .views import NextCursor, RunView, ScheduleView, View

TYPE_PREFIX = "urn:scheduled-tasks:problem:"


class Composed(View):
    model_config = ConfigDict(defer_build=True)


class ActionTypeView(Composed):
    """The type of an action, without its fields."""

    type: Annotated[str, about("Type of the action", "email")]


class ScheduleSummaryView(ScheduleView):
    """A schedule in a list. Its action has only the type."""

    model_config = ConfigDict(defer_build=True)

    action: Annotated[ActionTypeView, about("Type of the action", {"type": "email"})]  # type: ignore[assignment]


class SchedulePageView(Composed):
    """One page of schedules."""

    items: Annotated[list[ScheduleSummaryView], about("Schedules; a page may be shorter than `limit`, even empty")]
    next_cursor: NextCursor
    searched: Annotated[int, about("Schedules that were compared with the filters for this page, at most 500", 120)]


class RunPageView(Composed):
    """One page of runs."""

    items: Annotated[list[RunView], about("Runs; a page may be shorter than `limit`, even empty")]
    next_cursor: NextCursor


class FieldProblemView(Composed):
    """One field of the request that is missing or wrong."""

    field: Annotated[str, about("Name of the field as it was sent", "timing.at")]
    message: Annotated[str, about("Error of the field", "must be in the future")]


class ProblemView(Composed):
    """An error (RFC 9457). Rely on `type` and `status`; display `title` and `detail`."""

    type: Annotated[
        str,
        Field(pattern=f"^{re.escape(TYPE_PREFIX)}[a-z-]+$"),
        about("Kind of the error", f"{TYPE_PREFIX}invalid-input"),
    ]
    title: Annotated[str, about("Short description of the kind of error", "Some fields are missing or wrong")]
    status: Annotated[int, about("HTTP status", 422)]
    detail: Annotated[str, about("Error of this request", "timing.at: must be in the future")]
    errors: Annotated[list[FieldProblemView], about("Fields that are missing or wrong")] = Field(default_factory=list)
    limit: Annotated[int | None, about("Limit that the request exceeds", 65536)] = None
    request_id: Annotated[
        str | None, about("Id of the request in the API's log", "4f1f5a0b-9e3c-4d26-8a1e-4075b7c0e5d4")
    ] = None


class CreatedItemView(Composed):
    """The result of one schedule of a batch: `schedule` or `problem`."""

    status: Annotated[int, about("HTTP status that a single create would have returned", 201)]
    schedule: Annotated[ScheduleSummaryView | None, about("The created schedule")] = None
    problem: Annotated[ProblemView | None, about("Why this schedule was not created")] = None
    retry_after_seconds: Annotated[int | None, about("Seconds to wait before the next attempt", 1)] = None


class CreatedItemsView(Composed):
    """The results of a batch."""

    results: Annotated[list[CreatedItemView], about("One result per schedule, in the order of the request")]


class HealthView(Composed):
    """The API is up."""

    status: Annotated[str, about("Always `ok`", "ok")]
