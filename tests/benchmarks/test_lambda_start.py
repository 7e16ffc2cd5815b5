from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from benchmarks.lambda_start import start

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_both_handlers_start_and_are_compared() -> None:
    started = []

    def runs(command: Sequence[str], environment: dict[str, str]) -> int:
        started.append(subprocess.run(command, env=environment, cwd="/", check=True))
        return 3 - len(started)

    assert start(runs) == {"ours": 2, "peer": 1, "ratio": 2.0}
