"""A checkout with actions of its own, made as the README says: a file each in `notification/actions`, no other edit."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.paths import PROJECT

OWN_ACTIONS = Path(__file__).with_name("own_actions")
FOLDERS = ("chalicelib", "notification")
FILES = ("app.py", "requirements.txt", ".chalice/config.json")


def make_project(directory: Path) -> Path:
    """A copy of this project in `directory`, with the files of `own_actions` added."""
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    (directory / ".chalice").mkdir()
    for name in FILES:
        shutil.copy(PROJECT / name, directory / name)
    for file in OWN_ACTIONS.glob("*.py"):
        shutil.copy(file, directory / "notification" / "actions")
    return directory
