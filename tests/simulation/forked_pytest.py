"""Runs pytest many times without importing the packages each time: each line of arguments gets a forked child process.

`mutants.py` starts this in a copy of the project. A line of standard input is a JSON list: the time limit of the tests
in seconds, and pytest's arguments. The answer is a line with pytest's exit code; a negative one is the signal that
ended it. The file that was named at the start gets pytest's output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

PACKAGES = ("hypothesis.stateful", "xdist.scheduler", "boto3", "pydantic", "chalice.test", "jwt", "moto.server")
"""Not the project's own, of which each child imports what the copy has now."""


def main(output: Path) -> None:
    sys.path[0] = str(Path.cwd())
    for package in ("pytest", *PACKAGES):
        import_module(package)
    for line in sys.stdin:
        seconds, *arguments = json.loads(line)
        print(_run_in_child(seconds, arguments, output), flush=True)  # noqa: T201 - this is the answer


def _run_in_child(seconds: int, arguments: list[str], output: Path) -> int:
    child = os.fork()
    if child == 0:
        _run(seconds, arguments, output)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run(seconds: int, arguments: list[str], output: Path) -> None:
    """Never returns."""
    code: int = 70
    with suppress(BaseException):
        # A group of its own, so that what the tests started ends with them.
        os.setpgid(0, 0)
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGKILL))
        signal.alarm(seconds)
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(written, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = import_module("pytest").main(arguments)
        sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
