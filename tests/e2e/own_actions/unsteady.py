"""An action whose process dies in the middle, as often as it is told to: no exception, no last words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notification.action_api import RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping


@action("test.unsteady")
def stagger(run: RunContext, data: Mapping[str, Any]) -> None:
    """Writes a line with the run id to the file `tries`, which outlives the process; dies for the first `crashes`."""
    tries = Path(data["tries"])
    with tries.open("a") as file:
        file.write(f"{run.run_id}\n")
    if len(tries.read_text().splitlines()) <= data["crashes"]:
        os._exit(1)
