"""The fields of built-in actions, stated without pydantic, which the Notification Lambda does not have.

The API makes pydantic models of them. pydantic reads `Length` and `Check` by the method that it looks for on everything
inside `Annotated` (docs.pydantic.dev, "Customizing validation with __get_pydantic_core_schema__").
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from ..model.values import json_size
from .text_rules import mail_address, one_line

MAX_RECIPIENTS = 50
"""SES accepts that many addresses in one email, `cc` and `bcc` included (developer guide, quotas)."""

LEFT_OUT: Any = type("LeftOut", (), {"__repr__": lambda _self: "LEFT_OUT"})()
"""The default of a field for which null is a value."""

CoreSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Length:
    """The least and the most characters of a text, or items of a list or an object."""

    least: int = 0
    most: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        limits = {"min_length": self.least or None, "max_length": self.most}
        return handler(source) | {name: limit for name, limit in limits.items() if limit is not None}


@dataclass(frozen=True, slots=True)
class Check:
    """`test` raises ValueError for a value that is not accepted; what it returns is not used."""

    test: Callable[[Any], object]

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        function = {"type": "no-info", "function": self._checked}
        return {"type": "function-after", "function": function, "schema": handler(source)}

    def _checked(self, value: Any) -> Any:
        self.test(value)
        return value


@dataclass(frozen=True, slots=True)
class About:
    """What OpenAPI says of a field: its description and an example."""

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


@dataclass(frozen=True, slots=True)
class ActionRules:
    """What the API accepts beside the built-in actions: own types, and in stage local webhooks to this machine."""

    own_types: frozenset[str] = frozenset()
    loopback_webhooks: bool = False


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What clients write of an action. The values are checked when a schedule is created, over HTTP or in Python."""

    def problems(self, _rules: ActionRules, /) -> Iterator[tuple[str, str]]:
        """Yields (field, message) for what the fields' own annotations cannot say."""
        return iter(())


@dataclass(frozen=True, kw_only=True)
class FieldsWithTexts(Fields):
    """Fields with texts that people read. `placeholders=False` leaves each `{{` as it is."""

    placeholders: Annotated[bool, About("False leaves every `{{` in the texts as it is", example=True)] = True
