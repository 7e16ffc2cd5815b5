"""A schedule's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from .. import responses
from ..auth import Scope
from ..schemas import PageQuery, RunShown
from .protection import Protection
from .reading import read_id, read_query

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from .services import Services


def runs(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services.caller)

    @blueprint.route("/v1/schedules/{schedule_id}/runs", methods=["GET"])
    @needs(Scope.READ)
    def list_runs(request: Request, caller: Caller, schedule_id: str) -> Response:
        query = read_query(PageQuery, request)
        found = services.scheduler().list_runs(
            caller.acting_for(query.user_id), read_id(schedule_id), limit=query.limit, cursor=query.cursor
        )
        return responses.page(map(RunShown.of, found.items), found.next_cursor)

    return blueprint
