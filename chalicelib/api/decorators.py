"""The one decorator of our routes: who asks, may he, and what becomes of errors.

Chalice turns a plain exception from a view into a 500 of its own before any middleware sees it, so errors become
answers here.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chalice.app import ChaliceViewError

from . import responses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalice.app import Blueprint, Response

    from .auth import Scope
    from .dependencies import Services

    View = Callable[..., Response]


class Protection:
    """`@needs(Scope.READ)` for the views of a blueprint, where `needs = Protection(blueprint, services)`.

    The view gets request and caller, and the values of its path as keywords, percent-decoded.
    """

    def __init__(self, blueprint: Blueprint, services: Services) -> None:
        self._blueprint = blueprint
        self._services = services

    def __call__(self, scope: Scope) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            @functools.wraps(view)
            def protected(**path: str) -> Response:
                return self._answer(view, scope, path)

            vars(protected)["scope"] = scope
            return protected

        return decorate

    def _answer(self, view: View, scope: Scope, path: Mapping[str, str]) -> Response:
        request = self._blueprint.current_request
        try:
            caller = self._services.caller(request)
            caller.require(scope)
            self._services.limits().check_body(request.raw_body)
            return view(request, caller, **{name: unquote(value) for name, value in path.items()})
        except tuple(responses.PROBLEMS) as exc:
            return responses.problem(exc)
        except ChaliceViewError:
            # An application's own `caller` may refuse in Chalice's words.
            raise
        except Exception:
            request_id = self._blueprint.lambda_context.aws_request_id
            self._blueprint.log.exception("request %s failed: %s %s", request_id, request.method, request.path)
            return responses.internal_error(request_id)
