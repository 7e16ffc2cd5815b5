"""Types for the fields of built-in actions. They do not import pydantic, which the Notification Lambda does not have.

The API makes pydantic models of the fields. pydantic calls `__get_pydantic_core_schema__` of each object in `Annotated`
(docs.pydantic.dev, "Customizing validation with __get_pydantic_core_schema__").
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from ..frozen import Frozen
from ..model.values import json_size
from .text_rules import mail_address, one_line

MAX_RECIPIENTS = 50
"""The most addresses that SES accepts in one email, `cc` and `bcc` included (SES Developer Guide, quotas)."""

LEFT_OUT: Any = type("LeftOut", (), {"__repr__": lambda _self: "LEFT_OUT"})()
"""The default of a field that may be null: it distinguishes a missing field from null."""

CoreSchema = dict[str, Any]


class Length(Frozen):
    """The minimum and maximum number of characters of a text, or of items of a list or object. None: no maximum."""

    least: int = 0
    most: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        limits = {"min_length": self.least or None, "max_length": self.most}
        return handler(source) | {name: limit for name, limit in limits.items() if limit is not None}


class Check(Frozen):
    """A check of a value. `test` raises ValueError if the value is not allowed; its return value is not used."""

    test: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        function = {"type": "no-info", "function": self._checked}
        return {"type": "function-after", "function": function, "schema": handler(source)}

    def _checked(self, value: Any) -> Any:
        self.test(value)
        return value


class About(Frozen):
    """A field's description and example in OpenAPI."""

    description: str
    example: Any

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return handler(schema) | {"description": self.description, "examples": [self.example]}


Json = Annotated[Any, Check(json_size)]
Address = Annotated[str, Check(mail_address)]
Addresses = Annotated[
    list[Address],
    Length(most=MAX_RECIPIENTS),
    About(f"Email addresses; `to`, `cc` and `bcc` together have at most {MAX_RECIPIENTS}", ["alice@example.com"]),
]
Line = Annotated[str, Length(1, 200), Check(one_line)]


class ActionRules(Frozen):
    """What a deployment also accepts: its own action types, and in stage local webhooks to loopback addresses."""

    own_types: frozenset[str] = frozenset()
    loopback_webhooks: bool = False


class Fields(Frozen, kw_only=True):
    """The input of an action. Values are validated when a schedule is created, over HTTP or in Python."""

    def problems(self, _rules: ActionRules, /) -> Iterator[tuple[str, str]]:
        """Yields (field, message) for each fault that annotations of single fields cannot detect."""
        return iter(())


class FieldsWithTexts(Fields, kw_only=True):
    """Fields with texts that may have placeholders. `placeholders=False` leaves each `{{` unchanged."""

    placeholders: Annotated[bool, About("False leaves every `{{` in the texts as it is", example=True)] = True
