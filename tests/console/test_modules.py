"""The console's own modules: types, lint, unit tests, and nothing that its Content-Security-Policy forbids.

`make check` runs types and lint; here stands that they find mistakes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.console.tools import LINTED, STATIC, ToolFailed, check_types, lint, own_files, unit_tests

if TYPE_CHECKING:
    from pathlib import Path

FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|\bsrcdoc\b|javascript:"
    r"|\beval\(|new Function|<script(?![^>]* src=)|<style|\sstyle=[\"']|\son[a-z]+=[\"']",
    re.IGNORECASE,
)
"""Ways from text to markup or script, and inline styles and handlers."""


def test_the_unit_tests_succeed() -> None:
    assert "fail 0" in unit_tests()


def test_a_failing_unit_test_is_found(tmp_path: Path) -> None:
    (tmp_path / "wrong.test.js").write_text('import { test } from "node:test"; test("wrong", () => { throw 1; });')

    with pytest.raises(ToolFailed, match="fail 1"):
        unit_tests(tmp_path)


def test_a_folder_without_unit_tests_is_found(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no tests"):
        unit_tests(tmp_path)


def test_a_wrong_type_is_found(tmp_path: Path) -> None:
    (tmp_path / "wrong.js").write_text('import { signal } from "./libs.js";\nsignal(1).value = "one";\n')

    with pytest.raises(ToolFailed, match=r"static/wrong\.js\(2,1\): error TS2322"):
        check_types(static=tmp_path)


@pytest.mark.parametrize(("name", "text"), [("wrong.js", "var once = 1\n"), ("wrong.css", "a { colour: red; }\n")])
def test_a_finding_of_the_linter_is_found(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(ToolFailed, match="lint/"):
        lint(tmp_path)


def test_no_text_becomes_markup_or_script() -> None:
    texts = {
        path.name: path.read_text() for path in [*own_files(STATIC), *STATIC.glob("*.html"), *STATIC.glob("*.svg")]
    }

    assert {name: found for name, text in texts.items() if (found := FORBIDDEN.findall(text))} == {}


@pytest.mark.parametrize(
    "text", ["element.innerHTML = name", 'html`<p style="color: red">`', '<a onclick="go()">', "<script>go()</script>"]
)
def test_a_way_from_text_to_script_is_found(text: str) -> None:
    assert FORBIDDEN.search(text)


def test_a_file_has_a_type_that_the_checks_know() -> None:
    assert {path.suffix for path in STATIC.iterdir()} <= {*LINTED, ".html", ".svg", ".txt"}
