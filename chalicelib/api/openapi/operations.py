"""What each route takes and answers: the rows that the description of the API (`document.py`) is made of.

A test holds them equal to the app's routes, another one provokes each status, and the HTTP tests check every answer
that they get.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from ...core import errors
from ...scheduling.arguments import values  # noqa: TC001 - pydantic reads the annotation
from ...scheduling.arguments.bodies import BatchItem, ChangeBody, ScheduleBody
from ...scheduling.arguments.reading import Body
from .. import requests, views
from ..auth import InvalidToken, IssuerUnavailable, NotAuthenticated, Scope, ScopeMissing
from ..responses import TYPE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"

Model = type[BaseModel]
Errors = tuple[type[errors.ScheduledTasksError], ...]

OF_TOKENS: Errors = (NotAuthenticated, InvalidToken, ScopeMissing, IssuerUnavailable, errors.StoreUnavailable)
OF_SCHEDULES: Errors = (errors.ScheduleNotFound,)
OF_ENGINE: Errors = (errors.SchedulerRefused, errors.SchedulerUnavailable, errors.SchedulerDenied)
OF_CREATES: Errors = (errors.PayloadTooLarge, errors.TooManySchedules, errors.ScheduleBusy, *OF_ENGINE)
OF_CHANGES: Errors = (*OF_SCHEDULES, errors.ScheduleBusy, errors.RevisionMismatch, *OF_ENGINE)
OF_BODIES: Errors = (requests.NotJson, requests.BodyTooLarge, requests.UnsupportedMediaType)

LOCATION = {"Location": "address of what was made"}
ETAG = {"ETag": "the revision, for If-Match"}


# Models that routes put together of others


class SchedulePage(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[views.ScheduleView]
    next_cursor: str | None


class RunPage(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[views.RunView]
    next_cursor: str | None


class FieldProblem(BaseModel):
    """One thing that is wrong with what was sent."""

    field: str
    message: str


class ProblemView(BaseModel):
    """RFC 9457. Clients may rely on `type` and `status`, not on the texts."""

    type: str = Field(pattern=f"^{re.escape(TYPE_PREFIX)}[a-z-]+$")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []
    limit: int | None = Field(None, description="the limit that was met, where there is one")
    request_id: str | None = Field(None, description="under which the log tells more")


class BatchResult(BaseModel):
    """What this schedule's own request would have got."""

    status: int
    schedule: views.ScheduleView | None = None
    problem: ProblemView | None = None


class BatchView(BaseModel):
    """A result each, in the order of the request."""

    results: list[BatchResult]


class BatchRequest(Body):
    """POST /v1/schedules/batch. One that is wrong spoils none of the others."""

    schedules: list[BatchItem] = Field(min_length=1, max_length=requests.MOST_IN_A_BATCH)
    user_id: values.UserId | None = None


class Health(BaseModel):
    status: str


# Routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of one path takes and answers. `answers` maps statuses to models; None is no JSON."""

    summary: str
    answers: Mapping[int, Model | None]
    scope: Scope | None = None
    query: Model = requests.NoQuery
    headers: Model | None = None
    body: Model | None = None
    body_is_optional: bool = False
    shows: Mapping[str, str] | None = None
    problems: Errors = ()
    media_type: str = JSON

    @property
    def errors(self) -> Errors:
        if self.scope is None:
            return self.problems
        of_body = OF_BODIES if self.body else ()
        return (*OF_TOKENS, errors.InvalidInput, *of_body, *self.problems)


READ: Mapping[str, Any] = {"scope": Scope.READ}
WRITE: Mapping[str, Any] = {"scope": Scope.WRITE}
ADMIN: Mapping[str, Any] = {"scope": Scope.ADMIN}
ONE = "/v1/schedules/{schedule_id}"
OF_RESOURCE = "/v1/resources/{resource_id}/schedules"
CHANGED: Mapping[str, Any] = {
    **WRITE,
    "query": requests.Query,
    "headers": requests.ChangeHeaders,
    "answers": {200: views.ScheduleView, 202: views.ScheduleView},
    "shows": ETAG,
}
OF_KEYS: Mapping[str, Any] = {
    **WRITE,
    "query": requests.Query,
    "answers": {200: views.WebhookKeysView},
    "shows": {"Cache-Control": "that nobody on the way keeps it"},
}

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "/v1/schedules"): Operation(
        summary="Create a schedule",
        **WRITE,
        headers=requests.CreateHeaders,
        body=requests.CreateBody,
        answers={201: views.ScheduleView, 202: views.ScheduleView},
        shows=LOCATION | ETAG,
        problems=(*OF_CREATES, errors.RequestMismatch),
    ),
    ("POST", "/v1/schedules/batch"): Operation(
        summary="Create up to a hundred schedules", **WRITE, body=BatchRequest, answers={200: BatchView}
    ),
    ("GET", "/v1/schedules"): Operation(
        summary="List the caller's schedules, soonest first",
        **READ,
        query=requests.ListQuery,
        answers={200: SchedulePage},
        problems=(errors.InvalidCursor,),
    ),
    ("GET", ONE): Operation(
        summary="Read a schedule",
        **READ,
        query=requests.Query,
        answers={200: views.ScheduleView},
        shows=ETAG,
        problems=OF_SCHEDULES,
    ),
    ("PUT", ONE): Operation(
        summary="Create or replace a schedule under an id of your own",
        **{**CHANGED, "answers": dict.fromkeys((200, 201, 202), views.ScheduleView)},
        body=ScheduleBody,
        problems=(*OF_CREATES, errors.RevisionMismatch, errors.ScheduleExists),
    ),
    ("PATCH", ONE): Operation(
        summary="Change what is named",
        **CHANGED,
        body=ChangeBody,
        problems=(*OF_CHANGES, errors.ScheduleEnded, errors.PayloadTooLarge),
    ),
    ("DELETE", ONE): Operation(
        summary="Cancel a schedule",
        **WRITE,
        query=requests.Query,
        headers=requests.ChangeHeaders,
        answers={204: None},
        problems=(*OF_SCHEDULES, errors.ScheduleBusy, errors.RevisionMismatch),
    ),
    ("POST", f"{ONE}/pause"): Operation(
        summary="Do no occurrence, for a while or until further notice",
        **CHANGED,
        body=requests.PauseBody,
        body_is_optional=True,
        problems=(*OF_CHANGES, errors.ScheduleEnded),
    ),
    ("POST", f"{ONE}/resume"): Operation(
        summary="Go on",
        **CHANGED,
        body=requests.ResumeBody,
        body_is_optional=True,
        problems=(*OF_CHANGES, errors.ScheduleEnded),
    ),
    ("POST", f"{ONE}/run"): Operation(
        summary="Run it now, outside its timing",
        **WRITE,
        query=requests.Query,
        body=Body,
        body_is_optional=True,
        answers={202: views.RunView},
        shows=LOCATION,
        problems=(*OF_SCHEDULES, errors.ScheduleEnded),
    ),
    ("GET", f"{ONE}/runs"): Operation(
        summary="Say what has happened, newest first",
        **READ,
        query=requests.PageQuery,
        answers={200: RunPage},
        problems=(*OF_SCHEDULES, errors.InvalidCursor),
    ),
    ("GET", f"{ONE}/runs/{{run_id}}"): Operation(
        summary="Read one run",
        **READ,
        query=requests.Query,
        answers={200: views.RunView},
        problems=(errors.ScheduleNotFound, errors.RunNotFound),
    ),
    ("POST", f"{ONE}/runs/{{run_id}}/redrive"): Operation(
        summary="Do a failed, missed or skipped run again",
        **WRITE,
        query=requests.Query,
        body=Body,
        body_is_optional=True,
        answers={202: views.RunView},
        shows=LOCATION,
        problems=(*OF_SCHEDULES, errors.RunNotFound, errors.RunNotRedrivable),
    ),
    ("GET", "/v1/runs"): Operation(
        summary="List the caller's runs of one status, newest first",
        **READ,
        query=requests.RunsQuery,
        answers={200: RunPage},
        problems=(errors.InvalidCursor,),
    ),
    ("POST", "/v1/runs/redrive"): Operation(
        summary="Do all failed runs again, as a job",
        **WRITE,
        query=requests.Query,
        body=requests.RedriveBody,
        body_is_optional=True,
        answers={202: views.JobView},
        shows=LOCATION,
    ),
    ("GET", f"{ONE}/occurrences"): Operation(
        summary="Say when it fires next",
        **READ,
        query=requests.OccurrencesQuery,
        answers={200: views.OccurrencesView},
        problems=OF_SCHEDULES,
    ),
    ("POST", "/v1/occurrences"): Operation(
        summary="Preview a timing without saving it",
        **READ,
        body=requests.PreviewBody,
        answers={200: views.PreviewView},
    ),
    ("GET", OF_RESOURCE): Operation(
        summary="List the schedules about one thing",
        **READ,
        query=requests.ResourceQuery,
        answers={200: SchedulePage},
        problems=(errors.InvalidCursor,),
    ),
    ("DELETE", OF_RESOURCE): Operation(
        summary="Cancel the schedules about one thing; 202 says that some are left",
        **WRITE,
        query=requests.Query,
        answers={200: views.CancelledView, 202: views.CancelledView},
    ),
    ("GET", "/v1/webhook-keys"): Operation(
        summary="Show what the caller's webhooks are signed with",
        **OF_KEYS,
        problems=(errors.MasterSecretUnavailable,),
    ),
    ("POST", "/v1/webhook-keys/rotate"): Operation(
        summary="Make a new key for the caller's webhooks",
        **OF_KEYS,
        body=requests.RotateBody,
        body_is_optional=True,
        problems=(errors.MasterSecretUnavailable, errors.RotationUnderWay),
    ),
    ("DELETE", "/v1/users/{user_id}/schedules"): Operation(
        summary="Cancel everything of a user", **ADMIN, answers={202: views.JobView}, shows=LOCATION
    ),
    ("DELETE", "/v1/users/{user_id}"): Operation(
        summary="Erase everything of a user", **ADMIN, answers={202: views.JobView}, shows=LOCATION
    ),
    ("GET", "/v1/jobs/{job_id}"): Operation(
        summary="Say how far a job is",
        **READ,
        answers={200: views.JobView},
        problems=(errors.JobNotFound,),
    ),
    ("GET", "/healthz"): Operation(summary="Say that the API is up", answers={200: Health}),
    ("GET", "/openapi.json"): Operation(summary="This description", answers={200: None}),
    ("GET", "/docs"): Operation(summary="This description, for people", answers={200: None}, media_type="text/html"),
}
