"""The section of one operation: what it does and accepts on one side, example, answers and problems on the other."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ...responses import JSON
from . import fields, problems, samples
from .literals import as_json
from .markup import Html, block, code, joined, link, paragraphs, tabs, tag, text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation of the document."""

    method: str
    path: str
    operation: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.operation["operationId"])

    @property
    def body(self) -> str:
        """Returns the name of the body's schema, or an empty string."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return fields.name_of(content[JSON]["schema"]) if content else ""


def entries(document: Mapping[str, Any]) -> list[Entry]:
    return [
        Entry(method.upper(), path, operation)
        for path, of in document["paths"].items()
        for method, operation in of.items()
    ]


def section(entry: Entry, document: Mapping[str, Any], common: frozenset[str]) -> Html:
    named = document["components"]["schemas"]
    left = [
        _intro(entry),
        _parameters(entry, named),
        _body(entry, named),
        problems.of_operation(entry.operation, common),
    ]
    right = [_sample(entry, document), _answers(entry, document, common)]
    sides = [tag("div", *left, class_="stack"), tag("div", *right, class_="stack side2")]
    return tag("section", *sides, id=entry.id, class_="op two ref", aria_labelledby=f"{entry.id}-h")


def _intro(entry: Entry) -> Html:
    operation = entry.operation
    more = operation["description"].partition("\n\n")[2]
    scopes = [scope for need in operation["security"] for scope in need["bearer"]]
    needs = joined(["a token with ", joined(map(code, scopes), ", ")]) if scopes else Html("no token")
    facts = tag(
        "dl", tag("dt", "Needs"), tag("dd", needs), tag("dt", "Operation"), tag("dd", code(entry.id)), class_="facts"
    )
    path = tag("p", tag("b", entry.method), f" {entry.path}", class_="path")
    heading = tag("h3", tag("a", operation["summary"], href=f"#{entry.id}"), id=f"{entry.id}-h")
    return tag("div", heading, path, paragraphs(more), facts, class_="intro")


def _parameters(entry: Entry, named: fields.Named) -> Html:
    found = [
        fields.Field(at["name"], {**at["schema"], "description": at["description"]}, at["required"], at["in"])
        for at in entry.operation["parameters"]
    ]
    if not found:
        return Html("")
    shown = fields.of_request(f"Parameters of {entry.id}", entry.id, found, named)
    return tag("div", tag("h4", "Parameters"), shown)


def _body(entry: Entry, named: fields.Named) -> Html:
    if not entry.body:
        return Html("")
    request = entry.operation["requestBody"]
    found = list(fields.fields_of(named[entry.body], named, is_flat=True))
    heading = tag("h4", "Body", tag("small", "" if request["required"] else " optional"))
    words = tag("p", text(request["description"]), class_="s q")
    shown = fields.of_request(f"Body of {entry.id}", f"{entry.id}.body", found, named) if found else Html("")
    return tag("div", heading, words, shown)


def _sample(entry: Entry, document: Mapping[str, Any]) -> Html:
    request = samples.sample(entry.method, entry.path, entry.operation, document["components"]["examples"])
    languages = {"curl": samples.curl, "Python": samples.python, "JavaScript": samples.javascript}
    panes = [(name, block(f"{name}, {entry.id}", write(request))) for name, write in languages.items()]
    return tag("div", tag("h4", "Request"), tabs(f"lang-{entry.id}", "Language", panes), class_="sample")


def _answers(entry: Entry, document: Mapping[str, Any], common: frozenset[str]) -> Html:
    responses = entry.operation["responses"]
    panes = [
        (status, _answer(entry, status, answer, _example(answer, document)))
        for status, answer in responses.items()
        if int(status) < HTTPStatus.BAD_REQUEST
    ]
    if entry.operation["security"]:
        panes.append(_problem(entry, problems.example_of(entry.operation, common)))
    return tag("div", tag("h4", "Answers"), tabs(f"ans-{entry.id}", "Answer", panes), class_="answers")


def _example(answer: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    (content,) = answer.get("content", {"": {}}).values()
    for name, shown in content.get("examples", {}).items():
        return shown["value"] if "value" in shown else document["components"]["examples"][name]["value"]
    return None


def _problem(entry: Entry, name: str) -> tuple[str, Html]:
    status = str(int(problems.KNOWN[name].status))
    answer = {**entry.operation["responses"][status], "description": problems.KNOWN[name].title}
    return status, _answer(entry, status, answer, problems.example(name))


def _answer(entry: Entry, status: str, answer: Mapping[str, Any], example: Any) -> Html:
    """Returns an answer: what it means, its schema, and the answer as it is sent."""
    schemas = [fields.name_of(content["schema"]) for content in answer.get("content", {}).values()]
    linked = joined(["Schema ", joined(link(name, name) for name in schemas)]) if any(schemas) else Html("")
    words = tag("p", text(answer["description"]), ". ", linked, class_="s q")
    lines = [tag("b", f"{status} {HTTPStatus(int(status)).phrase}")]
    lines += [joined([f"Content-Type: {media_type}"]) for media_type in answer.get("content", {})]
    lines += [joined([f"{name}: {header['example']}"]) for name, header in answer.get("headers", {}).items()]
    body = [Html(""), joined([as_json(example)])] if example is not None else []
    return joined([words, block(f"{status}, {entry.id}", joined([*lines, *body], "\n"))])
