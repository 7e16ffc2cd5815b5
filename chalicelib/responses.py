"""Answers, and the only table error -> HTTP: `application/problem+json` (RFC 9457) with a stable `type`."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chalice.app import Response

from .auth import InvalidToken, IssuerUnavailable, NotAuthenticated, ScopeMissing
from .core.errors import (
    FieldError,
    InvalidCursor,
    InvalidInput,
    PayloadTooLarge,
    ScheduleBusy,
    ScheduledTasksError,
    ScheduleExists,
    ScheduleNotFound,
    SchedulerRefused,
    SchedulerUnavailable,
    StoreUnavailable,
)
from .schemas import NotJson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chalice.app import Request

    from .schemas import ScheduleShown, Shown

TYPE_PREFIX = "urn:scheduled-tasks:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of error. Clients may rely on `name` (the end of `type`) and `status`, not on the texts."""

    name: str
    status: HTTPStatus
    title: str


PROBLEMS: Mapping[type[ScheduledTasksError], Problem] = {
    NotJson: Problem("not-json", HTTPStatus.BAD_REQUEST, "The body is not a JSON object"),
    NotAuthenticated: Problem("not-authenticated", HTTPStatus.UNAUTHORIZED, "A bearer token is missing"),
    InvalidToken: Problem("invalid-token", HTTPStatus.UNAUTHORIZED, "The bearer token is not valid"),
    ScopeMissing: Problem("scope-missing", HTTPStatus.FORBIDDEN, "The token does not allow this"),
    ScheduleNotFound: Problem("schedule-not-found", HTTPStatus.NOT_FOUND, "There is no such schedule"),
    ScheduleExists: Problem("schedule-exists", HTTPStatus.CONFLICT, "This schedule exists already"),
    ScheduleBusy: Problem("schedule-busy", HTTPStatus.CONFLICT, "Another change is still on its way"),
    PayloadTooLarge: Problem("payload-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The payload is too large"),
    InvalidInput: Problem("invalid-input", HTTPStatus.UNPROCESSABLE_ENTITY, "Some fields are missing or wrong"),
    InvalidCursor: Problem("invalid-cursor", HTTPStatus.UNPROCESSABLE_ENTITY, "The cursor is not of this list"),
    SchedulerRefused: Problem("scheduler-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "EventBridge refuses this"),
    IssuerUnavailable: Problem("issuer-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "Tokens cannot be checked now"),
    SchedulerUnavailable: Problem("scheduler-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "EventBridge is not ready"),
    StoreUnavailable: Problem("store-unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "The table is not ready"),
}
INTERNAL_ERROR = Problem("internal-error", HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here")


def ok(shown: Shown, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return _answer(status, shown.as_json())


def page(items: Iterable[Shown], next_cursor: str | None) -> Response:
    return _answer(HTTPStatus.OK, {"items": [item.as_json() for item in items], "next_cursor": next_cursor})


def schedule(shown: ScheduleShown) -> Response:
    return _answer(HTTPStatus.OK, shown.as_json(), {"ETag": _etag(shown)})


def created(shown: ScheduleShown, request: Request) -> Response:
    """201, or 202 while EventBridge's yes is not recorded. Location keeps the prefixes of API Gateway and of an app."""
    location = f"{request.context['path'].rstrip('/')}/{shown.schedule_id}"
    status = HTTPStatus.CREATED if shown.confirmed else HTTPStatus.ACCEPTED
    return _answer(status, shown.as_json(), {"Location": location, "ETag": _etag(shown)})


def no_content() -> Response:
    return _answer(HTTPStatus.NO_CONTENT, "")


def problem(exc: ScheduledTasksError) -> Response:
    """The answer to an error of the table, or to a special case of one."""
    found = next(PROBLEMS[kind] for kind in type(exc).__mro__ if kind in PROBLEMS)
    errors = [{"field": error.field, "message": error.message} for error in _field_errors(exc)]
    return _problem(found, str(exc), _headers(exc), **({"errors": errors} if errors else {}))


def internal_error(request_id: str) -> Response:
    """The answer to what nobody expected. The log tells more under this id."""
    return _problem(INTERNAL_ERROR, f"The log has the details under request id {request_id}.", request_id=request_id)


def _problem(kind: Problem, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    body = {"type": TYPE_PREFIX + kind.name, "title": kind.title, "status": int(kind.status), "detail": detail, **more}
    return _answer(kind.status, body, {"Content-Type": "application/problem+json", **(headers or {})})


def _answer(status: HTTPStatus, body: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, dict(headers or {}), int(status))


def _etag(shown: ScheduleShown) -> str:
    return f'"{shown.revision}"'


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
