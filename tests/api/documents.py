"""A web server on this machine that shows JSON documents, as an issuer of tokens does."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler


@contextmanager
def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """A web server on this machine, and what it answers by path; 404 for the rest and for None."""
    content: dict[str, Any] = {}

    def answer(request: BaseHTTPRequestHandler) -> None:
        document = content.get(request.path)
        request.send_response(404 if document is None else 200)
        request.end_headers()
        request.wfile.write(json.dumps(document).encode())

    with serving(answer) as url:
        yield url, content
