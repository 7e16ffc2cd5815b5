"""The HTTP API of a World on a port of this machine, for clients that need one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from tests.api.world import World


@contextmanager
def served(world: World) -> Iterator[str]:
    """The URL, while the block runs."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        response = world.send(request.command, request.path, body, token=token, headers=headers)
        request.send_response(response.status_code)
        for name, value in response.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(response.body)))
        request.end_headers()
        request.wfile.write(response.body)

    with serving(answer) as url:
        yield url
