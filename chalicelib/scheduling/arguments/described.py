"""What OpenAPI shows of a value: its description, an example, and the JSON schema of another type if that says more."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import Field, GetJsonSchemaHandler, TypeAdapter, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

NOT_NAMED: Any = None
"""Default of an optional field that does not accept null."""


class DescribedAs:
    """Gives a value the JSON schema of another type. `type_` makes that type when OpenAPI asks for it."""

    def __init__(self, type_: Callable[[], Any]) -> None:
        self._type = type_

    def __get_pydantic_json_schema__(self, _schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # Wrapped twice: pydantic names a nested type only, and would replace a bare reference by what it refers to.
        nested = core_schema.definitions_schema(TypeAdapter(self._type()).core_schema, [])
        return {"allOf": [handler(nested)]}


def about(description: str, *examples: Any) -> Any:
    """A field's description and examples. Without them, a field of a view has those of the create's field."""
    return Field(description=description, examples=list(examples) or None)


def text_like(pattern: re.Pattern[str], description: str, example: str) -> WithJsonSchema:
    """The JSON schema of a value that is read from text."""
    schema = {"type": "string", "pattern": f"^{pattern.pattern}$"}
    return WithJsonSchema({**schema, "description": description, "examples": [example]})
