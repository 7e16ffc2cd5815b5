"""One own action that is broken breaks no other."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from chalicelib.actions import built_in

PROJECT = Path(__file__).parents[3]

FIND = """
from notification.actions import registry

print(registry.find("email").type)
try:
    registry.find("invoice.remind")
except registry.ActionUnknown as unknown:
    print(unknown, unknown.permanent)
"""


def test_a_file_that_imports_a_missing_package_keeps_no_other_action_from_running(tmp_path: Path) -> None:
    for folder in ("notification", "chalicelib"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "notification/actions/invoice.py").write_text("import no_such_package\n")

    done = subprocess.run([sys.executable, "-c", FIND], cwd=tmp_path, capture_output=True, text=True, check=True)

    email, unknown = done.stdout.splitlines()
    assert email == "email"
    assert unknown == (
        f"unknown action 'invoice.remind'; deployed: {', '.join(sorted(built_in()))}; "
        "invoice cannot be imported: ModuleNotFoundError: No module named 'no_such_package' True"
    )
    assert "an action cannot be imported" in done.stderr
