"""How a command ends at a terminal: with a sentence and an exit code, never with a traceback.

Imports the standard library only, so that it is ready before boto3 or moto are, which take a second to import.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

READER_GONE = 141
"""Exit code when the reader of a pipe has ended, as in `… | head -1`: 128 + SIGPIPE."""


def run(command: Callable[[], int]) -> int:
    """The exit code of `command`. Ctrl-C, a closed pipe and a failed write to a file or the output end it."""
    try:
        return _with_all_its_output(command)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return READER_GONE
    except OSError as error:
        _discard_output()
        print(error, file=sys.stderr)
        return 1


def _with_all_its_output(command: Callable[[], int]) -> int:
    """Flushes here, where a full disk can still be told; Python flushes once more when it is too late for that."""
    try:
        return command()
    finally:
        sys.stdout.flush()


def _discard_output() -> None:
    """What is still in the buffer cannot be written: without this, Python would try again at its end, and say so."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
