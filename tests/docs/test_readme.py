"""README.md and the pages beside it name tests and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.promises import PROMISES

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
NAMED = re.findall(
    r"`((?:tests|terraform/tests)/[\w./]+?\.(?:py|hcl))(?:::(\w+))?`",
    (PROJECT / "docs" / "requirements.md").read_text(),
)
LINKED = [
    (page, path)
    for page in PAGES
    for path in re.findall(r"\]\((?!https?:|#)([\w./-]+)(?:#[\w-]+)?\)", page.read_text())
]
ROWS_ON_A_SCREEN = 70


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_the_requirements_name_exists(file: str, name: str) -> None:
    text = (PROJECT / file).read_text()

    assert not name or re.search(rf"^(def {name}\(|run \"{name}\")", text, re.MULTILINE)


@pytest.mark.parametrize(("page", "path"), LINKED)
def test_each_page_that_a_page_links_to_exists(page: Path, path: str) -> None:
    assert (page.parent / path).exists()


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_text().splitlines()) <= ROWS_ON_A_SCREEN


def test_the_table_of_promises_is_printed_with_the_figures_of_a_run() -> None:
    table = (PROJECT / "README.md").read_text().partition("## Promises\n")[2].partition("\n## ")[0]
    _, *rows = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)

    assert list(PROMISES.items()) == list(enumerate(rows, 1))


def test_each_test_of_a_figure_names_a_promise() -> None:
    numbered = {
        int(number)
        for path in (PROJECT / "tests").rglob("test_*.py")
        for number in re.findall(r"\bpromise\(\s*(\d+),", path.read_text())
    }

    assert numbered == PROMISES.keys()


def test_each_requirement_names_a_test() -> None:
    assert len(NAMED) > 20
