"""What anybody may ask. The description of the API holds nothing of anybody's, so it is public too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

if TYPE_CHECKING:
    from chalice.app import Request

PAGE_HEADERS: dict[str, str | list[str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def system() -> Blueprint:
    blueprint = Blueprint(__name__)

    @blueprint.route("/healthz", methods=["GET"])
    def healthz() -> Response:
        return Response({"status": "ok"})

    @blueprint.route("/openapi.json", methods=["GET"])
    def openapi_json() -> Response:
        from ..openapi import document  # noqa: PLC0415 - a cold start does not wait for what is seldom asked for

        return Response(document.document(_before(blueprint.current_request, "/openapi.json")))

    @blueprint.route("/docs", methods=["GET"])
    def docs() -> Response:
        from ..openapi import document, html  # noqa: PLC0415 - as above

        described = document.document(_before(blueprint.current_request, "/docs"))
        return Response(html.render(described), PAGE_HEADERS)

    return blueprint


def _before(request: Request, route: str) -> str:
    """What stands before our routes: API Gateway's stage, and an app's own prefix."""
    path: str = request.context["path"]
    return path.removesuffix("/").removesuffix(route)
