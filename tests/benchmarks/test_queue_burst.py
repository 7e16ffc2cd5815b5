"""The benchmark of bursts measures each delivery once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.queue_burst import burst_to_queue, rows
from local.testing import running_cloud

if TYPE_CHECKING:
    from pathlib import Path


def test_each_delivery_has_its_lateness(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        late = burst_to_queue(cloud, 10)

    assert len(late) == 10
    assert all(-1 <= each < 10_000 for each in late)  # times are cut to the millisecond


def test_each_row_has_its_measurements() -> None:
    found = rows(rounds=1, number=3, many=5, stored=7, with_peers=False)

    assert [[len(measured.ours) for measured in row.measured] for row in found] == [[1], [1, 1], [1, 1], [1]]
    assert all(-1 <= min(measured.ours) < 10_000 for row in found for measured in row.measured)
