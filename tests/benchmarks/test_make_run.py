"""The benchmark of `make run` measures until a line of a process, and ends the process."""

from __future__ import annotations

import re
import sys
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from benchmarks.make_run import READY, seconds_until
from local.app import run

if TYPE_CHECKING:
    from pathlib import Path

WAITS = """
import sys, time
print("starts", flush=True)
time.sleep(0.3)
try:
    print("is ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    open(sys.argv[1], "w").write("stopped")
"""


def test_the_seconds_until_the_line_are_measured_and_the_process_is_stopped(tmp_path: Path) -> None:
    begin = monotonic()
    seconds = seconds_until("ready", [sys.executable, "-c", WAITS, str(tmp_path / "end")])

    assert 0.3 <= seconds < monotonic() - begin < 50
    assert (tmp_path / "end").read_text() == "stopped"


def test_a_process_that_exits_before_is_reported_with_its_output() -> None:
    with pytest.raises(RuntimeError, match=re.escape("exited with code 1:\nport 8000 is in use")):
        seconds_until("ready", [sys.executable, "-c", "raise SystemExit('port 8000 is in use')"])


def test_the_line_is_the_last_that_make_run_prints() -> None:
    assert run.READY.rstrip().splitlines()[-1].strip() == READY
