"""The schemas of the OpenAPI document: JSON Schema of the models, with names that suit generated client code.

This module adds a description and an example to each field of pydantic's schemas. It removes `default` from bodies,
because openapi-typescript makes a field with a default required, even in requests.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from ...scheduling.actions import BUILT_IN
from ..models.requests import CreateSchedule
from . import texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel, JsonValue
    from pydantic.json_schema import JsonSchemaMode

    Schema = dict[str, Any]

COMPONENTS = "#/components/schemas/"

NAMES: Mapping[str, str] = {
    "Status": "ScheduleStatus",
    "Kind": "ScheduleKind",
    "MetadataShape": "Metadata",
    "Undone": "UndoneStatus",
}
"""Schema name by class name. The default is the class name without `View`."""

SHOWN: Mapping[str, tuple[str, ...]] = {
    "CreatedItem": ("status", "schedule"),
    "OwnAction": ("type", "data"),
    "Problem": ("type", "title", "status", "detail", "errors"),
}
"""Fields of a schema's example by schema name, for examples that have more than the required fields."""


def schema_name(class_name: str) -> str:
    return NAMES.get(class_name, class_name.removesuffix("View"))


def reference(model: type[BaseModel]) -> Schema:
    return {"$ref": COMPONENTS + schema_name(model.__name__)}


@lru_cache(maxsize=8)
def schemas(read: tuple[type[BaseModel], ...], answered: tuple[type[BaseModel], ...]) -> Mapping[str, Schema]:
    """Returns the schemas of the request models (`read`), the response models (`answered`) and their parts, by name.

    It takes most of the document's time, and the documents of several servers share it.
    """
    _, found = models_json_schema(
        [*_in_mode("validation", read), *_in_mode("serialization", answered)],
        ref_template=COMPONENTS + "{model}",
        schema_generator=_Schemas,
    )
    named = {schema_name(name): _renamed(schema) for name, schema in found["$defs"].items()}
    _tell_actions_apart(named)
    for name, schema in named.items():
        _tidy(name, schema)
    for field, described in _fields(named):
        _inherit(field, described, named)
        _say_default(described)
    return {name: _with_examples(schema, named) for name, schema in sorted(named.items())}


def example(schema: Schema, named: Mapping[str, Schema]) -> Any:
    """Returns the schema's example, or composes it from the required fields, or from all fields if none is required."""
    match schema:
        case {"examples": [first, *_]} | {"const": first} | {"enum": [first, *_]}:
            return first
        case {"$ref": ref}:
            return example(named[ref.removeprefix(COMPONENTS)], named)
        case {"anyOf": [first, *_]} | {"oneOf": [first, *_]}:
            return example(first, named)
        case {"items": items}:
            return [example(items, named)]
    fields = schema.get("properties", {})
    shown: Iterable[str] = schema.get("shown") or schema.get("required") or fields
    return {name: example(fields[name], named) for name in shown}


class _Schemas(GenerateJsonSchema):
    """Removes null defaults: the models use None for an optional field, for which JSON Schema has `required`."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """Returns False, because pydantic's titles only repeat the names of the fields."""
        return False

    def sort(self, value: Schema, parent_key: str | None = None) -> Schema:  # noqa: ARG002 - pydantic's signature
        """Returns the schema as it is: examples keep the order of their fields, so that the type is first."""
        return value

    def default_schema(self, schema: Any) -> dict[str, JsonValue]:
        described: dict[str, JsonValue] = super().default_schema(schema)
        if described.get("default", ...) is None:
            del described["default"]
        return described


def _in_mode(mode: JsonSchemaMode, models: Iterable[type[BaseModel]]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    return [(model, mode) for model in sorted(set(models), key=lambda model: model.__name__)]


def _renamed(value: Any) -> Any:
    """Returns the value with class names replaced by schema names in its references."""
    match value:
        case dict():
            return {key: _renamed(item) for key, item in value.items()}
        case list():
            return [_renamed(item) for item in value]
        case str() if value.startswith(COMPONENTS):
            return COMPONENTS + schema_name(value.removeprefix(COMPONENTS))
    return value


def _tell_actions_apart(named: Mapping[str, Schema]) -> None:
    """Makes an action match one schema only: built-in actions require their type, own actions exclude those types."""
    for model in BUILT_IN.values():
        built_in = named[schema_name(model.__name__)]
        built_in["required"] = ["type", *built_in["required"]]
        built_in["shown"] = [*built_in["required"], *model.built_in.shown]
        built_in["properties"]["type"] |= {"description": "Type of the action", "examples": [model.built_in.type]}
        del built_in["properties"]["type"]["default"]
    named["OwnAction"]["properties"]["type"]["not"] = {"enum": sorted(BUILT_IN)}


def _tidy(name: str, schema: Schema) -> None:
    """Adds the descriptions and examples of `texts`, and moves those of pydantic to the level that clients read."""
    schema.pop("title", None)
    if name in texts.SCHEMAS:
        schema["description"] = texts.SCHEMAS[name]
    if name in texts.EXAMPLES:
        schema["examples"] = [texts.EXAMPLES[name]]
    if name in SHOWN:
        schema["shown"] = SHOWN[name]
    for field, described in schema.get("properties", {}).items():
        _hoist(described)
        if (text := texts.FIELDS.get(f"{name}.{field}")) and "description" not in described:
            described["description"], described["examples"] = text[0], [text[1]]


def _hoist(described: Schema) -> None:
    """Moves description and examples of an `X | None` from `X` to the field, and unwraps `DescribedAs`."""
    if "allOf" in described:
        (meant,) = described.pop("allOf")
        described.update({**meant, **described})
    for part in described.get("anyOf", []):
        _hoist(part)
        for key in ("description", "examples"):
            if key in part:
                described.setdefault(key, part.pop(key))


def _fields(named: Mapping[str, Schema]) -> list[tuple[str, Schema]]:
    return [item for schema in named.values() for item in schema.get("properties", {}).items()]


def _inherit(field: str, described: Schema, named: Mapping[str, Schema]) -> None:
    """Copies a missing description from the field of that name in `CreateSchedule`, or from the referenced schema."""
    referred = _references(described)
    of_create = named[CreateSchedule.__name__]["properties"].get(field, {})
    for parent in (of_create, *(named[ref.removeprefix(COMPONENTS)] for ref in referred)):
        if "description" not in described and "description" in parent:
            described["description"] = parent["description"]
            described |= (
                {"examples": parent["examples"]} if "examples" in parent and _references(parent) == referred else {}
            )


def _references(described: Schema) -> list[str]:
    return [part["$ref"] for part in (described, *described.get("anyOf", [])) if "$ref" in part]


def _with_examples(schema: Schema, named: Mapping[str, Schema]) -> Schema:
    fields = {
        field: {**described, "examples": described.get("examples") or [example(described, named)]}
        for field, described in schema.get("properties", {}).items()
    }
    kept = {key: part for key, part in schema.items() if key != "shown"}
    return {**kept, **({"properties": fields} if fields else {}), "examples": [example(schema, named)]}


def _say_default(described: Schema) -> None:
    default = described.pop("default", None)
    if default is not None and "Default:" not in described.get("description", ""):
        described["description"] = f"{described['description'].rstrip('.')}. Default: `{json.dumps(default)}`."
