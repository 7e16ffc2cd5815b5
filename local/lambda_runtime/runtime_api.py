"""Lambda's Runtime API for one child: the HTTP server from which AWS's runtime interface client gets invocations.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Each child has its own server and port, because the
client's requests do not identify the child.
"""

import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from socketserver import TCPServer, ThreadingMixIn
from threading import Event, Thread
from typing import Any

from local.lambda_runtime.invocation import Invocation, Outcome, failure

_PREFIX = "/2018-06-01/runtime"
_ANSWER = re.compile(rf"{_PREFIX}/invocation/(?P<request_id>[^/]+)/(?P<kind>response|error)")
_TICK_SECONDS = 0.05


class RuntimeApi:
    """Gives invocations to one child and receives its answers.

    `ready` is set when the child requests its first invocation, or when it has ended. `outcomes` are its answers in
    order; None follows when it has ended. `on_tick` is called about every 50 ms while the server runs.
    """

    def __init__(self, on_tick: Callable[[], None]) -> None:
        self.ready = Event()
        self.asked_for_work = False
        self.outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self._work: SimpleQueue[tuple[Invocation, int] | None] = SimpleQueue()
        self._server = _Server(partial(_Handler, self), on_tick)
        self._thread = Thread(target=self._server.serve_forever, args=(_TICK_SECONDS,), daemon=True)

    @property
    def address(self) -> str:
        """Returns the value of AWS_LAMBDA_RUNTIME_API."""
        port: int = self._server.server_address[1]
        return f"127.0.0.1:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Release the waiting child and close the port."""
        self._work.put(None)
        self._server.shutdown()
        self._server.server_close()

    def offer(self, invocation: Invocation, deadline_ms: int) -> None:
        """Give the child its next invocation. `deadline_ms` is in milliseconds since 1970, as in the context."""
        self._work.put((invocation, deadline_ms))

    def next_headers_and_payload(self) -> tuple[dict[str, str], bytes] | None:
        """Waits for an invocation. Returns None when the server stops."""
        self.asked_for_work = True
        self.ready.set()
        work = self._work.get()
        if work is None:
            return None
        invocation, deadline_ms = work
        return _headers(invocation, deadline_ms), invocation.payload


def _headers(invocation: Invocation, deadline_ms: int) -> dict[str, str]:
    return {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Content-Type": "application/json",
    }


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True

    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler], on_tick: Callable[[], None]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._on_tick = on_tick

    def service_actions(self) -> None:
        self._on_tick()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A child that was ended leaves broken connections, which are not logged."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # 40 ms a request otherwise

    def __init__(self, api: RuntimeApi, *arguments: Any) -> None:
        self._api = api
        super().__init__(*arguments)

    def do_GET(self) -> None:
        work = self._api.next_headers_and_payload() if self.path == f"{_PREFIX}/invocation/next" else None
        if work is None:
            self._answer(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, *work)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = _ANSWER.fullmatch(self.path)
        if answer is not None and answer["kind"] == "response":
            self._api.outcomes.put(Outcome(body))
        elif answer is not None or self.path == f"{_PREFIX}/init/error":
            self._api.outcomes.put(failure(body))
        self._answer(HTTPStatus.ACCEPTED)

    def _answer(self, status: HTTPStatus, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Requests are not logged: the function's log has the facts."""
