"""Placeholders: filled once, escaped for where they stand, and never a surprise."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.actions.email import TEXTS
from chalicelib.core.actions.templates import MOST, InvalidTemplate, fill, paths

VALUES = {
    "name": "Trial ends",
    "resource_id": None,
    "run_id": "r1",
    "metadata": {"plan": "pro", "seats": 3, "price": 9.5, "vip": True, "none": None, "a": {"b": {"c": "deep"}}},
}


def filled(text: str, *, field: str = "text", values: dict[str, Any] | None = None) -> str:
    result: str = fill({field: text, "placeholders": True}, TEXTS, values or VALUES)[field]
    return result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("no placeholder } }} {", "no placeholder } }} {"),
        ("{{name}}", "Trial ends"),
        ("{{ name }}: {{metadata.plan}}!", "Trial ends: pro!"),
        ("{{metadata.a.b.c}}", "deep"),
        ("{{metadata.seats}} {{metadata.price}} {{metadata.vip}}", "3 9.5 true"),
        (r"\{{name}}", "{{name}}"),
        (r"\{{ {{run_id}} }}", "{{ r1 }}"),
        ("{{name}}{{name}}", "Trial endsTrial ends"),
    ],
)
def test_a_placeholder_becomes_its_value(text: str, result: str) -> None:
    assert filled(text) == result


@pytest.mark.parametrize("text", ["{{", "{{name", "{{name}", "{{}}", "{{ }}", "{{a b}}", "{{{name}}}", "{{\nname}}"])
def test_braces_that_are_no_placeholder_are_refused(text: str) -> None:
    with pytest.raises(InvalidTemplate, match="without a placeholder"):
        paths(text)


@pytest.mark.parametrize("path", ["nam", "Name", "name.x", "metadata", "metadata_plan", "__class__", "0"])
def test_an_unknown_placeholder_is_named(path: str) -> None:
    with pytest.raises(InvalidTemplate, match=re.escape(f"{{{{{path}}}}} is not a placeholder; allowed: local_date")):
        paths(f"Dear {{{{{path}}}}}")


@pytest.mark.parametrize(
    "path", ["resource_id", "metadata.none", "metadata.x", "metadata.a", "metadata.a.b", "metadata.", "metadata.plan.x"]
)
def test_what_has_no_value_is_named_with_its_text(path: str) -> None:
    with pytest.raises(InvalidTemplate, match=rf"^text: {{{{{path}}}}} has no value$"):
        filled(f"Dear {{{{{path}}}}}")


def test_a_text_has_a_limit_of_placeholders() -> None:
    with pytest.raises(InvalidTemplate, match=f"has {MOST + 1} placeholders; the limit is {MOST}"):
        paths("{{name}}" * (MOST + 1))


def test_a_text_that_was_written_before_there_were_placeholders_stays_as_it_is() -> None:
    data = {"subject": "{{name}} {{", "text": r"\{{"}

    assert fill(data, TEXTS, VALUES) == data


def test_what_is_no_text_of_an_action_is_not_filled() -> None:
    data = {"to": ["{{name}}@example.com"], "reply_to": ["{{name}}"], "text": "x", "placeholders": True}

    assert fill(data, TEXTS, VALUES) == data


@given(st.text())
def test_a_value_is_never_read_as_a_placeholder(value: str) -> None:
    values = {**VALUES, "metadata": {"x": value + "{{name}}"}}

    assert filled("{{metadata.x}}", values=values) == value + "{{name}}"


class Tags(HTMLParser):
    """What a browser sees: tags, and attributes by their names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))


@given(st.text(alphabet=st.sampled_from("<>\"'&;/= abonclick\n")))
def test_a_value_adds_no_tag_and_no_attribute_to_html(value: str) -> None:
    values = {**VALUES, "metadata": {"x": value}}

    page = filled("<p title=\"{{metadata.x}}\" class='{{metadata.x}}'>{{metadata.x}}</p>", field="html", values=values)

    assert Tags(page).seen == [("p", ["title", "class"])]


@given(st.text())
def test_a_value_cannot_begin_a_new_line_of_the_header(value: str) -> None:
    subject = filled("About {{metadata.x}}", field="subject", values={**VALUES, "metadata": {"x": value}})

    assert len(f"{subject}.".splitlines()) == 1
