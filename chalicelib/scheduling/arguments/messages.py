"""Error messages of fields. Pydantic's own messages name Python classes, such as `list` for an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

_PLAIN: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not an allowed field",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "list_type": "must be a JSON array",
    "string_type": "must be a string",
    "string_unicode": "must be text without unpaired surrogates",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_parsing_size": "must be an integer",
    "int_from_float": "must be an integer",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
}
_WITH_LIMITS: Mapping[str, str] = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}


def message_of(error: ErrorDetails) -> str:
    """Returns the message of an error. Pydantic's own message is used only for errors that no field has today."""
    if text := _PLAIN.get(error["type"]):
        return text
    if error.get("ctx", {}).get("min_length") == 1:
        return "must not be empty"
    template = _WITH_LIMITS.get(error["type"])
    return template.format(**error["ctx"]) if template else error["msg"]
