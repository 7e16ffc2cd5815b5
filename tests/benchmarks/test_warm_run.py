from __future__ import annotations

from benchmarks.warm_run import KINDS, warm_runs


def test_both_kinds_of_schedules_run_and_are_compared() -> None:
    measured = warm_runs(rounds=1, runs=1)

    assert measured.keys() == KINDS.keys()
    assert all(min(of.values()) > 0 for of in measured.values())
