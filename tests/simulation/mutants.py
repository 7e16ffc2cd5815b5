"""Mutation tests: the named suites must detect small faults, which are put into the critical code one at a time.

`make mutants` applies each mutant of `mutations/*.toml` to a copy of the project, runs its suites there, and lists the
survivors. It fails if a survivor has no reason in the table. A row of the table has

- `file`, `old` and `new`: the text that is replaced; `old` must occur exactly once in the file;
- `breaks`: the behaviour that the mutant breaks;
- `suites`: the test files, or tests, to run, the most sensitive ones first; by default those of the file in `[suites]`;
- `reason`, only if no test can detect the mutant: why.

`test_mutants.py`, a part of `make test`, checks that the table fits the code.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PROJECT = Path(__file__).resolve().parents[2]
TABLES = Path(__file__).with_name("mutations")
COPIED = (
    "chalicelib",
    "notification",
    "local",
    "deploy",
    "tests",
    "terraform",
    "app.py",
    "pyproject.toml",
    "README.md",
)
LEFT_OUT = (".terraform", "*.tfstate*")

AT_ONCE = 2
"""How many mutants are tried side by side. Each needs a processor."""

MOST_SECONDS = 300
"""For the suites of one mutant. The slowest take half a minute on an idle machine."""

OPTIONS = (
    *("-x", "-q", "-m", "not long", "-p", "no:cacheprovider", "--hypothesis-seed", "0"),
    # Packages are imported before pytest could rewrite their assertions, of which they have none that matter here.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
ALL_PASSED, SOME_FAILED = 0, 1
"""Exit codes of pytest. Any other one says that the tests did not run."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)


class MutantsError(Exception):
    """A table that does not fit the code, or suites that cannot judge it."""


@dataclass(frozen=True)
class Mutant:
    """One row of the table."""

    file: str
    breaks: str
    old: str
    new: str
    suites: tuple[str, ...]
    reason: str | None = None

    def applied_to(self, text: str) -> str:
        """The mutated text of the file. Raises MutantsError unless `old` occurs exactly once."""
        if (found := text.count(self.old)) != 1:
            raise MutantsError(f"{self.file}: the text to replace occurs {found} times, not once: {self.old.strip()!r}")
        return text.replace(self.old, self.new)

    def __str__(self) -> str:
        return f"{self.file}: {self.breaks}"


class Verdict(StrEnum):
    """What the suites said of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Outcome:
    """One mutant after its suites ran."""

    mutant: Mutant
    verdict: Verdict
    seconds: float
    seen_by: str | None = None

    @property
    def is_explained(self) -> bool:
        return self.verdict is Verdict.KILLED or (self.verdict is Verdict.SURVIVED and self.mutant.reason is not None)

    def __str__(self) -> str:
        return f"{self.verdict:9} {self.seconds:4.0f} s  {self.mutant} ({self.seen_by})"


def read_tables(folder: Path = TABLES) -> list[Mutant]:
    return [mutant for path in sorted(folder.glob("*.toml")) for mutant in _read_table(path)]


def _read_table(path: Path) -> list[Mutant]:
    table = tomllib.loads(path.read_text())
    rows = ({"suites": table["suites"].get(row["file"], []), **row} for row in table["mutant"])
    return [Mutant(**{**row, "suites": tuple(row["suites"])}) for row in rows]


class Copy:
    """A copy of the project, in which one mutant at a time is tried. The checkout itself is never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "project"
        self._folder.mkdir()
        self._output = folder / "output"
        for name in COPIED:
            if (PROJECT / name).is_dir():
                shutil.copytree(PROJECT / name, self._folder / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
            else:
                shutil.copy(PROJECT / name, self._folder)
        self._pytest = self._start_pytest()

    def try_out(self, mutant: Mutant) -> Outcome:
        """Raises MutantsError if pytest could not run the tests."""
        path = self._folder / mutant.file
        original = path.read_text()
        began_at = time.monotonic()
        try:
            self._write(path, mutant.applied_to(original))
            verdict, seen_by = self._judge(mutant)
        finally:
            self._write(path, original)
        return Outcome(mutant, verdict, time.monotonic() - began_at, seen_by)

    def check(self, suites: Sequence[str]) -> None:
        """Raises MutantsError if the suites fail without a mutant: then they cannot judge one."""
        if self._run(suites) != ALL_PASSED:
            raise MutantsError(f"the suites fail without a mutant:\n{self._output.read_text()}")

    def close(self) -> None:
        self._pytest.communicate()

    def _judge(self, mutant: Mutant) -> tuple[Verdict, str | None]:
        """The verdict, and the test that saw the mutant."""
        code = self._run(mutant.suites)
        if code < 0:
            return Verdict.TIMED_OUT, None
        if code == ALL_PASSED:
            return Verdict.SURVIVED, None
        if code == SOME_FAILED and (failed := FAILED.search(self._output.read_text())):
            return Verdict.KILLED, failed[1]
        raise MutantsError(f"{mutant}\npytest could not run the tests:\n{self._output.read_text()}")

    def _run(self, suites: Sequence[str]) -> int:
        """The exit code of pytest."""
        # What Hypothesis found for one mutant must not be tried first on another.
        shutil.rmtree(self._folder / ".hypothesis" / "examples", ignore_errors=True)
        assert self._pytest.stdin is not None
        assert self._pytest.stdout is not None
        print(json.dumps([MOST_SECONDS, *OPTIONS, *suites]), file=self._pytest.stdin, flush=True)
        return int(self._pytest.stdout.readline())

    def _start_pytest(self) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
        return subprocess.Popen(
            [sys.executable, "tests/simulation/forked_pytest.py", str(self._output)],
            cwd=self._folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _write(self, path: Path, text: str) -> None:
        """Compiled code goes by size and second, and a mutant may change neither."""
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
        path.write_text(text)


class Copies:
    """As many copies as mutants are tried side by side."""

    def __init__(self, folder: Path, number: int) -> None:
        self._free: SimpleQueue[Copy] = SimpleQueue()
        for name in range(number):
            (folder / str(name)).mkdir()
            self._free.put(Copy(folder / str(name)))

    def check(self, suites: Sequence[str]) -> None:
        with self._one() as copy:
            copy.check(suites)

    def try_out(self, mutant: Mutant) -> Outcome:
        with self._one() as copy:
            outcome = copy.try_out(mutant)
        print(outcome, flush=True)  # noqa: T201 - the table of a terminal program
        return outcome

    def close(self) -> None:
        while not self._free.empty():
            self._free.get().close()

    @contextmanager
    def _one(self) -> Iterator[Copy]:
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)


def run(mutants: Sequence[Mutant], at_once: int) -> list[Outcome]:
    """Tries each mutant out. Raises MutantsError."""
    suites = sorted({suite for mutant in mutants for suite in mutant.suites})
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Copies(Path(folder), at_once)) as copies,
        ThreadPoolExecutor(at_once) as pool,
    ):
        list(pool.map(copies.check, shares(suites, at_once)))
        return list(pool.map(copies.try_out, mutants))


def shares(suites: Sequence[str], number: int) -> list[Sequence[str]]:
    """The suites, divided among so many copies. No share is empty: pytest without files would run all tests."""
    return [share for first in range(number) if (share := suites[first::number])]


def report(outcomes: Iterable[Outcome]) -> tuple[str, bool]:
    """The summary, and whether each survivor is explained."""
    found = list(outcomes)
    unexplained = [outcome for outcome in found if not outcome.is_explained]
    explained = [outcome for outcome in found if outcome.is_explained and outcome.verdict is not Verdict.KILLED]
    lines = [f"{len(found)} mutants, {len(found) - len(unexplained) - len(explained)} killed"]
    lines += [f"survived, explained: {outcome.mutant}\n    {outcome.mutant.reason}" for outcome in explained]
    lines += [f"{outcome.verdict}, not explained: {outcome.mutant}" for outcome in unexplained]
    return "\n".join(lines), not unexplained


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="only mutants with this text in file or `breaks`")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help=f"how many side by side (default: {AT_ONCE})")
    args = parser.parse_args()
    mutants = [mutant for mutant in read_tables() if args.only in str(mutant)]
    if not mutants:
        sys.exit(f"no mutant contains {args.only!r}")
    try:
        summary, is_explained = report(run(mutants, args.at_once))
    except MutantsError as exc:
        sys.exit(str(exc))
    print(summary)  # noqa: T201
    sys.exit(not is_explained)


if __name__ == "__main__":
    main()
