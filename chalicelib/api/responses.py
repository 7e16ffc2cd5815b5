"""HTTP responses, and the only mapping of errors to HTTP: `application/problem+json` (RFC 9457), a stable `type`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chalice.app import Response

from ..core.errors import (
    FieldError,
    InvalidCursor,
    InvalidInput,
    JobNotFound,
    MasterSecretUnavailable,
    NotReached,
    PayloadTooLarge,
    RequestMismatch,
    RevisionMismatch,
    RotationUnderWay,
    RunNotFound,
    RunNotRedrivable,
    ScheduleBusy,
    ScheduledTasksError,
    ScheduleEnded,
    ScheduleNotFound,
    SchedulerDenied,
    SchedulerRefused,
    SchedulerUnavailable,
    StoreUnavailable,
    TooManySchedules,
)
from .auth import InvalidToken, IssuerUnavailable, NotAuthenticated, ScopeMissing
from .models.composed import TYPE_PREFIX, RunPageView, SchedulePageView
from .models.console import ConsoleFileNotFound, ConsoleNotConfigured
from .models.operation import Answer
from .models.requests import BodyTooLarge, NotJson, UnsupportedMediaType
from .models.views import JobView, RunView, ScheduleView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chalice.app import Request

    from ..scheduling.lists.schedules import SearchedPage
    from .models.views import View

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


SCHEDULE: Mapping[int, Answer] = {200: Answer("The schedule", ScheduleView, ("ETag",))}
_UNCONFIRMED = "The change is recorded but not confirmed in EventBridge; the sweeper applies it"
CHANGED: Mapping[int, Answer] = {
    200: Answer("The changed schedule", ScheduleView, ("ETag",)),
    202: Answer(_UNCONFIRMED, ScheduleView, ("ETag",), differs={"confirmed": False}),
}
CREATED: Mapping[int, Answer] = {
    201: Answer("The schedule will fire", ScheduleView, ("Location", "ETag")),
    202: Answer(
        "The schedule will fire. It is not confirmed in EventBridge; the sweeper applies it",
        ScheduleView,
        ("Location", "ETag"),
        differs={"confirmed": False},
    ),
}
PUT: Mapping[int, Answer] = {
    200: CHANGED[200],
    201: CREATED[201],
    202: replace(CHANGED[202], conditional_headers={"Location": "only if the schedule is new"}),
}
CANCELLED: Mapping[int, Answer] = {204: Answer("The schedule is cancelled, or had ended before")}
SCHEDULE_PAGE: Mapping[int, Answer] = {200: Answer("One page of schedules", SchedulePageView)}
RUN: Mapping[int, Answer] = {200: Answer("The run", RunView)}
RUN_PAGE: Mapping[int, Answer] = {200: Answer("One page of runs", RunPageView)}
RUN_STARTED: Mapping[int, Answer] = {202: Answer("The run is queued", RunView, ("Location",))}
JOB_STARTED: Mapping[int, Answer] = {
    202: Answer("The job is recorded; the sweeper does the work", JobView, ("Location",))
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of error. Clients may rely on `name` (the end of `type`) and `status`, not on the texts."""

    name: str
    status: HTTPStatus
    title: str

    def body(self, detail: str, **more: Any) -> dict[str, Any]:
        return {
            "type": TYPE_PREFIX + self.name,
            "title": self.title,
            "status": int(self.status),
            "detail": detail,
            **more,
        }


# Problems that both the API and API Gateway return
BODY_TOO_LARGE = Problem("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")
INTERNAL_ERROR = Problem("internal-error", HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error")
UNSUPPORTED_MEDIA_TYPE = Problem(
    "unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The content type is not supported"
)

SCHEDULES, RUNS, USERS, JOBS = "/v1/schedules", "/v1/runs", "/v1/users", "/v1/jobs"

PROBLEMS: Mapping[type[ScheduledTasksError], Problem] = {
    NotJson: Problem("not-json", HTTPStatus.BAD_REQUEST, "The body is not a JSON object"),
    NotAuthenticated: Problem("not-authenticated", HTTPStatus.UNAUTHORIZED, "A bearer token is missing"),
    InvalidToken: Problem("invalid-token", HTTPStatus.UNAUTHORIZED, "The bearer token is not valid"),
    ScopeMissing: Problem("scope-missing", HTTPStatus.FORBIDDEN, "The token does not allow this"),
    ScheduleNotFound: Problem("schedule-not-found", HTTPStatus.NOT_FOUND, "Schedule not found"),
    RunNotFound: Problem("run-not-found", HTTPStatus.NOT_FOUND, "Run not found"),
    RunNotRedrivable: Problem("run-not-redrivable", HTTPStatus.CONFLICT, "The run cannot be queued again"),
    JobNotFound: Problem("job-not-found", HTTPStatus.NOT_FOUND, "Job not found"),
    ConsoleFileNotFound: Problem("file-not-found", HTTPStatus.NOT_FOUND, "The console has no such file"),
    ConsoleNotConfigured: Problem("console-not-configured", HTTPStatus.NOT_FOUND, "The console is not set up"),
    ScheduleEnded: Problem("schedule-ended", HTTPStatus.CONFLICT, "The schedule has ended"),
    TooManySchedules: Problem("too-many-schedules", HTTPStatus.CONFLICT, "The user's limit of schedules is reached"),
    ScheduleBusy: Problem("schedule-busy", HTTPStatus.CONFLICT, "Another change is being applied"),
    RotationUnderWay: Problem("rotation-under-way", HTTPStatus.CONFLICT, "The previous key is still valid"),
    RevisionMismatch: Problem("revision-mismatch", HTTPStatus.PRECONDITION_FAILED, "The schedule has changed"),
    BodyTooLarge: BODY_TOO_LARGE,
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE,
    PayloadTooLarge: Problem("payload-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The payload is too large"),
    InvalidInput: Problem("invalid-input", HTTPStatus.UNPROCESSABLE_ENTITY, "Some fields are missing or wrong"),
    InvalidCursor: Problem("invalid-cursor", HTTPStatus.UNPROCESSABLE_ENTITY, "The cursor is not valid for this list"),
    RequestMismatch: Problem(
        "request-mismatch", HTTPStatus.UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another request"
    ),
    SchedulerRefused: Problem("scheduler-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "EventBridge refused the schedule"),
    IssuerUnavailable: Problem("issuer-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The token issuer is unavailable"),
    SchedulerUnavailable: Problem(
        "scheduler-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "EventBridge is unavailable"
    ),
    SchedulerDenied: Problem("scheduler-denied", HTTPStatus.SERVICE_UNAVAILABLE, "EventBridge denied the request"),
    MasterSecretUnavailable: Problem(
        "master-secret-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "Webhook keys are unavailable"
    ),
    NotReached: Problem("not-reached", HTTPStatus.SERVICE_UNAVAILABLE, "The batch had no time for this schedule"),
    StoreUnavailable: Problem("store-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The table is unavailable"),
}


def ok(shown: View, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return _answer(status, shown.as_json())


def page(items: Iterable[View], next_cursor: str | None) -> Response:
    return _answer(HTTPStatus.OK, {"items": [item.as_json() for item in items], "next_cursor": next_cursor})


def schedule_page(found: SearchedPage) -> Response:
    items = [ScheduleView.of(schedule).as_json() for schedule in found.items]
    return _answer(HTTPStatus.OK, {"items": items, "next_cursor": found.next_cursor, "searched": found.searched})


def schedule(shown: ScheduleView) -> Response:
    return _with_revision(HTTPStatus.OK, shown)


def changed(shown: ScheduleView) -> Response:
    """Returns 200, or 202 if EventBridge has not confirmed the change."""
    return _with_revision(HTTPStatus.OK if shown.confirmed else HTTPStatus.ACCEPTED, shown)


def created(shown: ScheduleView, request: Request) -> Response:
    """Returns 201, or 202 if EventBridge has not confirmed the schedule."""
    location = _address(request, SCHEDULES, f"{SCHEDULES}/{shown.schedule_id}")
    return _with_revision(_status_of_new(shown), shown, {"Location": location})


def results(outcomes: Iterable[ScheduleView | ScheduledTasksError]) -> Response:
    """Returns a batch's results: for each schedule the status of a single create, and the schedule or the problem."""
    return _answer(HTTPStatus.OK, {"results": [_result(outcome) for outcome in outcomes]})


def run_started(shown: RunView, schedule_id: str, request: Request) -> Response:
    """Returns 202: the run is recorded and will start."""
    location = _address(request, SCHEDULES, f"{SCHEDULES}/{schedule_id}/runs/{shown.run_id}")
    return _answer(HTTPStatus.ACCEPTED, shown.as_json(), {"Location": location})


def job_started(shown: JobView, request: Request) -> Response:
    """Returns 202: the job is recorded, and the sweeper works on it."""
    asked = USERS if USERS in request.context["path"] else RUNS
    location = _address(request, asked, f"{JOBS}/{shown.job_id}")
    return _answer(HTTPStatus.ACCEPTED, shown.as_json(), {"Location": location})


def secret(shown: View) -> Response:
    """Returns a 200 response that no cache may store."""
    return _answer(HTTPStatus.OK, shown.as_json(), {"Cache-Control": "no-store"})


def no_content() -> Response:
    return _answer(HTTPStatus.NO_CONTENT, "")


def redirect(location: str) -> Response:
    """Returns a redirect to a relative address, which caches check each time."""
    return Response("", {"Location": location, "Cache-Control": "no-cache"}, int(HTTPStatus.TEMPORARY_REDIRECT))


def problem(exc: ScheduledTasksError) -> Response:
    """Returns the response to an error whose class, or a superclass of it, is in PROBLEMS."""
    return _problem(_kind(exc), _body(exc), _headers(exc))


def internal_error(request_id: str) -> Response:
    """Returns the response to an unexpected error. The log has the traceback under this request id."""
    detail = f"The log has the details under request id {request_id}."
    return _problem(INTERNAL_ERROR, INTERNAL_ERROR.body(detail, request_id=request_id))


def _problem(kind: Problem, body: object, headers: Mapping[str, str] | None = None) -> Response:
    return _answer(kind.status, body, {"Content-Type": PROBLEM_JSON, **(headers or {})})


def _with_revision(status: HTTPStatus, shown: ScheduleView, headers: Mapping[str, str] | None = None) -> Response:
    return _answer(status, shown.as_json(), {**(headers or {}), "ETag": f'"{shown.revision}"'})


def _answer(status: HTTPStatus, body: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, dict(headers or {}), int(status))


def _address(request: Request, asked: str, place: str) -> str:
    """Returns `place` with the request's path before `asked`, which is API Gateway's stage and an app's own prefix."""
    before: str = request.context["path"].partition(asked)[0]
    return before + place


def _status_of_new(shown: ScheduleView) -> HTTPStatus:
    return HTTPStatus.CREATED if shown.confirmed else HTTPStatus.ACCEPTED


def _result(outcome: ScheduleView | ScheduledTasksError) -> dict[str, Any]:
    if isinstance(outcome, ScheduledTasksError):
        return {"status": int(_kind(outcome).status), "problem": _body(outcome), **_retry(outcome)}
    return {"status": int(_status_of_new(outcome)), "schedule": outcome.as_json()}


def _retry(exc: ScheduledTasksError) -> dict[str, int]:
    """Returns the value of `Retry-After` as a field, because a result in a batch has no headers."""
    seconds: int | None = getattr(exc, "retry_after_seconds", None)
    return {} if seconds is None else {"retry_after_seconds": seconds}


def _kind(exc: ScheduledTasksError) -> Problem:
    return next(PROBLEMS[kind] for kind in type(exc).__mro__ if kind in PROBLEMS)


def _body(exc: ScheduledTasksError) -> dict[str, Any]:
    errors = [{"field": error.field, "message": error.message} for error in _field_errors(exc)]
    more = {"errors": errors, "limit": getattr(exc, "limit", None)}
    return _kind(exc).body(str(exc), **{name: value for name, value in more.items() if value})


def _field_errors(exc: ScheduledTasksError) -> Iterable[FieldError]:
    match exc:
        case InvalidInput():
            return exc.errors
        case InvalidCursor():
            return [FieldError("cursor", str(exc))]
        case PayloadTooLarge():
            return [FieldError("action", str(exc))]
    return []


def _headers(exc: ScheduledTasksError) -> dict[str, str]:
    attributes = {"Retry-After": "retry_after_seconds", "WWW-Authenticate": "challenge"}
    return {header: str(getattr(exc, name)) for header, name in attributes.items() if hasattr(exc, name)}
