"""docs/architecture.md and the decision records: their states, paths and actions' folders are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status

PROJECT = Path(__file__).resolve().parents[2]
ARCHITECTURE = PROJECT / "docs" / "architecture.md"
PAGES = [ARCHITECTURE, *sorted((PROJECT / "docs" / "adr").glob("*.md"))]


def states(heading: str) -> set[str]:
    section = ARCHITECTURE.read_text().partition(f"## {heading}\n")[2].partition("```\n")[0]
    arrows = re.findall(r"^    (\S+) --> ([^:\n]+)", section, re.MULTILINE)
    return {state for arrow in arrows for state in arrow} - {"[*]"}


def test_the_diagrams_have_each_status_and_no_other() -> None:
    assert states("States of a schedule") == set(Status)
    assert states("States of a run") == set(RunStatus)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_folder_and_file_that_a_page_names_exists(page: Path) -> None:
    roots = "chalicelib|notification|local|deploy|terraform|tests|examples"
    named = re.findall(rf"`((?:{roots})/[\w./]+)`", page.read_text())

    missing = {path for path in named if not (PROJECT / path).exists()} - {"chalicelib/scheduled_tasks"}
    assert missing == set()


def test_the_list_of_records_has_the_title_of_each() -> None:
    index, *records = sorted(PAGES[1:], key=lambda page: page.name != "README.md")
    listed = re.findall(r"^\| \[(\d{4})\]\((.+?)\) \| (.+) \|$", index.read_text(), re.MULTILINE)

    titles = [(page.name, page.read_text().partition("\n")[0]) for page in records]
    assert [(name, f"# {number}: {title}") for number, name, title in listed] == titles
