"""How `make run` starts, where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.errors import DeployError
from local.app.stack import Stack
from tests.deploy.build.test_action_imports import a_project_with

if TYPE_CHECKING:
    from pathlib import Path


def test_it_refuses_an_action_that_cannot_be_imported_before_anything_is_started(tmp_path: Path) -> None:
    project = a_project_with(tmp_path / "project", invoice="import no_such_module\n")
    steps: list[str] = []
    stack = Stack(tmp_path / "stack", cloud_port=1, api_port=2, project=project, on_step=steps.append)

    with pytest.raises(DeployError, match=r"invoice\.py, line 1, cannot be imported: .* add what is missing\.$"):
        stack.start()
    stack.stop()

    assert (steps, stack.children) == (["build the Notification Lambda's zip"], [])
