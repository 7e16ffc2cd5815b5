"""Validates input by pydantic models without type conversion. Errors name the fields as the caller wrote them.

HTTP and Python callers use the same models, so both get the same fields and messages in errors.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ...core.errors import FieldError, InvalidInput
from ..timing_spec import TimingSpec
from .messages import message_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

MOST_ERRORS = 50
TIMING_FIELDS = frozenset(field.name for field in fields(TimingSpec))
UNKNOWN_ACTION = ("action", "own", "type")

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """An object with these fields and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


def read(model: type[Model], values: Mapping[str, Any], context: object = None) -> Model:
    """Returns the values as a `model`. Raises InvalidInput with at most MOST_ERRORS errors."""
    try:
        return model.model_validate(values, context=context)
    except ValidationError as exc:
        raise InvalidInput(_field_errors(exc, list(model.model_fields))) from exc


def _field_errors(exc: ValidationError, allowed: Sequence[str]) -> list[FieldError]:
    errors = exc.errors(include_url=False)[:MOST_ERRORS]
    if any(error["loc"] == UNKNOWN_ACTION for error in errors):
        # The fields of an unknown action type cannot be checked, so their errors are omitted.
        errors = [error for error in errors if error["loc"] == UNKNOWN_ACTION or error["loc"][:2] != UNKNOWN_ACTION[:2]]
    return [FieldError(_field(error["loc"]), _hint(error, allowed) or message_of(error)) for error in errors]


def _field(loc: tuple[int | str, ...]) -> str:
    """Returns the client's path of a field. Pydantic adds the action's variant to it (`action`, `email`, `to`, 0)."""
    parts = loc[:1] + loc[2:] if loc[0] == "action" else loc
    return ".".join(str(part) for part in parts if part != "[key]")


def _hint(error: ErrorDetails, allowed: Sequence[str]) -> str | None:
    """Returns what to write in place of an unknown field at the top level, else None."""
    if error["type"] != "extra_forbidden" or len(error["loc"]) != 1:
        return None
    field = error["loc"][0]
    if field in TIMING_FIELDS and "timing" in allowed:
        return f"belongs in `timing`; write `timing.{field}`"
    return f"{message_of(error)}; allowed: {', '.join(allowed) or 'none'}"
