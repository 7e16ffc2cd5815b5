"""How a command ends at a terminal: with a sentence and an exit code, never with a traceback.

Imports the standard library only, so that it is ready before boto3 or moto are, which take a second to import.
"""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress

STDIN, STDOUT, STDERR = 0, 1, 2

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

READER_GONE = 141
"""Exit code when the reader of a pipe has ended, as in `… | head -1`: 128 + SIGPIPE."""


def run(command: Callable[[], int]) -> int:
    """The exit code of `command`. Ctrl-C, a closed pipe and a failed write to a file or the output end it."""
    _prepare_output()
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


def _prepare_output() -> None:
    """A closed output, as in `… >&-`, takes everything; a sign that the terminal does not know is shown by its number.

    Either would end a command that has done its work as if it had failed.
    """
    for stream in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(stream)
        except OSError:
            # The lowest free number is this one. Left free, the next file would have it, and take what children print.
            os.open(os.devnull, os.O_RDWR)
    for name, stream in (("stdout", STDOUT), ("stderr", STDERR)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(stream, "w", closefd=False))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


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
