from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from benchmarks.lambda_start import rows

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_all_handlers_start_and_are_compared() -> None:
    started = []

    def runs(command: Sequence[str], environment: dict[str, str]) -> int:
        started.append(subprocess.run(command, env=environment, cwd="/", check=True))
        return (4 - len(started)) * 1_000_000

    start, memory = rows(1, runs)

    (measured,) = start.measured
    # Powertools is installed for `make bench` only.
    assert (measured.ours, measured.peers["bare boto3 handler"]) == ((3,), (2,))
    assert 20 < memory.measured[0].ours[0] < 500
