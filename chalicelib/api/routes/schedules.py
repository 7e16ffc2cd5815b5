"""Routes of a user's schedules: create, list, get, put, update, pause, resume, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core import errors
from ...scheduling.arguments.bodies import PutSchedule, UpdateSchedule
from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.parameters import ChangeHeaders, CreateHeaders, ListQuery, NewSchedulePath, Query, SchedulePath
from ..models.requests import CreateSchedule, PauseSchedule, ResumeSchedule
from ..models.views import ScheduleView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..dependencies import Services

OF_EVENTBRIDGE = (errors.SchedulerRefused, errors.SchedulerUnavailable, errors.SchedulerDenied)
OF_CREATES = (errors.PayloadTooLarge, errors.TooManySchedules, errors.ScheduleBusy, *OF_EVENTBRIDGE)
OF_CHANGES = (errors.ScheduleBusy, errors.ScheduleEnded, *OF_EVENTBRIDGE)


def schedules(services: Services) -> Routes:
    routes = Routes(__name__, services, tag="Schedules")

    @routes.post(
        "/v1/schedules",
        Scope.WRITE,
        headers=CreateHeaders,
        body=CreateSchedule,
        answers=responses.CREATED,
        problems=OF_CREATES,
    )
    def create_schedule(request: Request, headers: CreateHeaders, body: CreateSchedule, user_id: str) -> Response:
        """Create a schedule.

        The schedule fires even if EventBridge has not confirmed it yet (202).
        """
        schedule = services.scheduler().create(
            user_id=user_id, idempotency_key=headers.idempotency_key, **body.arguments()
        )
        return responses.created(ScheduleView.of(schedule), request)

    @routes.get("/v1/schedules", Scope.READ, query=ListQuery, answers=responses.SCHEDULE_PAGE)
    def list_schedules(query: ListQuery, user_id: str) -> Response:
        """List the caller's schedules, the soonest first.

        A page may be shorter than `limit`, even empty: a request compares at most 500 schedules with `search`, `kind`
        and `action_type`. The list ends when `next_cursor` is null.
        """
        return responses.schedule_page(services.scheduler().list_for_user(user_id, **query.arguments()))

    @routes.get("/v1/schedules/{schedule_id}", Scope.READ, query=Query, path=SchedulePath, answers=responses.SCHEDULE)
    def get_schedule(user_id: str, schedule_id: str) -> Response:
        """Get a schedule."""
        return responses.schedule(ScheduleView.of(services.scheduler().get(user_id, schedule_id)))

    @routes.put(
        "/v1/schedules/{schedule_id}",
        Scope.WRITE,
        query=Query,
        headers=ChangeHeaders,
        path=NewSchedulePath,
        body=PutSchedule,
        answers=responses.PUT,
        problems=OF_CREATES,
    )
    def put_schedule(
        request: Request, headers: ChangeHeaders, body: PutSchedule, user_id: str, schedule_id: str
    ) -> Response:
        """Create or replace a schedule under an id that the client chooses.

        The request is idempotent. A paused schedule stays paused; a schedule that has ended is created again (201).
        """
        schedule, is_new = services.scheduler().put(user_id, schedule_id, if_match=headers.if_match, **body.arguments())
        shown = ScheduleView.of(schedule)
        return responses.created(shown, request) if is_new else responses.changed(shown)

    @routes.patch(
        "/v1/schedules/{schedule_id}",
        Scope.WRITE,
        query=Query,
        headers=ChangeHeaders,
        path=SchedulePath,
        body=UpdateSchedule,
        answers=responses.CHANGED,
        problems=(*OF_CHANGES, errors.PayloadTooLarge),
    )
    def update_schedule(headers: ChangeHeaders, body: UpdateSchedule, user_id: str, schedule_id: str) -> Response:
        """Update the given fields of a schedule.

        Null sets a field to its default. Occurrences that were due before the update still run.
        """
        schedule = services.scheduler().change(user_id, schedule_id, if_match=headers.if_match, **body.arguments())
        return responses.changed(ScheduleView.of(schedule))

    @routes.delete(
        "/v1/schedules/{schedule_id}",
        Scope.WRITE,
        query=Query,
        headers=ChangeHeaders,
        path=SchedulePath,
        answers=responses.CANCELLED,
        problems=(errors.ScheduleBusy,),
    )
    def cancel_schedule(headers: ChangeHeaders, user_id: str, schedule_id: str) -> Response:
        """Cancel a schedule.

        A cancelled schedule does no work, even if EventBridge delivers it once more. The request is idempotent.
        """
        services.scheduler().cancel(user_id, schedule_id, if_match=headers.if_match)
        return responses.no_content()

    @routes.post(
        "/v1/schedules/{schedule_id}/pause",
        Scope.WRITE,
        query=Query,
        headers=ChangeHeaders,
        path=SchedulePath,
        body=PauseSchedule,
        body_is_optional=True,
        answers=responses.CHANGED,
        problems=OF_CHANGES,
    )
    def pause_schedule(headers: ChangeHeaders, body: PauseSchedule, user_id: str, schedule_id: str) -> Response:
        """Pause a schedule, optionally until a time.

        Occurrences that are due during the pause do not run.
        """
        schedule = services.scheduler().pause(user_id, schedule_id, if_match=headers.if_match, **dict(body))
        return responses.changed(ScheduleView.of(schedule))

    @routes.post(
        "/v1/schedules/{schedule_id}/resume",
        Scope.WRITE,
        query=Query,
        headers=ChangeHeaders,
        path=SchedulePath,
        body=ResumeSchedule,
        body_is_optional=True,
        answers=responses.CHANGED,
        problems=OF_CHANGES,
    )
    def resume_schedule(headers: ChangeHeaders, body: ResumeSchedule, user_id: str, schedule_id: str) -> Response:
        """Resume a schedule.

        The schedule continues with its next occurrence. If the time of a one-time schedule has passed, `timing` is
        required.
        """
        timing = body.timing.spec() if body.timing else None
        schedule = services.scheduler().resume(user_id, schedule_id, timing=timing, if_match=headers.if_match)
        return responses.changed(ScheduleView.of(schedule))

    return routes
