from __future__ import annotations

from statistics import median

from benchmarks.local_table import rows


def test_pages_a_sweep_and_lists_are_measured() -> None:
    pages, sweep, calls, units = rows(rounds=1, numbers=(3, 101), live=3)

    assert all(min(*of.ours, *of.peers["moto"]) > 0 for of in pages.measured)
    assert median(sweep.measured[0].ours) > 0
    assert [of.ours for of in calls.measured] == [(1,), (1,)]
    assert [of.ours[0] for of in units.measured] == sorted(of.ours[0] for of in units.measured)
