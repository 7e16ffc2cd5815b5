"""Routes of a resource's schedules: the caller's own or, for admins, those of all users."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.operation import Answer
from ..models.parameters import ListQuery, Query, ResourcePath
from ..models.views import CancelledView

if TYPE_CHECKING:
    from chalice.app import Response

    from ..auth import Caller
    from ..dependencies import Services


def resources(services: Services) -> Routes:
    routes = Routes(__name__, services, tag="Resources")

    @routes.get(
        "/v1/resources/{resource_id}/schedules",
        Scope.READ,
        query=ListQuery,
        path=ResourcePath,
        answers=responses.SCHEDULE_PAGE,
    )
    def list_resource_schedules(caller: Caller, query: ListQuery, resource_id: str) -> Response:
        """List a resource's schedules.

        Users get their own schedules. Admins get those of all users, or of `user_id`.
        """
        user_id = _whose(caller, query)
        return responses.schedule_page(
            services.scheduler().list_for_resource(resource_id, user_id=user_id, **query.arguments())
        )

    @routes.delete(
        "/v1/resources/{resource_id}/schedules",
        Scope.WRITE,
        query=Query,
        path=ResourcePath,
        answers={
            200: Answer("All these schedules are cancelled", CancelledView),
            202: Answer(
                "Some of them are cancelled: send the request again for the others",
                CancelledView,
                differs={"complete": False},
            ),
        },
    )
    def cancel_resource_schedules(caller: Caller, query: Query, resource_id: str) -> Response:
        """Cancel a resource's schedules.

        Users cancel their own schedules. Admins cancel those of all users, or of `user_id`.
        """
        cancelled = services.scheduler().cancel_for_resource(resource_id, user_id=_whose(caller, query))
        status = HTTPStatus.OK if cancelled.complete else HTTPStatus.ACCEPTED
        return responses.ok(CancelledView.of(cancelled), status)

    return routes


def _whose(caller: Caller, query: Query) -> str | None:
    """Returns the user whose schedules the request is about, or None (all users) for an admin without `user_id`."""
    return None if caller.is_admin and query.user_id is None else caller.acting_for(query.user_id)
