"""What is planned: of a schedule, and of a timing that nobody has saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import BODY_TYPES, read_body, read_id, read_query
from ..requests import NoQuery, OccurrencesQuery, PreviewBody
from ..views import OccurrencesView, PreviewView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from ..dependencies import Services


def occurrences(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/schedules/{schedule_id}/occurrences", methods=["GET"])
    @needs(Scope.READ)
    def list_occurrences(request: Request, caller: Caller, schedule_id: str) -> Response:
        query = read_query(OccurrencesQuery, request)
        user_id = caller.acting_for(query.user_id)
        planned = services.scheduler().occurrences(user_id, read_id(schedule_id), limit=query.limit)
        return responses.ok(OccurrencesView(occurrences=planned))

    @blueprint.route("/v1/occurrences", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.READ)
    def preview_timing(request: Request, _caller: Caller) -> Response:
        read_query(NoQuery, request)
        body = read_body(PreviewBody, request)
        preview = services.scheduler().preview(body.timing.spec(), limit=body.limit)
        return responses.ok(PreviewView.of(preview))

    return blueprint
