"""The page of the API reference: navigation, an introduction, the operations by tag, the problems and the schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from . import models, operations, problems
from .markup import Html, code, joined, link, paragraphs, tag, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .operations import Entry

MARK = Html(
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">'
    '<rect width="20" height="20" rx="4" fill="#ffd60a"/>'
    '<path d="M10 4.2V10l4 2.6" fill="none" stroke="#1b1c18" stroke-width="2.2"/></svg>'
)
REFERENCE = (("problems", "Problems"), ("Timing", "Timings"), ("Action", "Actions"), ("schemas", "Schemas"))
THEMES = ("system", "light", "dark")


def render(document: Mapping[str, Any]) -> str:
    """Returns the HTML page of an OpenAPI document of this service. All texts are escaped."""
    found = operations.entries(document)
    title = f"{document['info']['title']} API"
    head = [
        *(tag("meta", charset="utf-8"), tag("meta", name="viewport", content="width=device-width, initial-scale=1")),
        tag("title", f"{title} reference"),
        tag("link", rel="icon", type="image/svg+xml", href=f"data:image/svg+xml,{quote(MARK)}"),
        *(tag("link", rel="stylesheet", href=f"console/{name}") for name in ("tokens.css", "docs.css")),
        tag("script", type="module", src="console/docs.js"),
    ]
    body = [
        tag("a", "Skip to content", class_="skip btn", href="#main"),
        tag("header", *_side(document, title, found), class_="side"),
        tag("main", _introduction(document, title), *_parts(document, found), id="main", tabindex="-1"),
    ]
    return f"<!doctype html>{tag('html', tag('head', *head), tag('body', *body), lang='en')}"


def _side(document: Mapping[str, Any], title: str, found: Sequence[Entry]) -> list[Html]:
    search = tag(
        "input",
        type="search",
        id="search",
        class_="in",
        hidden=True,
        aria_label="Search the reference",
        aria_keyshortcuts="/",
        placeholder="Search operations and fields",
        autocomplete="off",
    )
    groups = [_group(one["name"], _of_tag(one["name"], found)) for one in document["tags"]]
    others = tag("ul", *(tag("li", tag("a", name, href=f"#{anchor}")) for anchor, name in REFERENCE))
    nav = tag("nav", *groups, tag("details", tag("summary", "Reference"), others, open=True), aria_label="Reference")
    menu = tag("details", tag("summary", "Operations", class_="btn"), nav, class_="menu", open=True)
    return [
        tag("a", MARK, title, class_="brand", href="#main"),
        search,
        tag("p", id="found", role="status", class_="s q"),
        menu,
        _foot(document),
    ]


def _group(name: str, found: Sequence[Entry]) -> Html:
    links = [
        tag("li", tag("a", tag("span", one.method, class_="verb"), one.operation["summary"], href=f"#{one.id}"))
        for one in found
    ]
    return tag("details", tag("summary", name, tag("span", str(len(found)), class_="n")), tag("ul", *links), open=True)


def _foot(document: Mapping[str, Any]) -> Html:
    themes = [
        tag(
            "label",
            tag("input", type="radio", name="theme", id=f"theme-{one}", class_="vh", checked=one == THEMES[0]),
            one.capitalize(),
        )
        for one in THEMES
    ]
    about = f"Version {document['info']['version']}"
    links = [tag("a", f"OpenAPI {document['openapi'].rpartition('.')[0]}", href="openapi.json", class_="link")]
    if "/console" in document["paths"]:
        links.append(tag("a", "Console", href="console", class_="link"))
    legend = tag("legend", "Theme", class_="vh")
    return tag(
        "div",
        tag("p", joined([about, *links], " · "), class_="s q"),
        tag("fieldset", legend, *themes, class_="seg theme"),
        class_="foot",
    )


def _introduction(document: Mapping[str, Any], title: str) -> Html:
    server = document["servers"][0]["url"]
    facts = [
        ("Address", joined(["the origin of this page", *([", then ", code(server)] if server != "/" else [])])),
        ("Token", text(f"`Authorization: Bearer …`, a {_bearer(document)}")),
        ("Bodies", text("JSON in UTF-8; times are ISO 8601")),
        ("Errors", joined(["problems (RFC 9457), see ", link("problems", "Problems")])),
    ]
    listed = [item for name, fact in facts for item in (tag("dt", name), tag("dd", fact))]
    words = paragraphs(document["info"]["description"])
    return tag(
        "section", tag("h1", title), words, tag("dl", *listed, class_="facts"), class_="part intro", id="introduction"
    )


def _bearer(document: Mapping[str, Any]) -> str:
    scheme = document["components"]["securitySchemes"]["bearer"]
    description = scheme["description"]
    return f"{scheme['bearerFormat']}: {description[0].lower()}{description[1:]}"


def _parts(document: Mapping[str, Any], found: Sequence[Entry]) -> list[Html]:
    common = problems.of_all([one.operation for one in found])
    of_tags = [_part(one, _of_tag(one["name"], found), document, common) for one in document["tags"]]
    bodies = frozenset(one.body for one in found)
    return [*of_tags, problems.section(), models.section(document["components"]["schemas"], bodies)]


def _part(
    described: Mapping[str, str], found: Sequence[Entry], document: Mapping[str, Any], common: frozenset[str]
) -> Html:
    name = described["name"]
    heading = [tag("h2", name), tag("p", text(described["description"]), ".", class_="q")]
    sections = [operations.section(one, document, common) for one in found]
    return tag("section", *heading, *sections, class_="part", id=f"tag-{name.lower().replace(' ', '-')}")


def _of_tag(name: str, found: Sequence[Entry]) -> list[Entry]:
    return [one for one in found if name in one.operation["tags"]]
