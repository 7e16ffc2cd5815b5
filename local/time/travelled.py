"""Python with the local cloud's time: a process whose clock is set before it imports what asks for the time.

Production code knows nothing of it: `datetime.now`, `time.time` and their kin are changed underneath, in C, by
time-machine. `time.monotonic` stays real, as durations do. As long as nobody has travelled, nothing is changed at all.

Run as a script it starts AWS's runtime interface client, with the time of the cloud at each invocation:
`python -S -P travelled.py OFFSET_FILE LIBRARIES HANDLER`. It imports nothing of ours: functions must not see it.
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
    """This process's time. offset_file: seconds from the real time to the cloud's; no file, or an empty one: real time.

    libraries: where time-machine is, if it is not on the path; it is on the path while it is imported only.
    """

    def __init__(self, offset_file: Path, libraries: Path | None = None) -> None:
        self._offset_file = offset_file
        self._libraries = libraries
        self._lock = Lock()
        self._offset = 0.0
        self._traveller: Any = None
        self._real_time = time.time

    def catch_up(self) -> None:
        """Take over the cloud's time. Cheap (20 µs) when it has not moved."""
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
    """Tell every process that follows the file, which never sees half a number."""
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
    """Be the runtime interface client for `handler`; its main loop asks for one invocation after the other."""
    travelled = TravelledTime(offset_file, libraries)
    travelled.catch_up()
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
    """Standard input is a pipe of the cloud, which the system closes when that has ended, however it ended.

    Then this process is killed, and what it started in its session. A handler finds an empty standard input, as on
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
