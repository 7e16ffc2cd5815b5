"""README.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()
NAMED = re.findall(r"`((?:tests|terraform/tests)/[\w./]+?\.(?:py|hcl))(?:::(\w+))?`", README)
LINKED = re.findall(r"\]\((?!https?:)([\w./-]+)\)", README)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_it_names_exists(file: str, name: str) -> None:
    text = (PROJECT / file).read_text()

    assert not name or re.search(rf"^(def {name}\(|run \"{name}\")", text, re.MULTILINE)


@pytest.mark.parametrize("path", LINKED)
def test_each_page_that_it_links_to_exists(path: str) -> None:
    assert (PROJECT / path).exists()


def test_it_shows_a_test_for_each_row_of_what_was_asked_for() -> None:
    assert len(NAMED) > 20
