"""Runs a command so that it ends with a message and an exit code, never with a traceback.

Imports the standard library only: it must be loaded before boto3 and moto, which take a second to import.
"""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress

STDIN, STDOUT, STDERR = 0, 1, 2

INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells: 128 + SIGINT."""

READER_GONE = 141
"""Exit code if the reader of a pipe has ended, as in `… | head -1`: 128 + SIGPIPE."""


def run(command: Callable[[], int]) -> int:
    """Runs `command` and returns its exit code. Ctrl-C, a closed pipe and an OSError end it without a traceback."""
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
    """Discards output to a closed stream, as in `… >&-`, and escapes characters that the terminal cannot encode.

    Either would otherwise make a command fail after it has done its work.
    """
    for stream in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(stream)
        except OSError:
            # This is the lowest free descriptor. The next opened file would get it, and with it the output of children.
            os.open(os.devnull, os.O_RDWR)
    for name, stream in (("stdout", STDOUT), ("stderr", STDERR)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(stream, "w", closefd=False))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _with_all_its_output(command: Callable[[], int]) -> int:
    """Flushes the output here, where the error of a full disk can still be printed."""
    try:
        return command()
    finally:
        sys.stdout.flush()


def _discard_output() -> None:
    """Discards the buffered output, which cannot be written: Python would try again at exit, and print an error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
