"""The API reference as a tree of elements, read as strictly as HTML allows: every element must be closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from chalicelib.api.openapi.html import render
from tests.api.route_table import document

if TYPE_CHECKING:
    from collections.abc import Iterator

VOID = {"meta", "link", "input"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str | None]
    parts: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """The element and all elements in it."""
        yield self
        for part in self.parts:
            if isinstance(part, Element):
                yield from part

    def all(self, name: str) -> list[Element]:
        return [element for element in self if element.name == name]

    @cached_property
    def anchors(self) -> dict[str | None, Element]:
        return {element.attributes["id"]: element for element in self if "id" in element.attributes}

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    @property
    def cells(self) -> list[str]:
        """The texts of a row's cells."""
        return [part.text for part in self.parts if isinstance(part, Element)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"{tag} repeats an attribute"
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read(html: str) -> Element:
    """The tree of a page. Raises AssertionError if an element is not closed, or an attribute is repeated."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    (root,) = reader.open
    return root


@cache
def source() -> str:
    return render(document())


@cache
def page() -> Element:
    return read(source())
