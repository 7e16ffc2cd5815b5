"""What each route takes and answers: the rows that the description of the API (`openapi.py`) is made of.

A test holds them equal to the app's routes, another one provokes each status, and the HTTP tests check every answer
that they get.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from . import schemas, shown
from .auth import InvalidToken, IssuerUnavailable, NotAuthenticated, Scope, ScopeMissing
from .core import errors
from .responses import TYPE_PREFIX

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
OF_BODIES: Errors = (schemas.NotJson, schemas.BodyTooLarge)

LOCATION = {"Location": "address of what was made"}
ETAG = {"ETag": "the revision, for If-Match"}


# Models that routes put together of others


class SchedulePage(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[shown.ScheduleShown]
    next_cursor: str | None


class RunPage(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[shown.RunShown]
    next_cursor: str | None


class FieldProblem(BaseModel):
    """One thing that is wrong with what was sent."""

    field: str
    message: str


class ProblemShown(BaseModel):
    """RFC 9457. Clients may rely on `type` and `status`, not on the texts."""

    type: str = Field(pattern=f"^{re.escape(TYPE_PREFIX)}[a-z-]+$")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []
    limit: int | None = Field(None, description="the limit that was met, where there is one")
    request_id: str | None = Field(None, description="under which the log tells more")


class NotTaken(BaseModel):
    """What API Gateway and Chalice answer before a route is reached."""

    Code: str
    Message: str


class BatchResult(BaseModel):
    """What this schedule's own request would have got."""

    status: int
    schedule: shown.ScheduleShown | None = None
    problem: ProblemShown | None = None


class BatchShown(BaseModel):
    """A result each, in the order of the request."""

    results: list[BatchResult]


class BatchRequest(schemas.Body):
    """POST /v1/schedules/batch. One that is wrong spoils none of the others."""

    schedules: list[schemas.BatchItem] = Field(min_length=1, max_length=schemas.MOST_IN_A_BATCH)
    user_id: schemas.UserId | None = None


class Health(BaseModel):
    status: str


# Routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of one path takes and answers. `answers` maps statuses to models; None is no JSON."""

    summary: str
    answers: Mapping[int, Model | None]
    scope: Scope | None = None
    query: Model = schemas.NoQuery
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
    "query": schemas.Query,
    "headers": schemas.ChangeHeaders,
    "answers": {200: shown.ScheduleShown, 202: shown.ScheduleShown},
    "shows": ETAG,
}
OF_KEYS: Mapping[str, Any] = {
    **WRITE,
    "query": schemas.Query,
    "answers": {200: shown.WebhookKeysShown},
    "shows": {"Cache-Control": "that nobody on the way keeps it"},
}

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "/v1/schedules"): Operation(
        summary="Create a schedule",
        **WRITE,
        headers=schemas.CreateHeaders,
        body=schemas.CreateBody,
        answers={201: shown.ScheduleShown, 202: shown.ScheduleShown},
        shows=LOCATION | ETAG,
        problems=(*OF_CREATES, errors.RequestMismatch),
    ),
    ("POST", "/v1/schedules/batch"): Operation(
        summary="Create up to a hundred schedules", **WRITE, body=BatchRequest, answers={200: BatchShown}
    ),
    ("GET", "/v1/schedules"): Operation(
        summary="List the caller's schedules, soonest first",
        **READ,
        query=schemas.ListQuery,
        answers={200: SchedulePage},
        problems=(errors.InvalidCursor,),
    ),
    ("GET", ONE): Operation(
        summary="Read a schedule",
        **READ,
        query=schemas.Query,
        answers={200: shown.ScheduleShown},
        shows=ETAG,
        problems=OF_SCHEDULES,
    ),
    ("PUT", ONE): Operation(
        summary="Create or replace a schedule under an id of your own",
        **{**CHANGED, "answers": dict.fromkeys((200, 201, 202), shown.ScheduleShown)},
        body=schemas.ScheduleBody,
        problems=(*OF_CREATES, errors.RevisionMismatch, errors.ScheduleExists),
    ),
    ("PATCH", ONE): Operation(
        summary="Change what is named",
        **CHANGED,
        body=schemas.ChangeBody,
        problems=(*OF_CHANGES, errors.ScheduleEnded, errors.PayloadTooLarge),
    ),
    ("DELETE", ONE): Operation(
        summary="Cancel a schedule",
        **WRITE,
        query=schemas.Query,
        headers=schemas.ChangeHeaders,
        answers={204: None},
        problems=(*OF_SCHEDULES, errors.ScheduleBusy, errors.RevisionMismatch),
    ),
    ("POST", f"{ONE}/pause"): Operation(
        summary="Do no occurrence, for a while or until further notice",
        **CHANGED,
        body=schemas.PauseBody,
        body_is_optional=True,
        problems=(*OF_CHANGES, errors.ScheduleEnded),
    ),
    ("POST", f"{ONE}/resume"): Operation(
        summary="Go on",
        **CHANGED,
        body=schemas.ResumeBody,
        body_is_optional=True,
        problems=(*OF_CHANGES, errors.ScheduleEnded),
    ),
    ("POST", f"{ONE}/run"): Operation(
        summary="Run it now, outside its timing",
        **WRITE,
        query=schemas.Query,
        body=schemas.Body,
        body_is_optional=True,
        answers={202: shown.RunShown},
        shows=LOCATION,
        problems=(*OF_SCHEDULES, errors.ScheduleEnded),
    ),
    ("GET", f"{ONE}/runs"): Operation(
        summary="Say what has happened, newest first",
        **READ,
        query=schemas.PageQuery,
        answers={200: RunPage},
        problems=(*OF_SCHEDULES, errors.InvalidCursor),
    ),
    ("GET", f"{ONE}/runs/{{run_id}}"): Operation(
        summary="Read one run",
        **READ,
        query=schemas.Query,
        answers={200: shown.RunShown},
        problems=(errors.ScheduleNotFound, errors.RunNotFound),
    ),
    ("POST", f"{ONE}/runs/{{run_id}}/redrive"): Operation(
        summary="Do a failed, missed or skipped run again",
        **WRITE,
        query=schemas.Query,
        body=schemas.Body,
        body_is_optional=True,
        answers={202: shown.RunShown},
        shows=LOCATION,
        problems=(*OF_SCHEDULES, errors.RunNotFound, errors.RunNotRedrivable),
    ),
    ("GET", "/v1/runs"): Operation(
        summary="List the caller's runs of one status, newest first",
        **READ,
        query=schemas.RunsQuery,
        answers={200: RunPage},
        problems=(errors.InvalidCursor,),
    ),
    ("POST", "/v1/runs/redrive"): Operation(
        summary="Do all failed runs again, as a job",
        **WRITE,
        query=schemas.Query,
        body=schemas.RedriveBody,
        body_is_optional=True,
        answers={202: shown.JobShown},
        shows=LOCATION,
    ),
    ("GET", f"{ONE}/occurrences"): Operation(
        summary="Say when it fires next",
        **READ,
        query=schemas.OccurrencesQuery,
        answers={200: shown.OccurrencesShown},
        problems=OF_SCHEDULES,
    ),
    ("POST", "/v1/occurrences"): Operation(
        summary="Preview a timing without saving it",
        **READ,
        body=schemas.PreviewBody,
        answers={200: shown.PreviewShown},
    ),
    ("GET", OF_RESOURCE): Operation(
        summary="List the schedules about one thing",
        **READ,
        query=schemas.ResourceQuery,
        answers={200: SchedulePage},
        problems=(errors.InvalidCursor,),
    ),
    ("DELETE", OF_RESOURCE): Operation(
        summary="Cancel the schedules about one thing; 202 says that some are left",
        **WRITE,
        query=schemas.Query,
        answers={200: shown.CancelledShown, 202: shown.CancelledShown},
    ),
    ("GET", "/v1/webhook-keys"): Operation(
        summary="Show what the caller's webhooks are signed with",
        **OF_KEYS,
        problems=(errors.MasterSecretUnavailable,),
    ),
    ("POST", "/v1/webhook-keys/rotate"): Operation(
        summary="Make a new key for the caller's webhooks",
        **OF_KEYS,
        body=schemas.RotateBody,
        body_is_optional=True,
        problems=(errors.MasterSecretUnavailable, errors.RotationUnderWay),
    ),
    ("DELETE", "/v1/users/{user_id}/schedules"): Operation(
        summary="Cancel everything of a user", **ADMIN, answers={202: shown.JobShown}, shows=LOCATION
    ),
    ("DELETE", "/v1/users/{user_id}"): Operation(
        summary="Erase everything of a user", **ADMIN, answers={202: shown.JobShown}, shows=LOCATION
    ),
    ("GET", "/v1/jobs/{job_id}"): Operation(
        summary="Say how far a job is",
        **READ,
        answers={200: shown.JobShown},
        problems=(errors.JobNotFound,),
    ),
    ("GET", "/healthz"): Operation(summary="Say that the API is up", answers={200: Health}),
    ("GET", "/openapi.json"): Operation(summary="This description", answers={200: None}),
    ("GET", "/docs"): Operation(summary="This description, for people", answers={200: None}, media_type="text/html"),
}
