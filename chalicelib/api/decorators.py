"""The route table: a route's decorator declares its contract; the view only does the work.

    routes = Routes(__name__, services, tag="Schedules")

    @routes.get("/v1/schedules/{schedule_id}", Scope.READ, query=Query, path=SchedulePath, answers=responses.SCHEDULE)
    def get_schedule(user_id: str, schedule_id: str) -> Response:
        \"\"\"Get a schedule.\"\"\"

The view's name becomes the `operationId` (`getSchedule`), its docstring the summary and description. A view receives
the arguments that its parameters name: `request`, `caller`, the models `query`, `headers` and `body`, `user_id` (the
user whose schedules the request is about), and each value of the path. The OpenAPI document, the table of docs/api.md
and the tests' ownership matrix are generated from the operations declared here.

The decorator converts errors to responses, because Chalice converts an exception of a view to its own 500 before any
middleware sees it.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Required, TypedDict, Unpack
from urllib.parse import unquote

from chalice.app import Blueprint, ChaliceViewError

from ..scheduling.arguments.reading import read
from . import responses
from .models.operation import Operation
from .parsing import CONTENT_TYPES, read_body, read_headers, read_optional_body, read_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalice.app import Request, Response

    from ..scheduling.arguments.reading import Body
    from .auth import Caller, Scope
    from .dependencies import Services
    from .models.operation import Answer
    from .models.parameters import Parameters, Problems

    View = Callable[..., Response]

    class Facts(TypedDict, total=False):
        """Keywords of a decorator: fields of Operation."""

        answers: Required[Mapping[int, Answer]]
        query: type[Parameters]
        headers: type[Parameters]
        path: type[Parameters]
        body: type[Body]
        body_is_optional: bool
        problems: Problems


class Routes:
    """The routes of one blueprint. A route without a scope is public; its view receives the values of its path only."""

    def __init__(self, name: str, services: Services, *, tag: str) -> None:
        self.blueprint = Blueprint(name)
        self.operations: list[Operation] = []
        self._services = services
        self._tag = tag

    def get(self, address: str, scope: Scope | None = None, **facts: Unpack[Facts]) -> Callable[[View], View]:
        return self._route("GET", address, scope, facts)

    def post(self, address: str, scope: Scope, **facts: Unpack[Facts]) -> Callable[[View], View]:
        return self._route("POST", address, scope, facts)

    def put(self, address: str, scope: Scope, **facts: Unpack[Facts]) -> Callable[[View], View]:
        return self._route("PUT", address, scope, facts)

    def patch(self, address: str, scope: Scope, **facts: Unpack[Facts]) -> Callable[[View], View]:
        return self._route("PATCH", address, scope, facts)

    def delete(self, address: str, scope: Scope, **facts: Unpack[Facts]) -> Callable[[View], View]:
        return self._route("DELETE", address, scope, facts)

    def _route(self, method: str, address: str, scope: Scope | None, facts: Facts) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            operation = Operation(
                method=method,
                address=address,
                scope=scope,
                tag=self._tag,
                name=view.__name__,
                text=inspect.getdoc(view) or "",
                arguments=tuple(inspect.signature(view).parameters),
                **facts,
            )
            self.operations.append(operation)
            answered = self._answering(operation, view)
            self.blueprint.route(address, methods=[method], content_types=CONTENT_TYPES)(answered)
            return answered

        return decorate

    def _answering(self, operation: Operation, view: View) -> View:
        @functools.wraps(view)
        def answering(**path: str) -> Response:
            request = self.blueprint.current_request
            try:
                return view(**(self._arguments(operation, request, path) if operation.scope else path))
            except tuple(responses.PROBLEMS) as exc:
                return responses.problem(exc)
            except ChaliceViewError:
                # An application's own `caller` may raise Chalice's errors.
                raise
            except Exception:
                request_id = self.blueprint.lambda_context.aws_request_id
                self.blueprint.log.exception("request %s failed: %s %s", request_id, request.method, request.path)
                return responses.internal_error(request_id)

        return answering

    def _arguments(self, operation: Operation, request: Request, path: Mapping[str, str]) -> dict[str, Any]:
        """Returns the view's arguments. The order of the checks decides which of several errors is returned."""
        caller = self._services.caller(request)
        if operation.scope:
            caller.require(operation.scope)
        self._services.limits().check_body(request.raw_body)
        query = read_query(operation.query, request)
        user_id = _whose(caller, query)
        headers = read_headers(operation.headers, request) if operation.headers else None
        body = self._body(operation, request)
        values = {name: unquote(value) for name, value in path.items()}
        known = {
            "request": request,
            "caller": caller,
            "query": query,
            "headers": headers,
            "body": body,
            "user_id": _whose(caller, body) if hasattr(body, "user_id") else user_id,
            **(dict(read(operation.path, values)) if operation.path else {}),
        }
        return {name: known[name] for name in operation.arguments}

    def _body(self, operation: Operation, request: Request) -> Body | None:
        if operation.body is None:
            return None
        rules = self._services.action_rules()
        return (read_optional_body if operation.body_is_optional else read_body)(operation.body, request, rules)


def _whose(caller: Caller, asked: object) -> str:
    """Returns the user whose schedules the request is about. Raises ScopeMissing if the caller may not act for them."""
    return caller.acting_for(getattr(asked, "user_id", None))
