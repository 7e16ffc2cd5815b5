"""Builds HTML: every text and attribute is escaped, unless it is `Html` already."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

VOID = frozenset({"input", "link", "meta"})
CODE = re.compile("`([^`]+)`")


class Html(str):
    """Escaped HTML."""

    __slots__ = ()


def tag(element: str, /, *children: str, **attributes: str | bool) -> Html:
    """Returns an element. A trailing `_` of an attribute's name is removed, other `_` are `-`; False omits it."""
    shown = "".join(_attribute(key, value) for key, value in attributes.items() if value)
    start = f"<{element}{shown}>"
    return Html(start if element in VOID else f"{start}{joined(children)}</{element}>")


def joined(children: Iterable[str], between: str = "") -> Html:
    return Html(between.join(child if isinstance(child, Html) else escape(child, quote=False) for child in children))


def text(content: str) -> Html:
    """Returns the escaped text with `…` as code."""
    return Html(CODE.sub(r"<code>\1</code>", escape(content, quote=False)))


def code(content: str) -> Html:
    return tag("code", content)


def link(anchor: str, *children: str) -> Html:
    """Returns a link to a place on the page."""
    return tag("a", *children, href=f"#{anchor}", class_="link")


def paragraphs(content: str) -> Html:
    return joined(tag("p", text(" ".join(part.split()))) for part in content.split("\n\n") if part.strip())


def table(name: str, heads: Iterable[str], rows: Iterable[Html]) -> Html:
    """Returns a table that is named by `name` for screen readers, in a frame that scrolls on narrow screens."""
    head = tag("thead", tag("tr", *(tag("th", one, scope="col") for one in heads)))
    return tag("div", tag("table", head, tag("tbody", *rows), aria_label=name), class_="card")


def tabs(group: str, name: str, panes: Iterable[tuple[str, Html]]) -> Html:
    """Returns tabs that work without a script: radio buttons, whose panes the style sheet shows.

    `group` is unique on the page. `panes` are at most five: the label and the content of each.
    """
    listed = list(panes)
    choices = [
        tag("label", tag("input", type="radio", name=group, class_=f"vh t{number}", checked=number == 1), label)
        for number, (label, _) in enumerate(listed, 1)
    ]
    bar = tag("div", tag("div", *choices, class_="seg", role="radiogroup", aria_label=name), class_="bar")
    shown = [tag("div", pane, class_=f"pane p{number}") for number, (_, pane) in enumerate(listed, 1)]
    return tag("div", bar, *shown, class_="tabs")


def block(name: str, *children: str) -> Html:
    """Returns a block of code that scrolls, with the keyboard as well."""
    return tag("pre", *children, class_="code", tabindex="0", role="region", aria_label=name)


def _attribute(key: str, value: str | Literal[True]) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
