"""Children of ours: started with a built environment, waited for until they answer, ended by their process id."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_SECONDS = 10
LOOKS_EVERY_SECONDS = 0.05


class ChildFailed(Exception):
    """A process that we need did not start, or ended by itself."""


class Child:
    """One Python process of ours, `python -m {arguments}`. Its output goes to `log`; None lets it speak here."""

    def __init__(
        self, name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path | None
    ) -> None:
        self.name = name
        self._log = log
        self._file: IO[bytes] | None = log.open("wb") if log else None
        # A session of its own: Ctrl-C reaches us only, and we end the children in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=dict(environment),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT if self._file else None,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until_it_answers(self, url: str, *, seconds: float) -> None:
        """Raises ChildFailed with the end of its log."""
        give_up_at = time.monotonic() + seconds
        while not _answers(url):
            if not self.is_running():
                raise ChildFailed(f"{self.name} ended at once:\n{self.last_output()}")
            if time.monotonic() > give_up_at:
                raise ChildFailed(f"{self.name} does not answer at {url} after {seconds:.0f} s:\n{self.last_output()}")
            time.sleep(LOOKS_EVERY_SECONDS)

    def stop(self) -> None:
        """Asks it to end, insists after a while, and returns when it is gone."""
        if self.is_running():
            self._process.terminate()
        try:
            self._process.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._file:
            self._file.close()

    def last_output(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-2000:] if self._log else ""


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
