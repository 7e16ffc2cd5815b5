"""Many schedules in one request, each on its own: one that is wrong spoils none of the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from ...core.errors import InvalidInput, ScheduledTasksError
from ...scheduling.arguments.bodies import BatchItem
from ...scheduling.arguments.reading import read
from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import BODY_TYPES, read_body, read_query
from ..requests import BatchBody, NoQuery, NotJson
from ..views import ScheduleView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ...core.model.schedule import Schedule
    from ...scheduling.actions import ActionRules
    from ..auth import Caller
    from ..dependencies import Services

BEGINS_WITHIN = timedelta(seconds=4)
"""The last create of a batch begins by then. Its three calls may take 8 s each, and API Gateway waits for 29 s."""


def batch(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/schedules/batch", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def create_schedules(request: Request, caller: Caller) -> Response:
        read_query(NoQuery, request)
        body = read_body(BatchBody, request)
        services.limits().check_batch(len(body.schedules))
        user_id = caller.acting_for(body.user_id)
        asked = [_read(item, services.action_rules()) for item in body.schedules]
        readable = [item for item in asked if isinstance(item, dict)]
        created = iter(services.scheduler().create_many(user_id, readable, begin_within=BEGINS_WITHIN))
        return responses.results(_shown(next(created)) if isinstance(item, dict) else item for item in asked)

    return blueprint


def _read(item: Any, rules: ActionRules) -> dict[str, Any] | ScheduledTasksError:
    """Keyword arguments of SchedulerService.create, or what is wrong with them."""
    if not isinstance(item, dict):
        return NotJson()
    try:
        return read(BatchItem, item, rules).arguments()
    except InvalidInput as exc:
        return exc


def _shown(outcome: Schedule | ScheduledTasksError) -> ScheduleView | ScheduledTasksError:
    """A schedule as in lists: a hundred actions of any size would not fit into one answer."""
    return outcome if isinstance(outcome, ScheduledTasksError) else ScheduleView.of(replace(outcome, action=None))
