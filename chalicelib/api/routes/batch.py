"""Creates many schedules in one request. An error in one schedule does not affect the others."""

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

    from ...core.actions.fields import ActionRules
    from ...core.model.schedule import Schedule
    from ..dependencies import Services

BEGINS_WITHIN = timedelta(seconds=4)
"""Time after which a batch begins no more creates. A create is four calls of at most about 6 s each (`PATIENCE`), and
API Gateway ends a request after 29 s.
"""


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

        Each schedule has its own result, in the order of the request. An error in one does not affect the others.
        """
        services.limits().check_batch(len(body.schedules))
        asked = [_read(item, services.action_rules()) for item in body.schedules]
        readable = [item for item in asked if isinstance(item, dict)]
        created = iter(services.scheduler().create_many(user_id, readable, begin_within=BEGINS_WITHIN))
        return responses.results(_shown(next(created)) if isinstance(item, dict) else item for item in asked)

    return routes


def _read(item: Any, rules: ActionRules) -> dict[str, Any] | ScheduledTasksError:
    """Returns the keyword arguments of SchedulerService.create, or the error in `item`."""
    if not isinstance(item, dict):
        return NotJson()
    try:
        return read(CreateSchedulesItem, item, rules).arguments()
    except InvalidInput as exc:
        return exc


def _shown(outcome: Schedule | ScheduledTasksError) -> ScheduleView | ScheduledTasksError:
    """Returns the schedule as lists show it, because a hundred whole actions might not fit into one response."""
    return outcome if isinstance(outcome, ScheduledTasksError) else ScheduleView.of(replace(outcome, action=None))
