"""How a process ends when the one that started it is gone, even killed: nothing of ours holds a port for nobody.

Linux's PR_SET_PDEATHSIG would do less: macOS has no such call, and it follows the thread that started the process.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

OPTION = "--until-stdin-closes"
STDIN = 0
LOOKS_EVERY_SECONDS = 0.5
ENDS_WITHIN_SECONDS = 10


def add_option(parser: argparse.ArgumentParser) -> None:
    """For a command that calls `end_when_stdin_closes` if `until_stdin_closes` is set."""
    parser.add_argument(
        OPTION,
        action="store_true",
        help="end when standard input does: given a pipe, that is when the process that started this one has ended",
    )


def end_when_stdin_closes() -> None:
    """The system closes the pipe of a process that ends, however it ends. Returns at once."""
    _end_after(_stdin_is_read)


def end_with_parent(process_id: int) -> None:
    """`process_id`: of the process that started this one. Returns at once."""
    _end_after(lambda: _parent_has_ended(process_id))


def _end_after(wait: Callable[[], None]) -> None:
    def wait_and_end() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ENDS_WITHIN_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    Thread(target=wait_and_end, name="lifeline", daemon=True).start()


def _stdin_is_read() -> None:
    with suppress(OSError):
        while os.read(STDIN, 1024):
            pass


def _parent_has_ended(process_id: int) -> None:
    while os.getppid() == process_id:
        time.sleep(LOOKS_EVERY_SECONDS)
