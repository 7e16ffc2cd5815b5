"""Descriptions, examples and JSON schemas of values in OpenAPI."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import Field, GetJsonSchemaHandler, TypeAdapter, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

NOT_NAMED: Any = None
"""Default of an optional field that does not accept null."""


class DescribedAs:
    """Gives a value the JSON schema of another type. `type_` returns that type; it is called when OpenAPI is built."""

    def __init__(self, type_: Callable[[], Any]) -> None:
        self._type = type_

    def __get_pydantic_json_schema__(self, _schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # Wrapped twice: pydantic gives only a nested type a name, and replaces a bare reference by its definition.
        nested = core_schema.definitions_schema(TypeAdapter(self._type()).core_schema, [])
        return {"allOf": [handler(nested)]}


def about(description: str, *examples: Any) -> Any:
    """Returns a field's description and examples. Default: a view's field has the examples of the create's field."""
    return Field(description=description, examples=list(examples) or None)


def text_like(pattern: re.Pattern[str], description: str, example: str) -> WithJsonSchema:
    """Returns the JSON schema of a text with this pattern."""
    schema = {"type": "string", "pattern": f"^{pattern.pattern}$"}
    return WithJsonSchema({**schema, "description": description, "examples": [example]})
