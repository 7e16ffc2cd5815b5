"""OpenAPI 3.1 of the route table and of the models that its rows name. Made when it is first asked for."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...core.errors import InvalidInput, StoreUnavailable
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
    "Scheduled Tasks runs work later or repeatedly for users of an application: emails, webhooks, events and actions of"
    " the application's own. Errors are problems (RFC 9457): rely on `type` and `status`, show `detail`."
)
TAGS = {
    "Schedules": "Create, list, change and cancel the caller's schedules",
    "Runs": "Runs of schedules, runs outside a timing, and redrives",
    "Occurrences": "Planned times of schedules and timings",
    "Resources": "Schedules about one thing of the application, such as a contract",
    "Users": "All schedules of one user, for admins, and the jobs that work on them",
    "Webhook keys": "Keys that sign a user's webhooks (Standard Webhooks)",
    "System": "Health and documentation, without a token",
}

OF_TOKENS: Problems = (NotAuthenticated, InvalidToken, ScopeMissing, IssuerUnavailable, StoreUnavailable, InvalidInput)
OF_BODIES: Problems = (NotJson, BodyTooLarge, UnsupportedMediaType)
OF_API_GATEWAY = (THROTTLED, NO_ANSWER_IN_TIME)
"""Problems that API Gateway answers on any route."""

HEADERS = {
    "ETag": ("Revision of the schedule, for `If-Match`", '"1803902400000"'),
    "Location": ("Address of the created schedule, run or job", "/v1/schedules/weekly-digest"),
    "Cache-Control": ("Says that the answer must not be stored", "no-store"),
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


@lru_cache(maxsize=8)
def document(operations: tuple[Operation, ...], server: str = "") -> Mapping[str, Any]:
    """The description. `server` is what stands before the paths: API Gateway's stage, or an app's own prefix."""
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


def _read(operations: Sequence[Operation]) -> list[type[BaseModel]]:
    parameters = [model for one in operations for model in one.parameters.values()]
    return [*parameters, *(one.body for one in operations if one.body)]


def _answered(operations: Sequence[Operation]) -> list[type[BaseModel]]:
    models = [answer.model for one in operations for answer in one.answers.values() if answer.model]
    return [*models, ProblemView]


def _described(operation: Operation, described: Mapping[str, Any]) -> dict[str, Any]:
    body = {"requestBody": _request_body(operation, operation.body)} if operation.body else {}
    return {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.text,
        "parameters": _parameters(operation, described),
        **body,
        "responses": _answers(operation),
        "security": [{"bearer": [operation.scope]}] if operation.scope else [],
    }


def _parameters(operation: Operation, described: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        _parameter(place, name, dict(schema))
        for place, model in operation.parameters.items()
        for name, schema in described[schema_name(model.__name__)].get("properties", {}).items()
    ]


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """None as a default means that it may be left out; a query and a header have no null."""
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


def _answers(operation: Operation) -> dict[str, Any]:
    good = {str(status): _answer(answer) for status, answer in sorted(operation.answers.items())}
    return good | {str(int(status)): _problems(status, found) for status, found in _by_status(operation).items()}


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.model:
        described["content"] = {answer.media_type or JSON: _content(answer.model)}
    elif answer.media_type:
        described["content"] = {answer.media_type: {"schema": {}}}
    return described | _headers(answer.headers)


def _by_status(operation: Operation) -> Mapping[HTTPStatus, Sequence[Problem]]:
    problems = [*(PROBLEMS[kind] for kind in _kinds(operation)), *OF_API_GATEWAY]
    if operation.scope:
        problems.append(INTERNAL_ERROR)
    found: dict[HTTPStatus, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.status, []).append(problem)
    return dict(sorted(found.items()))


def _kinds(operation: Operation) -> Problems:
    """Errors of a route: of every token, of its body, of its parameters, and of its work."""
    if operation.scope is None:
        return operation.problems
    of_body = OF_BODIES if operation.body else ()
    of_parameters = [kind for model in operation.parameters.values() for kind in model.problems]
    return (*OF_TOKENS, *of_body, *of_parameters, *operation.problems)


def _problems(status: HTTPStatus, found: Sequence[Problem]) -> dict[str, Any]:
    names = ", ".join(dict.fromkeys(f"`{problem.name}`" for problem in found))
    answer = {"description": f"{status.phrase}: {names}", "content": {PROBLEM_JSON: _content(ProblemView)}}
    return answer | _headers(OF_PROBLEMS.get(status, ()))


def _headers(names: Sequence[str]) -> dict[str, Any]:
    described = {name: HEADERS[name] for name in names}
    headers = {
        name: {"description": text, "schema": {"type": "string"}, "example": example}
        for name, (text, example) in described.items()
    }
    return {"headers": headers} if headers else {}
