"""README.md's lines of Python, run as they stand there, with the environment that the API has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.app.processes import PROJECT

if TYPE_CHECKING:
    from local.app.stack import Stack

pytestmark = pytest.mark.e2e

IN_PYTHON = re.compile(r"^```python\n(from chalicelib.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_lines_of_the_readme_create_list_and_cancel(stack: Stack) -> None:
    (lines,) = IN_PYTHON.findall((PROJECT / "README.md").read_text())
    config = json.loads((stack.directory / "project" / ".chalice" / "config.json").read_text())
    environment = stack.environment | config["stages"]["local"]["environment_variables"]

    done = subprocess.run(
        [sys.executable, "-c", lines], env=environment, cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"datetime\(20\d\d, .*tzinfo=datetime.timezone.utc\)", done.stdout)
