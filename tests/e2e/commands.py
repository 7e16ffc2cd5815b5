"""The commands of `python -m deploy`, run against a running stack, at the stack's time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from deploy.paths import PROJECT
from local.time.signal import FILE_NAME as OFFSET_FILE

if TYPE_CHECKING:
    from local.app.stack import Stack

IN_TRAVELLED_TIME = """
import sys
from pathlib import Path
from local.time.travelled import TravelledTime
TravelledTime(Path(sys.argv.pop(1))).catch_up()
from deploy.__main__ import main
sys.exit(main())
"""


def deploy(stack: Stack, command: str, *arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    project = ("--stage", "local", "--project", str(stack.directory / "project"))
    done = subprocess.run(
        [sys.executable, "-c", IN_TRAVELLED_TIME, str(stack.directory / OFFSET_FILE), command, *project, *arguments],
        cwd=PROJECT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr
