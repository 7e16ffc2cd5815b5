"""Adds CORS to an app: an OPTIONS route for each path, and headers in each response.

Chalice's CORS support is fixed at import and allows one origin. This module reads the setting in each request.
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
    """Adds CORS to the routes that the app has now, so call it after the last route is registered.

    `origins` is called in each request. An empty result allows no origin.
    """
    for path, views in list(app.routes.items()):
        preflight = _preflight(app, origins, sorted([*views, "OPTIONS"]))
        app.route(path, methods=["OPTIONS"], content_types=["*/*"])(preflight)
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
        if request is not None:  # None: the Lambda event is not an HTTP request
            response.headers |= answer_headers(request.headers.get("origin"), origins())
        return response

    return with_headers
