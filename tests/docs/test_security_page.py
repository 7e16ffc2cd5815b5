"""docs/security.md: each threat names what holds it and a test that exists; each limit is as the code has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.api.auth import CLOCK_SKEW_SECONDS, Scope
from chalicelib.api.edge import gateway_responses
from chalicelib.api.models.requests import MOST_BODY_BYTES, MOST_IN_A_BATCH
from chalicelib.api.responses import PROBLEMS
from chalicelib.core.model.fields import LIMITS, Limits
from chalicelib.settings import ApiSettings

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`((?:tests|terraform/tests)/[\w./]+?\.(?:py|hcl))(?:::(\w+))?`", PAGE)


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its first two lines."""
    section = re.split(r"^## ", PAGE.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_it_names_exists(file: str, name: str) -> None:
    text = (PROJECT / file).read_text()

    assert not name or re.search(rf"^(def {name}\(|run \"{name}\")", text, re.MULTILINE)


def test_each_threat_names_what_holds_it_and_a_test() -> None:
    threats = rows("Threats")

    assert len(threats) > 25
    for cells in threats:
        _asset, _boundary, threat, holds, proof = cells
        assert all((threat, holds, proof))
        assert re.search(r"`(terraform/)?tests/", proof)


def test_each_scope_stands_on_it() -> None:
    assert all(f"| `{scope}` |" in PAGE for scope in Scope)


def test_each_problem_and_setting_of_its_limits_exists() -> None:
    limits = rows("Limits")
    problems = {problem.name for problem in (*PROBLEMS.values(), *gateway_responses.PROBLEMS)}

    assert set(re.findall(r"`([a-z-]+)`", " ".join(cells[2] for cells in limits))) <= problems
    assert set(re.findall(r"`([A-Z_]+)`", " ".join(cells[3] for cells in limits))) <= {
        name.upper() for name in ApiSettings.model_fields
    }


def test_its_figures_are_those_of_the_code() -> None:
    fields = ApiSettings.model_fields

    assert (fields["most_live_schedules"].default, fields["min_period_seconds"].default) == (1000, 60)
    assert (fields["payload_limit_bytes"].default, MOST_BODY_BYTES) == (64 * 1024, 1024 * 1024)
    assert (MOST_IN_A_BATCH, LIMITS["metadata"], CLOCK_SKEW_SECONDS) == (100, Limits(0, 2048), 60)
