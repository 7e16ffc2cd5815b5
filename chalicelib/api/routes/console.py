"""Public routes of the console: its page, the settings of its sign-in, and the static files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Response

from ..auth import IssuerUnavailable
from ..console import assets
from ..console.pages import not_configured
from ..console.policy import FILE_HEADERS, SAME_FOR_ALL, page_headers
from ..decorators import Routes
from ..models.console import ConsoleFilePath, ConsoleNotConfigured, ConsoleSettingsView
from ..models.operation import Answer
from ..responses import redirect

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..console.sign_in import SignIn
    from ..dependencies import Services

HTML = "text/html"
FOREVER = "public, max-age=31536000, immutable"
CHECK_ALWAYS = "no-cache"


def console(services: Services, sign_in: Callable[[], SignIn]) -> Routes:
    routes = Routes(__name__, services, tag="Console")

    @routes.get(
        "/console",
        answers={
            200: Answer("The page", headers=("Cache-Control",), media_type=HTML),
            307: Answer("The path ended with a slash", headers=("Location", "Cache-Control")),
        },
    )
    def get_console() -> Response:
        """Get the console's page.

        Links on the page are relative, so that it works below any prefix. With a slash at the end of its path they
        would miss their files, so such a request is redirected.
        """
        if routes.blueprint.current_request.context["path"].endswith("/"):
            return redirect("../console")
        try:
            origins = sign_in().origins()
        except ConsoleNotConfigured as exc:
            return _page(not_configured(exc.missing))
        return _page(assets.assets().page(), *origins)

    @routes.get(
        "/console/settings.json",
        answers={200: Answer("The settings", ConsoleSettingsView, ("Cache-Control",))},
        problems=(ConsoleNotConfigured, IssuerUnavailable),
    )
    def get_console_settings() -> Response:
        """Get the settings of the console's sign-in: the issuer's endpoints and the console's client id."""
        return Response(sign_in().as_json(), {"Cache-Control": CHECK_ALWAYS, **SAME_FOR_ALL})

    return routes


def files(services: Services) -> Routes:
    """Returns the route of the files, which the API reference needs as well."""
    routes = Routes(__name__, services, tag="Console")

    @routes.get(
        "/console/{file}",
        path=ConsoleFilePath,
        answers={200: Answer("The file", headers=("Cache-Control",), media_type="text/*")},
    )
    def get_console_file(file: str) -> Response:
        """Get a file of the console.

        The page names its files with a digest of their content. Such a name may be cached for good; any other name of
        the same file must be revalidated.
        """
        asset = assets.assets().find(file)
        caching = {"Cache-Control": FOREVER if asset.is_current else CHECK_ALWAYS}
        return Response(asset.content, {"Content-Type": asset.content_type, **FILE_HEADERS, **caching})

    return routes


def _page(content: str, token_origin: str | None = None, authorization_origin: str | None = None) -> Response:
    headers = page_headers(token_origin, authorization_origin)
    return Response(content, {"Content-Type": f"{HTML}; charset=utf-8", "Cache-Control": CHECK_ALWAYS, **headers})
