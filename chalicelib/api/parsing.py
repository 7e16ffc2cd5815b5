"""Requests as models: strict JSON, and errors that name fields as the client wrote them (`action.to.0`)."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from chalice.app import MultiDict
from pydantic import BaseModel, ValidationError

from ..core.errors import FieldError, InvalidInput, ScheduleNotFound
from ..core.model import ids
from .requests import NotJson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalice.app import Request
    from pydantic_core import ErrorDetails

    from ..scheduling.actions import ActionRules

BODY_TYPES = ["application/json", "application/x-www-form-urlencoded"]
"""`curl -d` says the latter unless told otherwise; the body is read as JSON all the same."""

DEEPEST = 100
"""Levels of arrays and objects. Python's own limit depends on who calls whom."""

MOST_ERRORS = 50
UNKNOWN_ACTION = ("action", "own", "type")

Model = TypeVar("Model", bound=BaseModel)


def read_body(model: type[Model], request: Request, rules: ActionRules | None = None) -> Model:
    """Raises NotJson, InvalidInput."""
    return read(model, _json_object(request.raw_body), rules)


def read_optional_body(model: type[Model], request: Request) -> Model:
    """An empty body says nothing, as `{}` does. Raises NotJson, InvalidInput."""
    return read_body(model, request) if request.raw_body else read(model, {})


def read_headers(model: type[Model], request: Request) -> Model:
    """Those that the model names by its aliases. Raises InvalidInput."""
    names = [field.alias for field in model.model_fields.values() if field.alias]
    return read(model, {name: request.headers[name] for name in names if name in request.headers})


def read_query(model: type[Model], request: Request) -> Model:
    """Raises InvalidInput, also for a parameter that is unknown or given twice."""
    params = request.query_params or MultiDict({})
    given = {name: params.getlist(name) for name in params}
    repeated = [FieldError(name, "is given more than once") for name, values in given.items() if len(values) > 1]
    if repeated:
        raise InvalidInput(repeated)
    return read(model, {name: values[0] for name, values in given.items()})


def read(model: type[Model], values: Mapping[str, Any], rules: ActionRules | None = None) -> Model:
    """Raises InvalidInput."""
    try:
        return model.model_validate(values, context=rules)
    except ValidationError as exc:
        raise InvalidInput(_field_errors(exc)) from exc


def read_id(text: str) -> str:
    """A schedule's id from a path. Raises ScheduleNotFound for what can be none."""
    if not ids.is_schedule_id(text):
        raise ScheduleNotFound
    return text


def _json_object(raw: bytes | str) -> dict[str, Any]:
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite)
        # Half of a surrogate pair ("\ud800") passes as JSON and is no text.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as exc:
        raise NotJson(f"The body is not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise NotJson
    if _is_deeper_than(DEEPEST, value):
        raise NotJson(f"The body is nested deeper than {DEEPEST} levels.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((repeated, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{repeated!r} stands in it twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _is_deeper_than(levels: int, value: object) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper_than(levels - 1, item) for item in inner)


def _field_errors(exc: ValidationError) -> list[FieldError]:
    errors = exc.errors(include_url=False)[:MOST_ERRORS]
    if any(error["loc"] == UNKNOWN_ACTION for error in errors):
        # What its other fields should be is not known either.
        errors = [error for error in errors if error["loc"] == UNKNOWN_ACTION or error["loc"][:2] != UNKNOWN_ACTION[:2]]
    return [FieldError(_field(error["loc"]), _message(error)) for error in errors]


def _field(loc: tuple[int | str, ...]) -> str:
    """Pydantic puts the variant of the action into the path (`action`, `email`, `to`, 0), the client did not."""
    parts = loc[:1] + loc[2:] if loc[0] == "action" else loc
    return ".".join(str(part) for part in parts if part != "[key]")


def _message(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not known here"
        case "model_type" | "dict_type":
            return "must be a JSON object"
        case "value_error":
            return str(error["ctx"]["error"])
    return error["msg"]
