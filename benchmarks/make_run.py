"""Measures how long `make run` takes until it is ready, if its requirements are installed.

`python -m benchmarks make_run`. For the first time in a fresh clone, type `time make run` there, and Ctrl-C at the end.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

from benchmarks.measure import Goal, Measured, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).parent.parent
READY = "Press Ctrl-C to stop everything."
MOST_ROUNDS = 2
"""A round takes half a minute."""


def rows(rounds: int) -> list[Row]:
    seconds = tuple(_until_ready() for _ in range(min(rounds, MOST_ROUNDS)))
    measured = Measured("until it prints the URLs and a token", seconds)
    return [Row("`make run` to ready, second time", "s", Goal("amount", 30), (measured,))]


def _until_ready() -> float:
    with TemporaryDirectory() as directory:
        ports = ("--cloud-port", _free_port(), "--api-port", _free_port())
        return seconds_until(
            READY, [sys.executable, "-m", "local", "run", *ports, "--directory", str(Path(directory) / "run")]
        )


def seconds_until(text: str, command: Sequence[str]) -> float:
    """Returns the seconds from the start of `command` until it prints a line with `text`, and ends it as Ctrl-C does.

    Raises RuntimeError, with its output, if it exits without the line.
    """
    begin = monotonic()
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines: list[str] = []
        try:
            for line in process.stdout or ():
                lines.append(line)
                if text in line:
                    return monotonic() - begin
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()
    raise RuntimeError(f"{' '.join(command)} exited with code {process.returncode}:\n{''.join(lines)}")


def _free_port() -> str:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
