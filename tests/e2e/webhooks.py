"""A consumer of webhooks on this machine: a loopback server that keeps what it gets."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Consumer:
    """`received`: (headers, the body's JSON) of each request."""

    url: str = ""
    received: list[tuple[dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def consumer() -> Iterator[Consumer]:
    """A running one; it answers 204 to everything."""
    consumer = Consumer()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, consumer)) as server:
        consumer.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield consumer
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, consumer: Consumer, *arguments: Any) -> None:
        self._consumer = consumer
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._consumer.received.append(
            ({name.lower(): value for name, value in self.headers.items()}, json.loads(body))
        )
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """The tests look at `received`."""
