from __future__ import annotations

from benchmarks.api_start import rows


def test_both_apps_answer_their_first_request_and_are_compared() -> None:
    (row,) = rows(rounds=1)
    (measured,) = row.measured

    assert min(*measured.ours, *measured.peers["bare Chalice app"]) > 0
