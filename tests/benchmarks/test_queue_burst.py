"""The benchmark of a burst measures each message once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.queue_burst import burst
from local.testing import running_cloud

if TYPE_CHECKING:
    from pathlib import Path


def test_each_message_has_its_lateness(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        late = burst(cloud, 10)

    assert len(late) == 10
    assert all(0 <= each < 10_000 for each in late)
