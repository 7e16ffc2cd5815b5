"""CONTRIBUTING.md: a copy gets a field, a route and an action by the edits that its lists name, and no other."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deploy.build.package import build
from tests import additions

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "CONTRIBUTING.md").read_text()
FIXTURES = "Change what is stored"
LISTS = {
    "Add a field of a schedule that clients set": additions.field("tint"),
    "Add a route": additions.ROUTE,
    "Add an action": additions.ACTION,
}
VERSION, NEXT_VERSION = re.compile(r'^((?:__)?version(?:__)? = )".*"$', re.MULTILINE), "999.0.0"
COPIED = ("chalicelib", "notification", "local", "deploy", "terraform", "docs", "examples", "tests", "benchmarks")

NEW_TESTS = (
    "tests/actions/test_alert.py",
    "tests/api/routes/test_summary.py",
)
"""Those of the additions."""

THEIR_TESTS = (
    *NEW_TESTS,
    "tests/actions/test_actions.py",
    "tests/actions/test_facts.py",
    "tests/api/test_bad_input.py",
    "tests/api/test_completeness.py",
    "tests/api/test_openapi.py",
    "tests/api/test_openapi_schemas.py",
    "tests/api/test_ownership.py",
    "tests/contract/test_item_mapping.py",
    "tests/contract/test_releases.py",
    "tests/contract/test_repository_fields.py",
    "tests/core/model/test_codec.py",
    "tests/core/model/test_fields.py",
    "tests/core/model/test_payload.py",
    "tests/docs/test_api_page.py",
    "tests/notification/actions",
    "tests/notification/test_old_payloads.py",
    "tests/notification/test_runner.py::test_an_action_that_is_not_deployed_is_named",
    "tests/scheduling/test_actions.py",
    "tests/terraform/test_policies.py",
    "tests/test_house.py",
)
"""All that read the lists of fields, routes and actions."""

THE_LAMBDA = """
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from notification.actions import registry
from notification.action_api import RunContext
from notification.composition import client_configs

sent = []
sns = SimpleNamespace(publish=lambda **request: sent.append(request))
run = RunContext(
    run_id="r1", user_id="alice", schedule_id="s1", resource_id=None, name="Trial", metadata={}, timezone="UTC",
    scheduled_time=datetime(2027, 3, 1, tzinfo=UTC), settings=None, repository=None, aws=lambda _: sns, clock=None,
    sign=None,
)
registry.find("alert").work(run, {"phone": "+1555", "text": "{{name}} ends", "placeholders": True})
print(json.dumps({"sent": sent, "client": client_configs()["sns"].read_timeout}))
"""


def steps(heading: str) -> list[str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\d+\. (.*(?:\n   .*)*)", section, re.MULTILINE)


def named(steps: Iterable[str]) -> set[str]:
    """The files, and with `/` at their ends the folders for new files, that a list names and that there are."""
    tokens = {token for step in steps for token in re.findall(r"`([^`\s]+)`", step)}
    return {token for token in tokens if ("/" in token or "." in token) and (PROJECT / token).exists()}


def place(path: str, listed: set[str]) -> str:
    """The file as a list names it: itself, or its folder."""
    folder = f"{Path(path).parent}/"
    return folder if folder in listed else path


@pytest.mark.parametrize("heading", LISTS)
def test_a_list_names_the_files_that_are_edited_and_no_other(heading: str) -> None:
    listed = named(steps(heading))

    assert {place(edit.path, listed) for edit in LISTS[heading]} == listed


def test_every_path_on_the_page_exists() -> None:
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", PAGE)

    assert len(paths) > 20
    assert [path for path in paths if not re.search("vN|vX", path) and not (PROJECT / path).exists()] == [".local/PORT"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project with the additions, made as the lists say."""
    project = tmp_path_factory.mktemp("copy")
    left_out = shutil.ignore_patterns("__pycache__", ".terraform", "node_modules", "*.tfstate*")
    for name in (*COPIED, ".chalice", ".github"):
        shutil.copytree(PROJECT / name, project / name, ignore=left_out)
    for path in (*PROJECT.glob("*.md"), *PROJECT.glob("*.txt"), *PROJECT.glob(".*.yaml")):
        shutil.copy(path, project)
    for name in ("app.py", "pyproject.toml", "Makefile", "LICENSE"):
        shutil.copy(PROJECT / name, project)
    for edit in (edit for edits in LISTS.values() for edit in edits):
        edit.apply(project)
    raise_version(project)
    for heading in (FIXTURES, *LISTS):
        for command in re.findall(r"`python -m ([\w.]+)`", " ".join(steps(heading))):
            run(project, "-m", command)
    return project


def raise_version(project: Path) -> None:
    """In the files that the list of fixtures names. Fixtures of the version before stay, and have to be read."""
    for path in (project / name for name in named(steps(FIXTURES))):
        if path.suffix in (".py", ".toml"):
            path.write_text(VERSION.sub(rf'\1"{NEXT_VERSION}"', path.read_text()))


def run(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=project, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


def pytest_in(project: Path, *arguments: str) -> None:
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-seed", "0", *arguments)


@pytest.mark.long
def test_what_was_added_works(copy: Path) -> None:
    pytest_in(copy, *NEW_TESTS, "tests/docs/test_api_page.py")


@pytest.mark.long
def test_the_zip_of_the_lambda_has_the_action_and_does_its_work(copy: Path, tmp_path: Path) -> None:
    package = build(tmp_path / "notification.zip", copy)

    # `-P` and the folder of the zip: no other code of ours can be imported.
    program = f"import sys; sys.path.insert(0, {str(package.path)!r})\n{THE_LAMBDA}"
    printed: dict[str, Any] = json.loads(run(tmp_path, "-P", "-c", program))

    assert printed == {"sent": [{"PhoneNumber": "+1555", "Message": "Trial ends"}], "client": 8}


@pytest.mark.long
def test_nothing_else_had_to_be_edited(copy: Path) -> None:
    run(copy, "-m", "ruff", "check", "--no-cache", ".")
    run(copy, "-m", "ruff", "format", "--no-cache", "--check", ".")
    run(copy, str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    # The fake suffices: test_item_mapping and test_fields compare a field with the real table.
    pytest_in(copy, *THEIR_TESTS, "-k", "not DynamoDB")
