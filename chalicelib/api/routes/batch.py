"""Many schedules in one request, each on its own: one that is wrong does not stop the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ...core.errors import InvalidInput, ScheduledTasksError
from ...scheduling.arguments.bodies import CreateSchedulesItem
from ...scheduling.arguments.reading import read
from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.composed import CreatedItemsView
from ..models.operation import Answer
from ..models.requests import CreateSchedules, NotJson
from ..models.views import ScheduleView

if TYPE_CHECKING:
    from chalice.app import Response

    from ...core.model.schedule import Schedule
    from ...scheduling.actions import ActionRules
    from ..dependencies import Services

BEGINS_WITHIN = timedelta(seconds=4)
"""The last create of a batch begins by then. Its three calls may take 8 s each, and API Gateway waits for 29 s."""


def batch(services: Services) -> Routes:
    routes = Routes(__name__, services, tag="Schedules")

    @routes.post(
        "/v1/schedules/batch",
        Scope.WRITE,
        body=CreateSchedules,
        answers={200: Answer("A result for each schedule", CreatedItemsView)},
    )
    def create_schedules(body: CreateSchedules, user_id: str) -> Response:
        """Create up to 100 schedules.

        Each schedule has its own result, in the order of the request. One that is wrong does not stop the others.
        """
        services.limits().check_batch(len(body.schedules))
        asked = [_read(item, services.action_rules()) for item in body.schedules]
        readable = [item for item in asked if isinstance(item, dict)]
        created = iter(services.scheduler().create_many(user_id, readable, begin_within=BEGINS_WITHIN))
        return responses.results(_shown(next(created)) if isinstance(item, dict) else item for item in asked)

    return routes


def _read(item: Any, rules: ActionRules) -> dict[str, Any] | ScheduledTasksError:
    """Keyword arguments of SchedulerService.create, or what is wrong with them."""
    if not isinstance(item, dict):
        return NotJson()
    try:
        return read(CreateSchedulesItem, item, rules).arguments()
    except InvalidInput as exc:
        return exc


def _shown(outcome: Schedule | ScheduledTasksError) -> ScheduleView | ScheduledTasksError:
    """A schedule as in lists: a hundred actions of any size would not fit into one answer."""
    return outcome if isinstance(outcome, ScheduledTasksError) else ScheduleView.of(replace(outcome, action=None))
