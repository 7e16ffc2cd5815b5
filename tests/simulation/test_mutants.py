"""The table of mutants fits the current code, and `make mutants` reports what the suites detect.

These tests do not run the mutants; `make mutants` does, which takes longer.
"""

from __future__ import annotations

import ast
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.simulation.mutants import PROJECT, Copy, Mutant, MutantsError, Outcome, Verdict, read_tables, report, shares

if TYPE_CHECKING:
    from pathlib import Path

MUTANTS = read_tables()
FILES = sorted({mutant.file for mutant in MUTANTS})
LONG_TEST = "test_each_use_case_makes_calls_and_their_number_is_a_figure_of_the_first_promise"
MUTANT = Mutant("a.py", "the sum", "one + two", "one - two", ("tests/test_a.py",))


@pytest.mark.parametrize("file", FILES)
def test_each_mutant_of_a_file_applies_and_compiles_and_is_another_program(file: str) -> None:
    text = (PROJECT / file).read_text()
    program = ast.dump(ast.parse(text))

    for mutant in MUTANTS:
        if mutant.file == file:
            mutated = mutant.applied_to(text)
            compile(mutated, file, "exec")
            assert ast.dump(ast.parse(mutated)) != program, mutant


def test_there_are_more_than_a_hundred_and_no_two_are_the_same() -> None:
    mutants = Counter((mutant.file, mutant.old, mutant.new) for mutant in MUTANTS)

    assert len(mutants) > 100
    assert max(mutants.values()) == 1


def test_each_has_suites_that_exist() -> None:
    suites = {suite for mutant in MUTANTS for suite in mutant.suites}

    assert [mutant for mutant in MUTANTS if not mutant.suites] == []
    assert [suite for suite in sorted(suites) if not exists(suite)] == []


@cache
def quick_tests(path: Path) -> frozenset[str]:
    """The names of a file's tests, without those marked long: `make mutants` does not run these."""
    statements = ast.parse(path.read_text()).body
    marks = [each for each in map(ast.unparse, statements) if each.startswith("pytestmark = ")]
    if any("pytest.mark.long" in each for each in marks):
        return frozenset()
    tests = (each for each in statements if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"))
    return frozenset(test.name for test in tests if not any(map(is_long, test.decorator_list)))


def is_long(decorator: ast.expr) -> bool:
    return ast.unparse(decorator) == "pytest.mark.long"


def exists(suite: str) -> bool:
    """Returns whether the suite, a file or a test of a file, has a test that is not long."""
    file, _, name = suite.partition("::")
    path = PROJECT / file
    quick = quick_tests(path) if path.is_file() else frozenset()
    return name in quick if name else bool(quick)


def test_a_file_or_a_test_that_is_only_long_is_no_suite() -> None:
    long = "tests/simulation/test_crash_at_every_step.py"

    assert exists(long)
    assert not exists(f"{long}::{LONG_TEST}")
    assert not exists("tests/e2e/test_soak_week.py")


@pytest.mark.parametrize("text", ["two + one", "one + two + one + two"])
def test_a_text_that_does_not_occur_exactly_once_is_an_error(text: str) -> None:
    with pytest.raises(MutantsError, match="occurs"):
        MUTANT.applied_to(text)


@pytest.mark.long
def test_a_suite_kills_what_it_sees_and_the_checkout_stays_as_it_is(tmp_path: Path) -> None:
    seen = next(mutant for mutant in MUTANTS if mutant.file == "chalicelib/core/model/backoff.py")
    before = (PROJECT / seen.file).read_text()

    with closing(Copy(tmp_path)) as copy:
        killed = copy.try_out(seen)
        blind = copy.try_out(replace(seen, suites=("tests/core/actions/test_report_period.py",)))
        with pytest.raises(MutantsError, match="could not run"):
            copy.try_out(replace(seen, suites=("tests/no_such_file.py",)))

    assert (killed.verdict, blind.verdict) == (Verdict.KILLED, Verdict.SURVIVED)
    assert (killed.seen_by or "").startswith("tests/core/model/test_backoff.py::")
    assert (PROJECT / seen.file).read_text() == before


def test_a_copy_without_suites_runs_no_tests() -> None:
    assert shares(["one"], 2) == [["one"]]
    assert shares(["one", "two", "three"], 2) == [["one", "three"], ["two"]]


@pytest.mark.parametrize(
    ("verdict", "reason", "is_explained"),
    [
        (Verdict.KILLED, None, True),
        (Verdict.SURVIVED, None, False),
        (Verdict.SURVIVED, "a sum of zeros", True),
        (Verdict.TIMED_OUT, "a sum of zeros", False),
    ],
)
def test_only_a_survivor_with_a_reason_is_explained(
    verdict: Verdict, reason: str | None, *, is_explained: bool
) -> None:
    outcome = Outcome(replace(MUTANT, reason=reason), verdict, 1.0, None)

    summary, all_explained = report([outcome])

    assert all_explained is is_explained
    assert ("not explained" in summary) is not is_explained
