"""README.md and the pages beside it name tests and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
ROWS_ON_A_SCREEN = 85


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_the_requirements_name_exists(file: str, name: str) -> None:
    text = (PROJECT / file).read_text()

    assert not name or re.search(rf"^(def {name}\(|run \"{name}\")", text, re.MULTILINE)


@pytest.mark.parametrize(("page", "path"), LINKED)
def test_each_page_that_a_page_links_to_exists(page: Path, path: str) -> None:
    assert (page.parent / path).exists()


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_text().splitlines()) <= ROWS_ON_A_SCREEN


def test_each_requirement_names_a_test() -> None:
    assert len(NAMED) > 20
