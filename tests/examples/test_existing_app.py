"""examples/existing_app, with our chalicelib in it under another name, passes its own tests in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.long
def test_an_existing_app_takes_us_in_under_another_name(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    no_caches = ignore_patterns("__pycache__", ".*_cache")
    copytree(PROJECT / "examples" / "existing_app", shop, ignore=no_caches)
    copytree(PROJECT / "chalicelib", shop / "chalicelib" / "scheduled_tasks", ignore=no_caches)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error"],
        cwd=shop,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout
