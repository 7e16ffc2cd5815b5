"""Stops a process when its parent has exited, even if the parent was killed, so that no orphan keeps a port.

Linux's PR_SET_PDEATHSIG is no substitute: macOS lacks it, and it reacts to the end of the parent's thread.
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
    """Add the option to a command that calls `end_when_stdin_closes` if `until_stdin_closes` is set."""
    parser.add_argument(
        OPTION,
        action="store_true",
        help="stop when standard input closes; if it is a pipe, that is when the parent process has exited",
    )


def end_when_stdin_closes() -> None:
    """Stop this process when standard input closes. Returns immediately.

    If standard input is a pipe of the parent, the system closes it however the parent ends.
    """
    _end_after(_stdin_is_read)


def end_with_parent(process_id: int) -> None:
    """Stop this process when its parent, `process_id`, has exited. Returns immediately."""
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
