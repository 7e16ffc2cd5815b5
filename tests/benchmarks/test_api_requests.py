from __future__ import annotations

from benchmarks.api_requests import REQUESTS, rows


def test_each_kind_of_request_is_answered_and_compared() -> None:
    measured = [of for row in rows(rounds=1, requests=1) for of in row.measured]

    assert len(measured) == len(REQUESTS)
    assert all(min(*of.ours, *of.peers["bare Chalice route"]) > 0 for of in measured)
