"""Routes of planned occurrences: those of a schedule, and those of a timing without a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.operation import Answer
from ..models.parameters import OccurrencesQuery, SchedulePath
from ..models.requests import PreviewTiming
from ..models.views import OccurrencesView, PreviewView

if TYPE_CHECKING:
    from chalice.app import Response

    from ..dependencies import Services


def occurrences(services: Services) -> Routes:
    routes = Routes(__name__, services, tag="Occurrences")

    @routes.get(
        "/v1/schedules/{schedule_id}/occurrences",
        Scope.READ,
        query=OccurrencesQuery,
        path=SchedulePath,
        answers={200: Answer("The next occurrences", OccurrencesView)},
    )
    def list_occurrences(query: OccurrencesQuery, user_id: str, schedule_id: str) -> Response:
        """List a schedule's next occurrences."""
        planned = services.scheduler().occurrences(user_id, schedule_id, limit=query.limit)
        return responses.ok(OccurrencesView(occurrences=planned))

    @routes.post(
        "/v1/occurrences",
        Scope.READ,
        body=PreviewTiming,
        answers={200: Answer("The preview", PreviewView)},
    )
    def preview_timing(body: PreviewTiming) -> Response:
        """Preview a timing without creating a schedule."""
        return responses.ok(PreviewView.of(services.scheduler().preview(body.timing.spec(), limit=body.limit)))

    return routes
