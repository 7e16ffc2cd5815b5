"""The schedules about one resource: a caller's own, or everybody's for an admin."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from chalice.app import Blueprint

from ...scheduling.arguments.reading import read
from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import read_query
from ..requests import Query, ResourcePath, ResourceQuery
from ..views import CancelledView, ScheduleView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from ..dependencies import Services


def resources(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/resources/{resource_id}/schedules", methods=["GET"])
    @needs(Scope.READ)
    def list_resource(request: Request, caller: Caller, resource_id: str) -> Response:
        query = read_query(ResourceQuery, request)
        found = services.scheduler().list_for_resource(
            _known(resource_id),
            user_id=_whose(caller, query),
            status=query.status,
            limit=query.limit,
            cursor=query.cursor,
        )
        return responses.page(map(ScheduleView.of, found.items), found.next_cursor)

    @blueprint.route("/v1/resources/{resource_id}/schedules", methods=["DELETE"])
    @needs(Scope.WRITE)
    def cancel_resource(request: Request, caller: Caller, resource_id: str) -> Response:
        user_id = _whose(caller, read_query(Query, request))
        cancelled = services.scheduler().cancel_for_resource(_known(resource_id), user_id=user_id)
        # 202: so far; whoever asks again goes on.
        return responses.ok(CancelledView.of(cancelled), HTTPStatus.OK if cancelled.complete else HTTPStatus.ACCEPTED)

    return blueprint


def _known(resource_id: str) -> str:
    return read(ResourcePath, {"resource_id": resource_id}).resource_id


def _whose(caller: Caller, query: Query) -> str | None:
    """None is everybody: what an admin means who names nobody."""
    return None if caller.is_admin and query.user_id is None else caller.acting_for(query.user_id)
