from __future__ import annotations

from benchmarks.local_table import rows


def test_pages_a_sweep_and_lists_are_measured() -> None:
    pages, sweep, calls, units = rows(rounds=1, numbers=(30,), live=3)

    assert all(min(*of.ours, *of.peers["moto"]) > 0 for of in pages.measured)
    assert min(sweep.measured[0].ours) > 0
    assert [of.ours for of in calls.measured] == [(1,)]
    assert all(
        min(of.ours) >= 0.5 for of in units.measured
    )  # half a unit is the least of an eventually consistent read
