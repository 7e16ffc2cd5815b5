"""The HTTP server of the local cloud: loopback only, HTTP/1.1 with persistent connections, one thread per connection.

werkzeug's server is not used, because it closes each connection after one answer.
"""

import logging
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from threading import Lock, Thread
from typing import IO, Any, cast
from urllib.parse import unquote

from moto.core.request import Request
from werkzeug.serving import DechunkedInput
from werkzeug.wrappers import Response

HOST = "127.0.0.1"
_POLL_SECONDS = 0.1

_logger = logging.getLogger(__name__)

Respond = Callable[[Request], Response]


class PortUnavailable(Exception):
    """A server of this project cannot listen on this port. reason: the system's error."""

    def __init__(self, port: int, reason: OSError | OverflowError) -> None:
        super().__init__(f"port {port} on {HOST} cannot be used: {getattr(reason, 'strerror', None) or reason}")


class Server:
    """Serves `respond` on its own threads. port: 0 chooses a free one. Raises PortUnavailable if it cannot listen."""

    def __init__(self, port: int, respond: Respond) -> None:
        try:
            self._server = _TcpServer(port, respond)
        except (OSError, OverflowError) as error:
            raise PortUnavailable(port, error) from error
        self.port: int = self._server.server_address[1]
        self._thread = Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="cloud-server", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Accept no more requests, and close every connection."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.close_connections()


class _TcpServer(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, respond: Respond) -> None:
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((HOST, port), partial(_Handler, respond))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """Log the error, unless the client closed the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            _logger.exception("a request failed")  # noqa: LOG004 - called within an except clause


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # 40 ms a request otherwise

    def __init__(self, respond: Respond, *arguments: Any) -> None:
        self._respond = respond
        super().__init__(*arguments)

    def _answer(self) -> None:
        request = Request(self._environ())
        request.get_data()  # caches the body, which reading a form would consume
        response = self._respond(request)
        body = response.get_data()
        self.send_response_only(response.status_code)
        for name, value in self._default_headers(response) + response.headers.to_wsgi_list():
            self.send_header(name, value)
        if response.content_length is None and response.status_code != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - http.server's names

    def _default_headers(self, response: Response) -> list[tuple[str, str]]:
        """Returns the headers that `send_response` would send, less those that the response has itself."""
        usual = [("Server", self.version_string()), ("Date", self.date_time_string())]
        return [(name, value) for name, value in usual if name not in response.headers]

    def _environ(self) -> dict[str, Any]:
        """Returns the WSGI environment. moto reads the percent-encoded path from RAW_URI."""
        path, _, query = self.path.partition("?")
        body = read_body(self)
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return {
            **headers,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": self.path,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.connection.getsockname()[1]),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": "http",
        }

    def parse_request(self) -> bool:
        return super().parse_request() and says_its_length(self)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the local cloud writes its own log of requests."""


def says_its_length(request: BaseHTTPRequestHandler) -> bool:
    """Returns whether the request says where its body ends. If it does not, sends the answer 400."""
    length = request.headers.get("Content-Length", "0")
    if is_chunked(request) or (length.isascii() and length.isdigit()):
        return True
    request.send_error(HTTPStatus.BAD_REQUEST, "Content-Length must be a whole number of bytes")
    return False


def read_body(request: BaseHTTPRequestHandler) -> bytes:
    """Read the whole body, so that the connection's next request is read from its start."""
    if is_chunked(request):
        request.close_connection = True
        return bytes(DechunkedInput(cast("IO[bytes]", request.rfile)).read())
    return request.rfile.read(int(request.headers.get("Content-Length", 0)))


def is_chunked(request: BaseHTTPRequestHandler) -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()
