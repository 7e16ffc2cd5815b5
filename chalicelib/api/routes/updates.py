"""Changes of one schedule: put, patch, pause, resume. With If-Match, only if nobody changed it since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from ...scheduling.arguments.bodies import ChangeBody, ScheduleBody
from ...scheduling.arguments.reading import read
from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import BODY_TYPES, read_body, read_headers, read_id, read_optional_body, read_query
from ..requests import ChangeHeaders, NewSchedulePath, PauseBody, Query, ResumeBody
from ..views import ScheduleView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from ..dependencies import Services


def updates(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/schedules/{schedule_id}", methods=["PUT"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def put_schedule(request: Request, caller: Caller, schedule_id: str) -> Response:
        user_id, if_match = _whose_and_which(request, caller)
        own_id = read(NewSchedulePath, {"schedule_id": schedule_id}).schedule_id
        body = read_body(ScheduleBody, request, services.action_rules())
        schedule, is_new = services.scheduler().put(user_id, own_id, if_match=if_match, **body.arguments())
        shown = ScheduleView.of(schedule)
        return responses.created(shown, request) if is_new else responses.changed(shown)

    @blueprint.route("/v1/schedules/{schedule_id}", methods=["PATCH"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def change_schedule(request: Request, caller: Caller, schedule_id: str) -> Response:
        user_id, if_match = _whose_and_which(request, caller)
        body = read_body(ChangeBody, request, services.action_rules())
        schedule = services.scheduler().change(user_id, read_id(schedule_id), if_match=if_match, **body.arguments())
        return responses.changed(ScheduleView.of(schedule))

    @blueprint.route("/v1/schedules/{schedule_id}/pause", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def pause_schedule(request: Request, caller: Caller, schedule_id: str) -> Response:
        user_id, if_match = _whose_and_which(request, caller)
        body = read_optional_body(PauseBody, request)
        schedule = services.scheduler().pause(user_id, read_id(schedule_id), if_match=if_match, **dict(body))
        return responses.changed(ScheduleView.of(schedule))

    @blueprint.route("/v1/schedules/{schedule_id}/resume", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def resume_schedule(request: Request, caller: Caller, schedule_id: str) -> Response:
        user_id, if_match = _whose_and_which(request, caller)
        timing = read_optional_body(ResumeBody, request).timing
        schedule = services.scheduler().resume(
            user_id, read_id(schedule_id), timing=timing.spec() if timing else None, if_match=if_match
        )
        return responses.changed(ScheduleView.of(schedule))

    return blueprint


def _whose_and_which(request: Request, caller: Caller) -> tuple[str, int | None]:
    """Whose schedule is meant, and the revision that must still stand, if the client says one."""
    user_id = caller.acting_for(read_query(Query, request).user_id)
    return user_id, read_headers(ChangeHeaders, request).if_match
