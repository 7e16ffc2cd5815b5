"""Lets pages of other origins call an app: an OPTIONS route for each path, and headers in each answer.

Chalice's own CORS is decided when an app is imported and knows one origin; this reads the setting for each request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Response

from .cors import answer_headers, preflight_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from chalice.app import Chalice, Request

    Origins = Callable[[], Collection[str]]


def allow_origins(app: Chalice, origins: Origins) -> None:
    """To be called when all routes are there. `origins` is called for each request; an empty one allows none."""
    for path, views in list(app.routes.items()):
        app.route(path, methods=["OPTIONS"])(_preflight(app, origins, sorted([*views, "OPTIONS"])))
    app.register_middleware(_with_headers(origins), "http")


def _preflight(app: Chalice, origins: Origins, methods: Sequence[str]) -> Callable[..., Response]:
    def preflight(**_: str) -> Response:
        request = app.current_request
        origin = request.headers.get("origin") if request else None
        return Response("", {"Allow": ", ".join(methods), **preflight_headers(origin, origins(), methods)}, 204)

    return preflight


def _with_headers(origins: Origins) -> Callable[[Request, Callable[[Request], Any]], Any]:
    def with_headers(request: Request | None, get_response: Callable[[Any], Any]) -> Any:
        response = get_response(request)
        if request is not None:  # Lambda was invoked with an event that is no request
            response.headers |= answer_headers(request.headers.get("origin"), origins())
        return response

    return with_headers
