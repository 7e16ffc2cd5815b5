"""The log of a function: its output, between Lambda's own lines."""

import os
import re
import select
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import IO

_LINE_END = re.compile(rb"[\r\n]")  # the runtime interface client separates the lines of an error by carriage returns


class FunctionLog:
    """Appends whole lines to a file and calls `on_line(function name, line)` for each. Safe for threads."""

    def __init__(self, name: str, path: Path, on_line: Callable[[str, str], None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._path = path
        self._on_line = on_line
        self._lock = Lock()

    def write(self, line: str) -> None:
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        self._on_line(self._name, line)


class Output:
    """The output of a child: read continuously, so that the child never blocks, and logged line by line."""

    def __init__(self, pipe: IO[bytes], log: FunctionLog) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._pipe = pipe
        self._log = log
        self._lock = Lock()
        self._rest = b""

    def follow(self) -> None:
        """Log each line until the child closes the pipe."""
        poll = select.poll()
        poll.register(self._pipe.fileno(), select.POLLIN)
        ended = False
        while not ended:
            poll.poll()
            with self._lock:
                ended = self._read_what_is_there()
        self.finish()

    def finish(self) -> None:
        """Log the output so far, including an unfinished last line."""
        with self._lock:
            self._read_what_is_there()
            self._write([self._rest])
            self._rest = b""

    def close(self) -> None:
        with self._lock:
            self._pipe.close()

    def _read_what_is_there(self) -> bool:
        """Returns True at the end of the stream."""
        if self._pipe.closed:
            return True
        try:
            while data := os.read(self._pipe.fileno(), 65_536):
                *lines, self._rest = _LINE_END.split(self._rest + data)
                self._write(lines)
        except BlockingIOError:
            return False
        return True

    def _write(self, lines: list[bytes]) -> None:
        for line in lines:
            if line:
                self._log.write(line.decode("utf-8", errors="replace"))
