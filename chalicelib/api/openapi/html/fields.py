"""Tables of fields: name and description, type, what a field accepts, and its default."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..schemas import COMPONENTS
from .markup import Html, code, joined, link, table, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Schema = Mapping[str, Any]
    Named = Mapping[str, Schema]

DEFAULT = re.compile(r"\s*Default: (.+?)\.?$", re.DOTALL)
LIMITS = (("Length", "characters"), ("Items", "items"), ("Properties", "entries"), ("imum", ""))
NUMBERS = {4: "Four", 6: "Six", 7: "Seven"}


@dataclass(frozen=True, slots=True)
class Field:
    """One row. `name` is the path from the body, such as `retry.max_retries`; `place` that of a parameter."""

    name: str
    schema: Schema
    is_required: bool
    place: str = ""
    has_parts: bool = False
    """Whether the rows of its own fields follow."""

    @property
    def meant(self) -> Schema:
        """Returns the schema without the null of `X | None`, and with a referenced type."""
        return not_null(self.schema)

    @property
    def is_nullable(self) -> bool:
        return any(part.get("type") == "null" for part in self.schema.get("anyOf", []))

    @property
    def text(self) -> str:
        return DEFAULT.sub("", self.schema["description"])

    @property
    def default(self) -> Html:
        if self.is_required:
            return tag("b", "required")
        found = DEFAULT.search(self.schema["description"])
        if self.has_parts:
            return Html("below")
        return text(re.sub('`"(.*?)"`', r"`\1`", found[1]) if found else "none")


def not_null(schema: Schema) -> Schema:
    parts = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    return parts[0] if len(parts) == 1 else schema


def name_of(schema: Schema) -> str:
    """Returns the name of the referenced schema, or an empty string."""
    return str(schema.get("$ref", "")).removeprefix(COMPONENTS)


def alternatives(name: str, named: Named) -> list[str]:
    """Returns the names of the schemas that a schema is one of, or nothing."""
    schema = named.get(name, {})
    found = [name_of(part) for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    return [leaf for one in found for leaf in alternatives(one, named) or [one]]


def fields_of(schema: Schema, named: Named, *, is_flat: bool = False, prefix: str = "") -> Iterator[Field]:
    """Yields the fields of an object, the required ones first.

    `is_flat` also yields the fields of its objects, such as `retry.max_retries`, after the object.
    """
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    for name in sorted(properties, key=lambda one: one not in required):
        field = Field(prefix + name, properties[name], name in required)
        within = list(fields_of(named.get(name_of(field.meant), {}), named, prefix=f"{field.name}.")) if is_flat else []
        yield replace(field, has_parts=bool(within))
        yield from within


def of_request(name: str, owner: str, fields: list[Field], named: Named) -> Html:
    """Returns the table of fields that clients send. `owner` is the first part of the rows' anchors."""
    rows = [
        tag(
            "tr",
            _name(field, named),
            tag("td", _type(field.meant, named), tag("small", f"in {field.place}") if field.place else ""),
            tag("td", _accepts(field.meant, named)),
            tag("td", field.default),
            id=f"{owner}.{field.name}",
        )
        for field in fields
    ]
    return tag("div", table(name, ("Field", "Type", "Accepts", "Default"), rows), class_="fields")


def of_answer(name: str, owner: str, fields: list[Field], named: Named) -> Html:
    """Returns the table of fields that the API answers."""
    rows = [
        tag(
            "tr",
            _name(field, named),
            tag("td", _type(field.meant, named), " or null" if field.is_nullable else ""),
            tag("td", _accepts(field.meant, named)),
            id=f"{owner}.{field.name}",
        )
        for field in fields
    ]
    return tag("div", table(name, ("Field", "Type", "Values"), rows), class_="fields")


def forms(name: str, named: Named) -> Html:
    """Returns the table of the alternatives of a schema: an example, and the description of each."""
    rows = [
        tag(
            "tr",
            tag("td", code(json.dumps(named[one]["examples"][0], ensure_ascii=False)), class_="form"),
            tag("td", joined([text(first_paragraph(named[one])), " ", link(one, one)])),
        )
        for one in alternatives(name, named)
    ]
    return table(name, ("Form", "Does"), rows)


def first_paragraph(schema: Schema) -> str:
    return str(schema["description"]).partition("\n\n")[0]


def _name(field: Field, named: Named) -> Html:
    return tag("th", code(field.name), tag("small", text(field.text)), _forms(field, named), scope="row")


def _forms(field: Field, named: Named) -> Html:
    name = name_of(field.meant)
    found = alternatives(name, named)
    if not found:
        return Html("")
    count = NUMBERS.get(len(found), str(len(found)))
    return tag("small", joined([f"{count} forms: ", joined((link(one, one) for one in found), ", ")]))


def _type(schema: Schema, named: Named) -> Html:
    name = name_of(schema)
    if "enum" in named.get(name, {}):
        return link(name, "enum")
    if name == "JsonValue":
        return Html("any JSON")
    if name:
        return link(name, name)
    if "items" in schema:
        return joined(["array of ", _type(schema["items"], named)])
    return Html(schema.get("format") or schema.get("type") or "any JSON")


def _accepts(schema: Schema, named: Named) -> Html:
    meant = named.get(name_of(schema), schema) if "enum" in named.get(name_of(schema), {}) else schema
    values = meant.get("enum") or ([meant["const"]] if "const" in meant else [])
    parts = [joined((code(value) for value in values), ", ")] if values else []
    parts += [Html(limit) for kind, unit in LIMITS if (limit := _limit(schema, kind, unit))]
    if "pattern" in schema:
        parts.append(joined(["matches ", code(schema["pattern"])]))
    if "not" in schema:
        parts.append(joined(["not ", joined((code(value) for value in schema["not"]["enum"]), ", ")]))
    if of_values := schema.get("additionalProperties"):
        parts.append(joined(["values: ", _type(of_values, named)]) if isinstance(of_values, dict) else Html(""))
    return joined(parts, "; ")


def _limit(schema: Schema, kind: str, unit: str) -> str:
    low, high = schema.get(f"min{kind}"), schema.get(f"max{kind}")
    match low, high:
        case None, None:
            return ""
        case None, _:
            return f"up to {high:,} {unit}".rstrip()
        case _, None:
            return f"at least {low:,} {unit}".rstrip().replace("1 characters", "1 character")
    return f"{low:,} to {high:,} {unit}".rstrip()
