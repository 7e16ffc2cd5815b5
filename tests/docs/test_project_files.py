"""The files for editors, hooks and CI: they are valid, and CI runs what the README names."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]


def test_the_hooks_before_a_commit_are_valid() -> None:
    command: list[str | Path] = [
        Path(sys.executable).with_name("pre-commit"),
        "validate-config",
        PROJECT / ".pre-commit-config.yaml",
    ]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_workflow_runs_both_test_commands_from_the_oldest_python_on() -> None:
    text = (PROJECT / ".github" / "workflows" / "test.yml").read_text()
    workflow = yaml.safe_load(text)  # type: ignore[no-untyped-call]
    job = workflow["jobs"]["test"]
    oldest = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")

    assert [step["run"] for step in job["steps"] if "run" in step] == ["make test", "make test-all"]
    assert job["strategy"]["matrix"]["python"] == [oldest, "3.12", "3.13"]


def test_a_weekly_workflow_runs_the_mutants_with_the_same_actions() -> None:
    folder = PROJECT / ".github" / "workflows"
    test, mutants = (yaml.safe_load((folder / name).read_text()) for name in ("test.yml", "mutants.yml"))  # type: ignore[no-untyped-call]
    steps, usual = mutants["jobs"]["mutants"]["steps"], test["jobs"]["test"]["steps"]

    # YAML 1.1 reads the key `on` as True.
    assert [event["cron"].split()[-1] for event in mutants[True]["schedule"]] == ["1"]
    assert [step["run"] for step in steps if "run" in step] == ["make mutants"]
    assert [step["uses"] for step in steps if "uses" in step] == [step["uses"] for step in usual if "uses" in step]


def test_contributing_lists_targets_of_make_that_exist() -> None:
    named = set(re.findall(r"`make ([a-z-]+)", (PROJECT / "CONTRIBUTING.md").read_text()))
    targets = set(re.findall(r"^([a-z-]+):.*## ", (PROJECT / "Makefile").read_text(), re.MULTILINE))

    assert named <= targets
