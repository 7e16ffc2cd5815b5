"""A server in another process that answers AWS calls at once, so that only the client's time is measured."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection

OTHER = "other"


class _AtOnce(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answers: Mapping[str, Any]
    after_seconds = 0.0

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        name = "action" if operation == "GetItem" and b"ACTION#" in sent else operation
        answer = json.dumps(self.answers.get(name, self.answers[OTHER])).encode()
        time.sleep(self.after_seconds)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


def _serve(port: Connection, answers: Mapping[str, Any], after_seconds: float) -> None:
    _AtOnce.answers = answers
    _AtOnce.after_seconds = after_seconds
    server = ThreadingHTTPServer(("127.0.0.1", 0), _AtOnce)
    port.send(server.server_port)
    server.serve_forever()


@contextmanager
def endpoint(answers: Mapping[str, Any], *, after_seconds: float = 0) -> Iterator[str]:
    """The URL of the server. `answers`: by DynamoDB's operation, `action` for the item of an action, and OTHER.

    It answers each call after this time, any number of calls at once.
    """
    context = get_context("spawn")
    ours, its = context.Pipe()
    server = context.Process(target=_serve, args=(its, answers, after_seconds), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        server.kill()
        server.join()
