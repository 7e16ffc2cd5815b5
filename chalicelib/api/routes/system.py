"""Public routes: health, and the description of the API, which holds no user's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Response

from ..decorators import Routes
from ..models.composed import HealthView
from ..models.operation import Answer
from ..responses import JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalice.app import Request

    from ..dependencies import Services
    from ..models.operation import Operation

HTML = "text/html"
PAGE_HEADERS: dict[str, str | list[str]] = {
    "Content-Type": f"{HTML}; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def system(services: Services, others: Sequence[Operation]) -> Routes:
    """`others` are the operations of all other routes."""
    routes = Routes(__name__, services, tag="System")

    @routes.get("/healthz", answers={200: Answer("The API is up", HealthView)})
    def get_health() -> Response:
        """Check that the API is up."""
        return Response({"status": "ok"})

    @routes.get("/openapi.json", answers={200: Answer("The document", media_type=JSON)})
    def get_openapi() -> Response:
        """Get this description as OpenAPI 3.1."""
        from ..openapi import document  # noqa: PLC0415 - a cold start does not wait for it

        operations = (*others, *routes.operations)
        return Response(document.document(operations, _before(routes.blueprint.current_request, "/openapi.json")))

    @routes.get("/docs", answers={200: Answer("The page", media_type=HTML)})
    def get_docs() -> Response:
        """Get this description as one page of HTML without scripts."""
        from ..openapi import document, html  # noqa: PLC0415 - as above

        operations = (*others, *routes.operations)
        described = document.document(operations, _before(routes.blueprint.current_request, "/docs"))
        return Response(html.render(described), PAGE_HEADERS)

    return routes


def _before(request: Request, route: str) -> str:
    """The path before our routes: API Gateway's stage, and an app's own prefix."""
    path: str = request.context["path"]
    return path.removesuffix("/").removesuffix(route)
