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
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

MOST_ERRORS = 50
TIMING_FIELDS = frozenset(field.name for field in fields(TimingSpec))
UNKNOWN_ACTION = ("action", "own", "type")

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """An object with these fields and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read(model: type[Model], values: Mapping[str, Any], context: object = None) -> Model:
    """Returns the values as a `model`. Raises InvalidInput with at most MOST_ERRORS errors."""
    try:
        return model.model_validate(values, context=context)
    except ValidationError as exc:
        raise InvalidInput(_field_errors(exc, has_timing="timing" in model.model_fields)) from exc


def _field_errors(exc: ValidationError, *, has_timing: bool) -> list[FieldError]:
    errors = exc.errors(include_url=False)[:MOST_ERRORS]
    if any(error["loc"] == UNKNOWN_ACTION for error in errors):
        # The fields of an unknown action type cannot be checked, so their errors are omitted.
        errors = [error for error in errors if error["loc"] == UNKNOWN_ACTION or error["loc"][:2] != UNKNOWN_ACTION[:2]]
    return [FieldError(_field(error["loc"]), _hint(error, has_timing) or message_of(error)) for error in errors]


def _field(loc: tuple[int | str, ...]) -> str:
    """Returns the client's path of a field. Pydantic adds the action's variant to it (`action`, `email`, `to`, 0)."""
    parts = loc[:1] + loc[2:] if loc[0] == "action" else loc
    return ".".join(str(part) for part in parts if part != "[key]")


def _hint(error: ErrorDetails, has_timing: bool) -> str | None:  # noqa: FBT001 - a private function with one caller
    """Returns a hint for a field of `timing` that is at the top level, else None."""
    field = error["loc"][0]
    belongs = has_timing and error["type"] == "extra_forbidden" and len(error["loc"]) == 1
    return f"belongs in `timing`; write `timing.{field}`" if belongs and field in TIMING_FIELDS else None
