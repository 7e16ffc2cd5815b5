from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from benchmarks.lambda_start import rows

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_both_handlers_start_and_are_compared() -> None:
    started = []

    def runs(command: Sequence[str], environment: dict[str, str]) -> int:
        started.append(subprocess.run(command, env=environment, cwd="/", check=True))
        return (3 - len(started)) * 1_000_000

    (row,) = rows(1, runs)
    (measured,) = row.measured
    assert (measured.ours, measured.peers) == ((2,), {"bare boto3 handler": (1,)})
