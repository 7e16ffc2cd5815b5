from __future__ import annotations

from benchmarks.batches import rows


def test_a_batch_is_compared_with_the_same_calls_in_a_row() -> None:
    (row,) = rows(rounds=1, size=3, batches=(1,))
    (measured,) = row.measured

    # Three creates of at least three calls, 20 ms each.
    assert measured.peers["boto3, one call at a time"][0] >= 0.18
    assert 0.06 <= measured.ours[0] < 60
