from __future__ import annotations

from benchmarks.warm_run import KINDS, rows


def test_both_kinds_of_schedule_run_and_are_compared() -> None:
    measured = [of for row in rows(rounds=1, runs=2) for of in row.measured]

    assert len(measured) == len(KINDS)
    assert all(min(*of.ours, *of.peers["bare handler"]) > 0 for of in measured)
