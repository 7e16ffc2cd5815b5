"""Requests as models: strict JSON, and errors that name fields as the client wrote them (`action.to.0`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from chalice.app import MultiDict
from pydantic import BaseModel, ValidationError

from ...core.errors import FieldError, InvalidInput
from ..models.requests import TimingBody
from .json_body import read_object
from .messages import message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalice.app import Request
    from pydantic_core import ErrorDetails

    from ...scheduling.actions import ActionRules

BODY_TYPES = ["*/*"]
"""Chalice lets each type pass, so that another than JSON is refused as a problem, by `read_body`."""

MOST_ERRORS = 50
TIMING_FIELDS = frozenset(TimingBody.model_fields)
UNKNOWN_ACTION = ("action", "own", "type")

Model = TypeVar("Model", bound=BaseModel)


def read_body(model: type[Model], request: Request, rules: ActionRules | None = None) -> Model:
    """Raises UnsupportedMediaType, NotJson, InvalidInput."""
    return read(model, read_object(request), rules)


def read_optional_body(model: type[Model], request: Request, rules: ActionRules | None = None) -> Model:
    """An empty body says nothing, as `{}` does. Raises as `read_body` does."""
    return read_body(model, request, rules) if request.raw_body else read(model, {})


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
        raise InvalidInput(_field_errors(exc, has_timing="timing" in model.model_fields)) from exc


def _field_errors(exc: ValidationError, *, has_timing: bool) -> list[FieldError]:
    errors = exc.errors(include_url=False)[:MOST_ERRORS]
    if any(error["loc"] == UNKNOWN_ACTION for error in errors):
        # What its other fields should be is not known either.
        errors = [error for error in errors if error["loc"] == UNKNOWN_ACTION or error["loc"][:2] != UNKNOWN_ACTION[:2]]
    return [FieldError(_field(error["loc"]), _hint(error, has_timing) or message_of(error)) for error in errors]


def _field(loc: tuple[int | str, ...]) -> str:
    """Pydantic puts the variant of the action into the path (`action`, `email`, `to`, 0), the client did not."""
    parts = loc[:1] + loc[2:] if loc[0] == "action" else loc
    return ".".join(str(part) for part in parts if part != "[key]")


def _hint(error: ErrorDetails, has_timing: bool) -> str | None:  # noqa: FBT001 - what the body has
    """Where a field belongs that is known one level down."""
    field = error["loc"][0]
    belongs = has_timing and error["type"] == "extra_forbidden" and len(error["loc"]) == 1
    return f"belongs into `timing`: write `timing.{field}`" if belongs and field in TIMING_FIELDS else None
