from __future__ import annotations

from benchmarks.listed_schedules import rows


def test_a_page_is_measured_among_few_and_many() -> None:
    (row,) = rows(rounds=1, numbers=(1, 3))

    assert [measured.what for measured in row.measured] == ["among 1", "among 3"]
    assert all(min(measured.ours) > 0 for measured in row.measured)
