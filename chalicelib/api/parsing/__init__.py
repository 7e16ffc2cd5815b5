"""Requests as models: strict JSON, and errors that name fields as the client wrote them (`action.to.0`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chalice.app import MultiDict
from pydantic import BaseModel

from ...core.errors import FieldError, InvalidInput
from ...scheduling.arguments.reading import read
from .json_body import read_object

if TYPE_CHECKING:
    from chalice.app import Request

    from ...scheduling.actions import ActionRules

BODY_TYPES = ["*/*"]
"""Chalice lets each type pass, so that another than JSON is refused as a problem, by `read_body`."""

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
