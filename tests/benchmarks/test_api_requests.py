from __future__ import annotations

from benchmarks.api_requests import REQUESTS, api_requests


def test_each_kind_of_request_is_answered_and_compared() -> None:
    measured = api_requests(rounds=1, requests=1)

    assert measured.keys() == REQUESTS.keys()
    assert all(min(of.values()) > 0 for of in measured.values())
