"""A real browser, which opens a page of this machine and shows what became of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from functools import partial
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = "run tests/e2e/install_chromium.sh, or name the browser's program in CHROMIUM"
MOST_SECONDS = 60
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"),
    *("--no-first-run", "--disable-component-update", "--disable-sync", "--no-proxy-server"),
    *("--virtual-time-budget=20000", "--dump-dom"),
)


def find_chromium() -> str:
    """The browser's program. Raises FileNotFoundError."""
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    raise FileNotFoundError(f"there is no Chromium: {INSTALL}")


def result_of(url: str, profile: Path) -> Any:
    """The JSON that the page at `url` leaves in its element `result`. `profile`: an empty folder."""
    done = subprocess.run(
        [find_chromium(), *FLAGS, f"--user-data-dir={profile}", url],
        env={"PATH": os.environ["PATH"], "HOME": str(profile)},
        capture_output=True,
        text=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    found = re.search(r'<pre id="result">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout + done.stderr
    return json.loads(unescape(found[1]))


@contextmanager
def serving(html: str, port: int = 0) -> Iterator[str]:
    """A server on this machine that shows one page. Yields its origin."""
    with ThreadingHTTPServer(("127.0.0.1", port), partial(_Page, html.encode())) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Page(BaseHTTPRequestHandler):
    def __init__(self, html: bytes, *arguments: Any) -> None:
        self._html = html
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self._html)))
        self.end_headers()
        self.wfile.write(self._html)

    def log_message(self, *_: Any) -> None:
        """The browser tells what it got."""
