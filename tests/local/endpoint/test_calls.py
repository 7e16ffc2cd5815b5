"""The list of calls says how many are missing."""

from __future__ import annotations

from datetime import UTC, datetime

from local.endpoint.calls import Call, Calls


def test_the_oldest_calls_are_dropped_and_counted() -> None:
    calls = Calls()

    for number in range(10_003):
        calls.add(Call(f"sqs:{number}", datetime.now(UTC), "caller", 200, 0))

    assert (len(calls.all()), calls.all()[0].operation, calls.dropped) == (10_000, "sqs:3", 3)


def test_a_cleared_list_has_dropped_nothing() -> None:
    calls = Calls()
    for number in range(10_001):
        calls.add(Call(f"sqs:{number}", datetime.now(UTC), "caller", 200, 0))

    calls.clear()

    assert (calls.all(), calls.dropped) == ([], 0)
