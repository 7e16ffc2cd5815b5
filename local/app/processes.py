"""Starts and stops the Python processes of `make run`, and waits until they answer."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .lifeline import OPTION as ENDS_WITH_US

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_SECONDS = 10
LOOKS_EVERY_SECONDS = 0.05


class ChildFailed(Exception):
    """A child process did not start, or exited unexpectedly."""


class Child:
    """A child process, `python -m {arguments}`. It exits when this process exits, even if this process is killed.

    Its output is appended to `log`. The module must accept the option of lifeline.py.
    """

    def __init__(self, name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = [sys.executable, "-m", *arguments, ENDS_WITH_US]
        self._environment = dict(environment)
        self._process, self._started_at = self._start(), time.monotonic()

    def start_again(self) -> None:
        """Start the process again after it has exited."""
        self._close_pipe()
        self._process, self._started_at = self._start(), time.monotonic()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            # A new session: Ctrl-C reaches only this process, which stops the children in order.
            return subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _close_pipe(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age_seconds(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self._started_at

    def is_running(self) -> bool:
        return self._process.poll() is None

    def how_it_ended(self) -> str:
        """Returns how the process ended, e.g. `was killed by SIGKILL` or `exited with code 1`; waits until it has."""
        code = self._process.wait()
        return f"exited with code {code}" if code >= 0 else f"was killed by {_signal_name(-code)}"

    def wait_until_it_answers(self, url: str, *, seconds: float) -> None:
        """Wait until a GET of `url` is 200. Raises ChildFailed, with the end of the log, if it is not in time."""
        give_up_at = time.monotonic() + seconds
        while not _answers(url):
            if not self.is_running():
                raise ChildFailed(f"The {self.name} {self.how_it_ended()} during its start. {self.where_it_logs()}")
            if time.monotonic() > give_up_at:
                raise ChildFailed(
                    f"The {self.name} did not answer at {url} within {seconds:.0f} s. {self.where_it_logs()}"
                )
            time.sleep(LOOKS_EVERY_SECONDS)

    def stop(self) -> None:
        """Send SIGTERM, and SIGKILL after 10 seconds. Returns when the process has exited."""
        if self.is_running():
            self._process.terminate()
        try:
            self._process.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close_pipe()

    def where_it_logs(self) -> str:
        """Returns the path of the log and its last 2,000 characters."""
        end = self.log.read_text(errors="replace")[-2000:].strip()
        return f"Its log, {self.log}, ends with:\n{end}" if end else f"Its log, {self.log}, is empty."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=1)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
