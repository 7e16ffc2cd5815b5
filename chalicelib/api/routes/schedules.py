"""A user's schedules: create, list, read, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import BODY_TYPES, read_body, read_headers, read_id, read_query
from ..requests import ChangeHeaders, CreateBody, CreateHeaders, ListQuery, NoQuery, Query
from ..views import ScheduleView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from ..dependencies import Services


def schedules(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/schedules", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def create_schedule(request: Request, caller: Caller) -> Response:
        read_query(NoQuery, request)
        idempotency_key = read_headers(CreateHeaders, request).idempotency_key
        body = read_body(CreateBody, request, services.action_rules())
        schedule = services.scheduler().create(
            user_id=caller.acting_for(body.user_id), idempotency_key=idempotency_key, **body.arguments()
        )
        return responses.created(ScheduleView.of(schedule), request)

    @blueprint.route("/v1/schedules", methods=["GET"])
    @needs(Scope.READ)
    def list_schedules(request: Request, caller: Caller) -> Response:
        query = read_query(ListQuery, request)
        found = services.scheduler().list_for_user(
            caller.acting_for(query.user_id), status=query.status, limit=query.limit, cursor=query.cursor
        )
        # A page may so become shorter than its limit; the cursor still stands behind all that was looked at.
        return responses.page(map(ScheduleView.of, filter(query.wants, found.items)), found.next_cursor)

    @blueprint.route("/v1/schedules/{schedule_id}", methods=["GET"])
    @needs(Scope.READ)
    def get_schedule(request: Request, caller: Caller, schedule_id: str) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        schedule = services.scheduler().get(user_id, read_id(schedule_id))
        return responses.schedule(ScheduleView.of(schedule))

    @blueprint.route("/v1/schedules/{schedule_id}", methods=["DELETE"])
    @needs(Scope.WRITE)
    def cancel_schedule(request: Request, caller: Caller, schedule_id: str) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        if_match = read_headers(ChangeHeaders, request).if_match
        services.scheduler().cancel(user_id, read_id(schedule_id), if_match=if_match)
        return responses.no_content()

    return blueprint
