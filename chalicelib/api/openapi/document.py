"""Generates the OpenAPI 3.1 document from the route table and its models, at the first request for it."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...core.errors import InvalidInput, ScheduleBusy, StoreUnavailable
from ...scheduling.arguments.bodies import TimingBody
from ..auth import InvalidToken, IssuerUnavailable, NotAuthenticated, ScopeMissing
from ..edge.gateway_responses import NO_ANSWER_IN_TIME, THROTTLED
from ..models.composed import ProblemView
from ..models.requests import BodyTooLarge, NotJson, UnsupportedMediaType
from ..responses import INTERNAL_ERROR, JSON, PROBLEM_JSON, PROBLEMS, Problem
from .schemas import reference, schema_name, schemas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

    from ..models.operation import Answer, Operation
    from ..models.parameters import Problems

OPENAPI = "3.1.0"
DESCRIPTION = (
    "Scheduled Tasks runs work later or repeatedly for the users of an application: emails, text messages, push"
    " notifications, webhooks, reports, events and the application's own actions. Errors are problems (RFC 9457):"
    " rely on `type` and `status`, and display `detail`."
)
TAGS = {
    "Schedules": "Create, list, change and cancel the caller's schedules",
    "Runs": "List the runs of schedules, run a schedule now, and queue runs again",
    "Occurrences": "List the planned times of schedules and timings",
    "Timeline": "Get the runs and planned times of several schedules in a window of time",
    "Resources": "List and cancel the schedules of a resource of the application, such as a contract",
    "Users": "Cancel or erase all schedules of a user, for admins, and get the progress of jobs",
    "Webhook keys": "List and rotate the keys that sign a user's webhooks (Standard Webhooks)",
    "Console": "Get the console's page, files and settings, without a token",
    "System": "Get the health and the documentation of the API, without a token",
}

OF_TOKENS: Problems = (NotAuthenticated, InvalidToken, ScopeMissing, IssuerUnavailable, StoreUnavailable, InvalidInput)
OF_BODIES: Problems = (NotJson, BodyTooLarge, UnsupportedMediaType)
OF_API_GATEWAY = (THROTTLED, NO_ANSWER_IN_TIME)
"""Problems that API Gateway can return on any route."""

HEADERS = {
    "ETag": ("Revision of the schedule, for `If-Match`", '"1803902400000"'),
    "Location": ("Address of the created schedule, run or job, or of a redirect", "/v1/schedules/weekly-digest"),
    "Cache-Control": ("How long caches may keep the response; `no-store`: not at all", "no-store"),
    "WWW-Authenticate": (
        "Error of the token, or the missing scope (RFC 6750)",
        'Bearer error="invalid_token"',
    ),
    "Retry-After": ("Seconds to wait before the next request", "1"),
}
OF_PROBLEMS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.FORBIDDEN: ("WWW-Authenticate",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}
"""Headers that each problem of a status has."""

BUSY = PROBLEMS[ScheduleBusy]
"""The only problem whose header `Retry-After` other problems of its status lack."""


@lru_cache(maxsize=8)
def document(operations: tuple[Operation, ...], server: str = "") -> Mapping[str, Any]:
    """Returns the OpenAPI document. `server` is the prefix of the paths: API Gateway's stage or an app's own prefix."""
    described = schemas(_read(operations), _answered(operations))
    parameter_models = {schema_name(model.__name__) for one in operations for model in one.parameters.values()}
    # `Timing` describes what `TimingBody` reads.
    hidden = parameter_models | {TimingBody.__name__}
    shown = {name: schema for name, schema in described.items() if name not in hidden}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.address, {})[operation.method.lower()] = _described(operation, described)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Scheduled Tasks",
            "description": DESCRIPTION,
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server or "/"}],
        "tags": [{"name": name, "description": TAGS[name]} for name in dict.fromkeys(one.tag for one in operations)],
        "paths": paths,
        "components": {
            "schemas": shown,
            "examples": {name: {"value": schema["examples"][0]} for name, schema in shown.items()},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Token of the application's issuer",
                }
            },
        },
    }


def _read(operations: Sequence[Operation]) -> tuple[type[BaseModel], ...]:
    parameters = [model for one in operations for model in one.parameters.values()]
    return (*parameters, *(one.body for one in operations if one.body))


def _answered(operations: Sequence[Operation]) -> tuple[type[BaseModel], ...]:
    models = [answer.model for one in operations for answer in one.answers.values() if answer.model]
    return (*models, ProblemView)


def _described(operation: Operation, described: Mapping[str, Any]) -> dict[str, Any]:
    body = {"requestBody": _request_body(operation, operation.body)} if operation.body else {}
    return {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.text,
        "parameters": _parameters(operation, described),
        **body,
        "responses": _answers(operation, described),
        "security": [{"bearer": [operation.scope]}] if operation.scope else [],
    }


def _parameters(operation: Operation, described: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        _parameter(place, name, dict(schema))
        for place, model in operation.parameters.items()
        for name, schema in described[schema_name(model.__name__)].get("properties", {}).items()
    ]


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Returns a parameter without the null of `X | None`: an optional parameter is omitted and never null."""
    text, (example, *_) = schema.pop("description"), schema.pop("examples")
    (value,) = [part for part in schema.pop("anyOf", [schema]) if part.get("type") != "null"]
    is_in_path = place == "path"
    value = {"minLength": 1, **value} if is_in_path else value
    return {"name": name, "in": place, "required": is_in_path, "description": text, "schema": value, "example": example}


def _request_body(operation: Operation, body: type[BaseModel]) -> dict[str, Any]:
    return {
        "description": (body.__doc__ or "").partition("\n")[0],
        "required": not operation.body_is_optional,
        "content": {JSON: _content(body)},
    }


def _content(model: type[BaseModel]) -> dict[str, Any]:
    name = schema_name(model.__name__)
    return {"schema": reference(model), "examples": {name: {"$ref": f"#/components/examples/{name}"}}}


def _answers(operation: Operation, named: Mapping[str, Any]) -> dict[str, Any]:
    good = {str(status): _answer(answer, named) for status, answer in sorted(operation.answers.items())}
    return good | {str(int(status)): _problems(status, found) for status, found in _by_status(operation).items()}


def _answer(answer: Answer, named: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.model:
        content = _content(answer.model) | _own_example(answer.model, answer.differs, named)
        described["content"] = {answer.media_type or JSON: content}
    elif answer.media_type:
        described["content"] = {answer.media_type: {"schema": {}}}
    return described | _headers(answer.headers, answer.conditional_headers)


def _own_example(model: type[BaseModel], differs: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    name = schema_name(model.__name__)
    return {"examples": {name: {"value": named[name]["examples"][0] | differs}}} if differs else {}


def _by_status(operation: Operation) -> Mapping[HTTPStatus, Sequence[Problem]]:
    problems = [*(PROBLEMS[kind] for kind in _kinds(operation)), *OF_API_GATEWAY]
    if operation.scope or operation.problems:
        problems.append(INTERNAL_ERROR)
    found: dict[HTTPStatus, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.status, []).append(problem)
    return dict(sorted(found.items()))


def _kinds(operation: Operation) -> Problems:
    """Returns the errors of a route: those of any token, of its body, of its parameters and of its work."""
    of_tokens = OF_TOKENS if operation.scope else ()
    of_body = OF_BODIES if operation.body else ()
    of_parameters = [kind for model in operation.parameters.values() for kind in model.problems]
    return (*of_tokens, *of_body, *of_parameters, *operation.problems)


def _problems(status: HTTPStatus, found: Sequence[Problem]) -> dict[str, Any]:
    names = ", ".join(dict.fromkeys(f"`{problem.name}`" for problem in found))
    answer = {"description": f"{status.phrase}: {names}", "content": {PROBLEM_JSON: _content(ProblemView)}}
    conditional = {"Retry-After": f"only with `{BUSY.name}`"} if BUSY in found else {}
    return answer | _headers(OF_PROBLEMS.get(status, ()), conditional)


def _headers(names: Sequence[str], conditional: Mapping[str, str]) -> dict[str, Any]:
    """Returns the description of headers that are always sent, and of those that are sent on a condition."""
    always = {name: _header(*HEADERS[name], is_required=True) for name in names}
    sometimes = {name: _header(f"{HEADERS[name][0]}, {when}", HEADERS[name][1]) for name, when in conditional.items()}
    headers = always | sometimes
    return {"headers": headers} if headers else {}


def _header(text: str, example: str, *, is_required: bool = False) -> dict[str, Any]:
    return {"description": text, "required": is_required, "schema": {"type": "string"}, "example": example}
