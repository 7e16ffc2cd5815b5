"""OpenAPI 3.1 of the routes, from the models that they read and show. Made when it is first asked for."""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from ..responses import INTERNAL_ERROR, PROBLEM_JSON, PROBLEMS, Problem
from .operations import JSON, OPERATIONS, Model, Operation, ProblemView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue
    from pydantic.json_schema import JsonSchemaMode

VERSION = "1.0.0"
OPENAPI = "3.1.0"
COMPONENTS = "#/components/schemas/"

HEADERS_OF_PROBLEMS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "what is wrong with the token (RFC 6750)"},
    HTTPStatus.FORBIDDEN: {"WWW-Authenticate": "the scope that is missing (RFC 6750)"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "seconds"},
}


@cache
def document(server: str = "") -> Mapping[str, Any]:
    """The description. `server` is what stands before the paths: API Gateway's stage, or an app's own prefix."""
    components = _components()
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _described(method, path, operation, components)
    return {
        "openapi": OPENAPI,
        "info": {"title": "Scheduled Tasks", "version": VERSION, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": server or "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in _parameter_models()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _described(method: str, path: str, operation: Operation, components: Mapping[str, Any]) -> dict[str, Any]:
    described = {
        "operationId": _operation_id(method, path),
        "summary": operation.summary,
        "parameters": [*_in_path(path), *_parameters(operation, components)],
        "responses": _answers(operation),
        "security": [{"bearer": [operation.scope]}] if operation.scope else [],
    }
    return described | ({"requestBody": _request_body(operation)} if operation.body else {})


def _operation_id(method: str, path: str) -> str:
    """`get_v1_schedules_schedule_id_runs`: stable, since it is made of what clients rely on anyway."""
    return "_".join([method.lower(), *re.findall(r"\w+", path)])


def _in_path(path: str) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": text} for name in re.findall(r"\{(\w+)\}", path)]


def _parameters(operation: Operation, components: Mapping[str, Any]) -> list[dict[str, Any]]:
    models = {"query": operation.query, "header": operation.headers}
    return [
        {"name": name, "in": place, "required": False, "schema": schema}
        for place, model in models.items()
        if model
        for name, schema in components[model.__name__].get("properties", {}).items()
    ]


def _request_body(operation: Operation) -> dict[str, Any]:
    return {"required": not operation.body_is_optional, "content": {JSON: {"schema": _ref(operation.body)}}}


def _answers(operation: Operation) -> dict[str, Any]:
    good = {str(status): _answer(status, model, operation) for status, model in operation.answers.items()}
    return good | {str(int(status)): _problems(status, found) for status, found in _by_status(operation).items()}


def _answer(status: int, model: Model | None, operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if model or status == HTTPStatus.OK:
        answer["content"] = {operation.media_type: {"schema": _ref(model)}}
    return answer | _headers(operation.shows or {})


def _by_status(operation: Operation) -> Mapping[HTTPStatus, Sequence[Problem]]:
    found: dict[HTTPStatus, list[Problem]] = {}
    for kind in operation.errors:
        found.setdefault(PROBLEMS[kind].status, []).append(PROBLEMS[kind])
    if operation.scope:
        found[INTERNAL_ERROR.status] = [INTERNAL_ERROR]
    return dict(sorted(found.items()))


def _problems(status: HTTPStatus, found: Sequence[Problem]) -> dict[str, Any]:
    names = ", ".join(dict.fromkeys(f"`{problem.name}`" for problem in found))
    answer = {"description": f"{status.phrase}: {names}", "content": {PROBLEM_JSON: {"schema": _ref(ProblemView)}}}
    return answer | _headers(HEADERS_OF_PROBLEMS.get(status, {}))


def _headers(described: Mapping[str, str]) -> dict[str, Any]:
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in described.items()}
    return {"headers": headers} if headers else {}


def _ref(model: Model | None) -> dict[str, Any]:
    return {"$ref": COMPONENTS + model.__name__} if model else {}


def _parameter_models() -> set[str]:
    """They become parameters, and are nothing that is sent as a whole."""
    models = [model for operation in OPERATIONS.values() for model in (operation.query, operation.headers) if model]
    return {model.__name__ for model in models}


class _Schemas(GenerateJsonSchema):
    """Null as a default says in Python that a field may be left out; JSON Schema says that by `required`."""

    def default_schema(self, schema: Any) -> dict[str, JsonValue]:
        described: dict[str, JsonValue] = super().default_schema(schema)
        if described.get("default", ...) is None:
            del described["default"]
        return described


def _components() -> Mapping[str, Any]:
    read = {model for one in OPERATIONS.values() for model in (one.query, one.headers, one.body) if model}
    answered = {model for one in OPERATIONS.values() for model in one.answers.values() if model}
    _, found = models_json_schema(
        [*_in_mode("validation", read), *_in_mode("serialization", answered | {ProblemView})],
        ref_template=COMPONENTS + "{model}",
        schema_generator=_Schemas,
    )
    components: Mapping[str, Any] = found["$defs"]
    return components


def _in_mode(mode: JsonSchemaMode, models: set[Model]) -> list[tuple[Model, JsonSchemaMode]]:
    return [(model, mode) for model in sorted(models, key=lambda model: model.__name__)]
