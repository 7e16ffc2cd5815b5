"""The API reference at /docs: complete, structured, small, and readable without a script."""

from __future__ import annotations

import gzip
import re
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.openapi.html import fields, render
from chalicelib.api.openapi.html.operations import entries
from chalicelib.api.openapi.html.problems import KNOWN
from chalicelib.api.openapi.texts import REMEDIES
from tests.api.reference_page import page, read, source
from tests.api.route_table import document

if TYPE_CHECKING:
    from chalicelib.api.openapi.html.operations import Entry
    from tests.api.reference_page import Element

API_PAGE = Path(__file__).parents[2] / "docs" / "api.md"
MOST_GZIPPED_BYTES = 60 * 1024
MOST_ELEMENTS = 9_000

OPERATIONS = entries(document())
SCHEMAS: dict[str, Any] = document()["components"]["schemas"]
BODIES = {one.id: one.body for one in OPERATIONS if one.body}
FIELDS = [
    (name, field)
    for name, schema in SCHEMAS.items()
    for field in schema.get("properties", {})
    if name not in BODIES.values()
]
BODY_FIELDS = [(owner, field) for owner, name in BODIES.items() for field in SCHEMAS[name].get("properties", {})]
LIMITS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "maxProperties")


def row(anchor: str) -> Element:
    found = page().anchors[anchor]
    assert found.name == "tr"
    return found


def check_field(anchor: str, described: dict[str, Any]) -> None:
    """Raises AssertionError unless the row has the description, each limit and each value of a field."""
    shown = row(anchor).text
    meant = fields.not_null(described)
    meant = {**SCHEMAS.get(fields.name_of(meant), {}), **meant}
    text = described["description"].partition("Default: ")[0]
    values = [*meant.get("enum", []), *([meant["const"]] if "const" in meant else [])]
    limits = [f"{meant[limit]:,}" for limit in LIMITS if limit in meant]

    assert plain(text) in shown
    assert all(value in shown for value in [*values, *limits, *([meant["pattern"]] if "pattern" in meant else [])])
    assert not values or all(value in row(anchor).cells[2] for value in values)


def plain(text: str) -> str:
    return text.replace("`", "").strip()


# Complete


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.id)
def test_an_operation_has_a_section_with_its_texts_and_scope(one: Entry) -> None:
    section = page().anchors[one.id]
    shown = " ".join(section.text.split())

    assert f"{one.method} {one.path}" in shown
    assert one.operation["summary"] in shown
    assert all(plain(" ".join(part.split())) in shown for part in one.operation["description"].split("\n\n")[1:])
    scopes = [scope for need in one.operation["security"] for scope in need["bearer"]]
    assert (f"a token with {scopes[0]}" if scopes else "no token") in shown


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.id)
def test_an_operation_has_its_parameters_answers_and_problems(one: Entry) -> None:
    section = page().anchors[one.id]
    labels = {element.attributes.get("aria-label") for element in section}

    for at in one.operation["parameters"]:
        assert at["in"] in row(f"{one.id}.{at['name']}").cells[1]
        check_field(f"{one.id}.{at['name']}", {**at["schema"], "description": at["description"]})
    for status, answer in one.operation["responses"].items():
        if int(status) < 400:
            assert f"{status}, {one.id}" in labels
            assert plain(answer["description"]) in section.text
            assert all(f"{header}: " in section.text for header in answer.get("headers", {}))
        else:
            assert all(name in section.text for name in re.findall("`([a-z-]+)`", answer["description"]))


@pytest.mark.parametrize(("owner", "field"), BODY_FIELDS)
def test_each_field_of_a_body_is_shown_with_its_limits_and_default(owner: str, field: str) -> None:
    schema = SCHEMAS[BODIES[owner]]
    described = schema["properties"][field]
    default = row(f"{owner}.body.{field}").cells[3]

    check_field(f"{owner}.body.{field}", described)
    assert (default == "required") == (field in schema.get("required", []))
    if "Default: " in described["description"] and default != "below":
        assert default == re.sub('[`"]', "", described["description"].partition("Default: ")[2]).rstrip(".")


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_each_field_of_a_schema_is_shown_with_its_limits(name: str, field: str) -> None:
    check_field(f"{name}.{field}", SCHEMAS[name]["properties"][field])


def test_fields_of_objects_in_a_body_follow_their_object() -> None:
    rows = [one.attributes["id"] for one in page().anchors["createSchedule"].all("tr") if "id" in one.attributes]
    at = rows.index("createSchedule.body.retry")

    assert rows[at + 1 : at + 3] == [
        "createSchedule.body.retry.max_retries",
        "createSchedule.body.retry.backoff_seconds",
    ]
    assert row("createSchedule.body.retry.backoff_seconds").cells[2:] == ["60 to 3,600", "60"]


def test_required_fields_stand_first() -> None:
    body = [
        one.cells[-1] == "required"
        for one in page().anchors["createSchedule"].all("tr")
        if str(one.attributes.get("id", "")).startswith("createSchedule.body.")
    ]

    assert body == sorted(body, reverse=True)
    assert sum(body) == 2


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_has_an_anchor(name: str) -> None:
    if name in BODIES.values():
        owners = [owner for owner, body in BODIES.items() if body == name]
        assert all(owner in page().anchors for owner in owners)
    else:
        assert page().anchors[name].parts


@pytest.mark.parametrize("name", ["Timing", "Action"])
def test_each_form_of_timings_and_actions_is_shown_with_an_example(name: str) -> None:
    shown = page().anchors[name]
    found = fields.alternatives(name, SCHEMAS)

    assert len(found) == {"Timing": 4, "Action": 7}[name]
    assert all(any(f"#{one}" == link.attributes["href"] for link in shown.all("a")) for one in found)
    assert len(shown.all("tr")) == 1 + len(found)


@pytest.mark.parametrize("name", KNOWN)
def test_each_problem_is_shown_with_its_status_and_a_remedy(name: str) -> None:
    status, kind, remedy = row(f"problem-{name}").cells

    assert status == str(int(KNOWN[name].status))
    assert kind == name + KNOWN[name].title
    assert remedy == plain(REMEDIES[name])


def test_the_remedies_are_those_of_the_documentation() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| (.+) \|$", API_PAGE.read_text(), re.MULTILINE)

    assert {name: (int(status), text) for name, status, text in rows} == {
        name: (int(problem.status), REMEDIES[name]) for name, problem in KNOWN.items()
    }


# Structure


def test_links_lead_to_a_place_on_the_page_or_to_the_api() -> None:
    anchors = [element.attributes["id"] for element in page() if "id" in element.attributes]
    targets = [str(link.attributes["href"]) for link in page().all("a")]

    assert len(anchors) == len(set(anchors))
    assert {target.removeprefix("#") for target in targets if target.startswith("#")} <= set(anchors)
    assert {target for target in targets if not target.startswith("#")} == {"openapi.json", "console"}


def test_the_navigation_has_every_operation_under_its_tag() -> None:
    (nav,) = page().all("nav")
    groups = {
        group.all("summary")[0].text: [link.attributes["href"] for link in group.all("a")]
        for group in nav.all("details")
    }

    for tag in document()["tags"]:
        of_tag = [f"#{one.id}" for one in OPERATIONS if tag["name"] in one.operation["tags"]]
        assert groups[f"{tag['name']}{len(of_tag)}"] == of_tag


def test_headings_have_no_gap() -> None:
    levels = [int(element.name[1]) for element in page() if re.fullmatch("h[1-6]", element.name)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_what_scrolls_and_what_is_chosen_has_a_name() -> None:
    regions = [element for element in page() if element.attributes.get("role") in {"region", "radiogroup"}]
    labels = [element.attributes["aria-label"] for element in regions if element.attributes["role"] == "region"]

    assert all(element.attributes["aria-label"] for element in [*regions, *page().all("table"), *page().all("nav")])
    assert len(labels) == len(set(labels))
    assert all(element.text for element in page().all("label"))


def test_one_tab_of_each_group_is_chosen() -> None:
    radios = [element for element in page().all("input") if element.attributes["type"] == "radio"]
    chosen = [str(element.attributes["name"]) for element in radios if "checked" in element.attributes]

    assert sorted(chosen) == sorted({str(element.attributes["name"]) for element in radios})


def test_a_part_has_as_many_panes_as_labels_and_the_style_sheet_knows_each() -> None:
    for tabs in (element for element in page() if element.attributes.get("class") == "tabs"):
        panes = [str(element.attributes["class"]) for element in tabs if "pane" in str(element.attributes.get("class"))]

        assert panes == [f"pane p{number}" for number in range(1, len(tabs.all("label")) + 1)]
        assert len(panes) <= 5


# Safe


def test_it_has_no_inline_script_or_style_and_nothing_from_elsewhere() -> None:
    inline = [
        element for element in page() if element.name == "style" or element.attributes.keys() & {"style", "onclick"}
    ]
    files = [
        element.attributes.get("src") or element.attributes.get("href")
        for element in [*page().all("script"), *page().all("link")]
    ]

    assert inline == []
    assert all(element.text == "" for element in page().all("script"))
    assert str(files.pop(1)).startswith("data:image/svg+xml,")
    assert files == [
        "console/docs.js",
        "console/tokens.css",
        "console/docs.css",
    ]


HOSTILE = "</code></pre><script>alert(1)</script>&\"'"


def hostile(value: Any) -> Any:
    """The document with a hostile end of every text."""
    match value:
        case dict():
            return {
                key: hostile(item) if key not in {"$ref", "url", "schemas"} or isinstance(item, dict) else item
                for key, item in value.items()
            }
        case list():
            return [hostile(item) for item in value]
        case str() if " " in value or "`" in value:
            return value + HOSTILE
    return value


def test_every_text_is_escaped() -> None:
    shown = read(render(hostile(deepcopy(dict(document())))))

    assert len(shown.all("script")) == 1
    assert shown.text.count("<script>alert(1)</script>") > 500


# Small


def test_it_keeps_its_budgets() -> None:
    assert len(gzip.compress(source().encode(), 6)) <= MOST_GZIPPED_BYTES
    assert len(list(page())) <= MOST_ELEMENTS
