"""Python with the local cloud's time: the clock is set before the process imports modules that read the time.

Production code needs no change: time-machine changes `datetime.now`, `time.time` and related functions in C.
`time.monotonic` stays real, as durations do. Until the first clock advance nothing is changed.

Run as a script it starts AWS's runtime interface client with the cloud's time at each invocation:
`python -S -P travelled.py OFFSET_FILE LIBRARIES HANDLER`. It imports no module of this project: functions would see it.
"""

import importlib
import os
import runpy
import signal
import sys
import time
from pathlib import Path
from threading import Lock, Thread
from typing import Any


class TravelledTime:
    """The time of this process. `offset_file` has the cloud's offset in seconds; if it is missing or empty, it is 0.

    `libraries` is the folder of time-machine if it is not on the path. It is on the path only during the import.
    """

    def __init__(self, offset_file: Path, libraries: Path | None = None) -> None:
        self._offset_file = offset_file
        self._libraries = libraries
        self._lock = Lock()
        self._offset = 0.0
        self._traveller: Any = None
        self._real_time = time.time

    def catch_up(self) -> None:
        """Adopt the cloud's time. Takes 20 µs if the offset has not changed."""
        offset = _read(self._offset_file)
        with self._lock:
            if offset != self._offset:
                self._offset = offset
                self._move()

    def _move(self) -> None:
        if self._traveller is None:
            machine = _import_time_machine(self._libraries)
            self._traveller = machine.travel(time.time() + self._offset, tick=True).start()
            self._real_time = machine.escape_hatch.time.time
        else:
            self._traveller.move_to(self._real_time() + self._offset)


def write_offset(offset_file: Path, seconds: float) -> None:
    """Write the file atomically, so that no process reads half a number."""
    in_progress = offset_file.with_suffix(".new")
    in_progress.write_text(repr(seconds), encoding="ascii")
    in_progress.replace(offset_file)


def _read(offset_file: Path) -> float:
    try:
        return float(offset_file.read_text(encoding="ascii") or 0)
    except FileNotFoundError:
        return 0.0


def _import_time_machine(libraries: Path | None) -> Any:
    if libraries is None:
        return importlib.import_module("time_machine")
    sys.path.append(str(libraries))
    try:
        return importlib.import_module("time_machine")
    finally:
        sys.path.remove(str(libraries))


def run_handler(offset_file: Path, libraries: Path, handler: str) -> None:
    """Run the runtime interface client for `handler`; its main loop requests one invocation after the other."""
    travelled = TravelledTime(offset_file, libraries)
    travelled.catch_up()
    runpy.run_path(str(Path(__file__).with_name("outgoing.py")))["install"]()
    client: Any = importlib.import_module("runtime_client")
    ask = client.next

    def ask_and_catch_up() -> Any:
        invocation = ask()
        travelled.catch_up()
        return invocation

    client.next = ask_and_catch_up
    sys.argv = ["awslambdaric", handler]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


def end_with_the_cloud() -> None:
    """Kill this process and its session when the cloud has exited, even if the cloud was killed. Returns immediately.

    Standard input is a pipe from the cloud, which the system then closes. A handler gets an empty standard input, as on
    Lambda.
    """
    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    Thread(target=_kill_after, args=(pipe,), daemon=True).start()


def _kill_after(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    end_with_the_cloud()
    run_handler(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
