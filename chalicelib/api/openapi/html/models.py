"""The schemas: those that are one of several forms first, the rest folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import fields
from .literals import as_json
from .markup import Html, block, code, joined, paragraphs, tag, text

if TYPE_CHECKING:
    from collections.abc import Collection

OPEN = ("Timing", "Action")
"""Schemas that are not folded."""


def section(named: fields.Named, shown_elsewhere: Collection[str]) -> Html:
    """Returns the section of all schemas but those of bodies, which the section of an operation shows."""
    names = [*OPEN, *(name for name in named if name not in OPEN and name not in shown_elsewhere)]
    return tag(
        "section", tag("h2", "Schemas"), *(_schema(name, named) for name in names), id="schemas", class_="part schemas"
    )


def _schema(name: str, named: fields.Named) -> Html:
    schema = named[name]
    # The anchor is inside: a link to it opens the fold, without a script.
    inside = tag("div", *_content(name, schema, named), id=name)
    summary = tag("summary", tag("b", name), tag("span", text(fields.first_paragraph(schema)), class_="q"))
    return tag("details", summary, inside, class_="schema", open=name in OPEN)


def _content(name: str, schema: fields.Schema, named: fields.Named) -> list[Html]:
    rest = paragraphs(str(schema["description"]).partition("\n\n")[2])
    found = list(fields.fields_of(schema, named))
    if fields.alternatives(name, named):
        return [rest, fields.forms(name, named)]
    if "enum" in schema:
        return [rest, tag("p", "Values: ", joined(map(code, schema["enum"]), ", "))]
    if not found:
        return [rest, block(f"Example of {name}", as_json(schema["examples"][0]))]
    is_sent = schema.get("additionalProperties") is False or name == "OwnAction"
    write = fields.of_request if is_sent else fields.of_answer
    return [
        rest,
        write(f"Fields of {name}", name, found, named),
        block(f"Example of {name}", as_json(schema["examples"][0])),
    ]
