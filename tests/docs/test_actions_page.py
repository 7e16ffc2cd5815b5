"""docs/actions.md: the action on it passes the tests on it, and its inputs are Terraform's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deploy.build.own_actions import own_action_types
from deploy.paths import PROJECT, TERRAFORM
from notification.action_api import ActionFailed, RunContext

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (PROJECT / "docs" / "actions.md").read_text()
FILES = dict(re.findall(r"`([\w/]+\.(?:py|tfvars))`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL))
LINKED = ("chalicelib", "local", "deploy", "pyproject.toml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """This project with the files of the page."""
    for name in LINKED:
        (tmp_path / name).symlink_to(PROJECT / name)
    for name in ("notification", "tests/notification"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_page_has_the_files_that_it_tells_of() -> None:
    assert set(FILES) == {
        "notification/actions/invoice_remind.py",
        "terraform/envs/dev.tfvars",
        "tests/test_invoice_remind.py",
    }


@pytest.mark.long
def test_the_tests_on_the_page_pass(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_invoice_remind.py"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_the_api_will_know_the_action_on_the_page(project: Path) -> None:
    assert own_action_types(project / "notification/actions") == ["invoice.remind"]


def test_the_inputs_on_the_page_are_terraform_s() -> None:
    inputs = set(re.findall(r"^(\w+) =", FILES["terraform/envs/dev.tfvars"], re.MULTILINE))
    variables = set(re.findall(r'^variable "(\w+)"', (TERRAFORM / "variables.tf").read_text(), re.MULTILINE))

    assert inputs == {"environment_variables", "action_policy_statements"}
    assert inputs <= variables


def test_what_an_action_may_raise_stands_on_the_page() -> None:
    options = set(re.findall(r"`(\w+)=", PAGE.partition("| the function | means |")[2].partition("\n\n")[0]))

    assert options == set(vars(ActionFailed("")))


def test_what_a_run_has_stands_on_the_page() -> None:
    internal = {"repository", "sign", "settings", "run_id", "aws", "clock"}
    listed = PAGE.partition("`run` also has")[2].partition("`run.aws")[0]

    assert set(re.findall(r"`(\w+)`", listed)) == set(RunContext.__dataclass_fields__) - internal
