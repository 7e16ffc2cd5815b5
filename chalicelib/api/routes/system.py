"""Public routes: health and the API's documentation, which contain no user data."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chalice.app import Response

from ..console.assets import assets
from ..console.policy import page_headers
from ..decorators import Routes
from ..models.composed import HealthView
from ..models.console import ConsoleNotConfigured
from ..models.operation import Answer
from ..responses import JSON, redirect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalice.app import Request

    from ..dependencies import Services
    from ..models.operation import Operation

HTML = "text/html"


def system(services: Services, others: Sequence[Operation]) -> Routes:
    """Returns the public routes. `others` are the operations of all other routes, for the OpenAPI document."""
    routes = Routes(__name__, services, tag="System")

    @routes.get("/healthz", answers={200: Answer("The API is up", HealthView)})
    def get_health() -> Response:
        """Check that the API is up."""
        return Response({"status": "ok"})

    @routes.get("/openapi.json", answers={200: Answer("The OpenAPI document", media_type=JSON)})
    def get_openapi() -> Response:
        """Get the API's documentation as OpenAPI 3.1."""
        from ..openapi import document  # noqa: PLC0415 - keeps the import out of a cold start

        operations = (*others, *routes.operations)
        return Response(document.document(operations, _before(routes.blueprint.current_request, "/openapi.json")))

    @routes.get(
        "/docs",
        answers={
            200: Answer("The HTML page", headers=("Cache-Control",), media_type=HTML),
            307: Answer("The path ended with a slash", headers=("Location", "Cache-Control")),
        },
    )
    def get_docs() -> Response:
        """Get the API's documentation as one HTML page, which is complete without scripts."""
        if routes.blueprint.current_request.context["path"].endswith("/"):
            return redirect("../docs")
        headers: dict[str, str | list[str]] = {
            "Content-Type": f"{HTML}; charset=utf-8",
            "Cache-Control": "no-cache",
            **page_headers(*_origins(services)),
        }
        return Response(page(_before(routes.blueprint.current_request, "/docs")), headers)

    @lru_cache(maxsize=8)
    def page(server: str) -> str:
        from ..openapi import document, html  # noqa: PLC0415 - as above

        return assets().linked(html.render(document.document((*others, *routes.operations), server)))

    return routes


def _origins(services: Services) -> tuple[str | None, str | None]:
    """Returns the origins of the issuer's token and authorization endpoints, or None if users cannot sign in."""
    try:
        return services.console().origins() if services.console else (None, None)
    except ConsoleNotConfigured:
        return None, None


def _before(request: Request, route: str) -> str:
    """Returns the path before the routes: API Gateway's stage and an app's own prefix."""
    path: str = request.context["path"]
    return path.removesuffix("/").removesuffix(route)
