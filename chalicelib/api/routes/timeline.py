"""Route of the timeline: the runs and the planned occurrences of several schedules in a window of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.operation import Answer
from ..models.parameters import TimelineQuery
from ..models.timeline import TimelineView

if TYPE_CHECKING:
    from chalice.app import Response

    from ..dependencies import Services


def timeline(services: Services) -> Routes:
    routes = Routes(__name__, services, tag="Timeline")

    @routes.get(
        "/v1/timeline",
        Scope.READ,
        query=TimelineQuery,
        answers={200: Answer("One page of the timeline", TimelineView)},
    )
    def get_timeline(query: TimelineQuery, user_id: str) -> Response:
        """Get the runs and planned occurrences of the caller's schedules in a window of time.

        Each schedule with a run or an occurrence in the window has a lane. The order is that of the list of schedules
        of any status. A page may be shorter than `limit`, even empty. The list ends when `next_cursor` is null.
        """
        return responses.ok(TimelineView.of(services.scheduler().timeline(user_id, **query.arguments())))

    return routes
