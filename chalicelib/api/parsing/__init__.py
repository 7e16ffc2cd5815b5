"""Reads requests into models: strict JSON, and errors with field names as the client sent them (`action.to.0`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chalice.app import MultiDict
from pydantic import BaseModel

from ...core.errors import FieldError, InvalidInput
from ...scheduling.arguments.reading import read
from .json_body import read_object

if TYPE_CHECKING:
    from chalice.app import Request

    from ...core.actions.fields import ActionRules

CONTENT_TYPES = ["*/*"]
"""Chalice accepts all content types: `read_body` refuses other types than JSON with a problem, and a request without a
body may have any. Chalice's own default refuses a GET with another `Content-Type`, in its own format.
"""

Model = TypeVar("Model", bound=BaseModel)


def read_body(model: type[Model], request: Request, rules: ActionRules | None = None) -> Model:
    """Reads a JSON body. Raises UnsupportedMediaType, NotJson, or InvalidInput if fields are missing or wrong."""
    return read(model, read_object(request), rules)


def read_optional_body(model: type[Model], request: Request, rules: ActionRules | None = None) -> Model:
    """Reads a JSON body; an empty body means `{}`. Raises the errors of `read_body`."""
    return read_body(model, request, rules) if request.raw_body else read(model, {})


def read_headers(model: type[Model], request: Request) -> Model:
    """Reads the headers that are aliases of the model's fields. Raises InvalidInput if a value is wrong."""
    names = [field.alias for field in model.model_fields.values() if field.alias]
    return read(model, {name: request.headers[name] for name in names if name in request.headers})


def read_query(model: type[Model], request: Request) -> Model:
    """Reads the query. Raises InvalidInput if a parameter is wrong, unknown or repeated."""
    params = request.query_params or MultiDict({})
    given = {name: params.getlist(name) for name in params}
    repeated = [FieldError(name, "is given more than once") for name, values in given.items() if len(values) > 1]
    if repeated:
        raise InvalidInput(repeated)
    return read(model, {name: values[0] for name, values in given.items()})
