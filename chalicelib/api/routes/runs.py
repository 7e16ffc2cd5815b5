"""Routes of runs: list, get, run now, redrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core import errors
from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.parameters import PageQuery, Query, RunPath, RunsQuery, SchedulePath
from ..models.requests import NoFields, RedriveRuns
from ..models.views import JobView, RunView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..dependencies import Services


def runs(services: Services) -> Routes:
    routes = Routes(__name__, services, tag="Runs")

    @routes.get(
        "/v1/schedules/{schedule_id}/runs",
        Scope.READ,
        query=PageQuery,
        path=SchedulePath,
        answers=responses.RUN_PAGE,
    )
    def list_runs(query: PageQuery, user_id: str, schedule_id: str) -> Response:
        """List a schedule's runs, the newest first."""
        found = services.scheduler().list_runs(user_id, schedule_id, limit=query.limit, cursor=query.cursor)
        return responses.page(map(RunView.of, found.items), found.next_cursor)

    @routes.get(
        "/v1/schedules/{schedule_id}/runs/{run_id}", Scope.READ, query=Query, path=RunPath, answers=responses.RUN
    )
    def get_run(user_id: str, schedule_id: str, run_id: str) -> Response:
        """Get a run."""
        return responses.ok(RunView.of(services.scheduler().get_run(user_id, schedule_id, run_id)))

    @routes.post(
        "/v1/schedules/{schedule_id}/run",
        Scope.WRITE,
        query=Query,
        path=SchedulePath,
        body=NoFields,
        body_is_optional=True,
        answers=responses.RUN_STARTED,
        problems=(errors.ScheduleEnded, errors.ScheduleBusy),
    )
    def run_schedule(request: Request, user_id: str, schedule_id: str) -> Response:
        """Run a schedule now, outside its timing.

        The next occurrence does not change. Neither `max_runs` nor `run_count` counts this run.
        """
        run = services.scheduler().run_now(user_id, schedule_id)
        return responses.run_started(RunView.of(run), schedule_id, request)

    @routes.post(
        "/v1/schedules/{schedule_id}/runs/{run_id}/redrive",
        Scope.WRITE,
        query=Query,
        path=RunPath,
        body=NoFields,
        body_is_optional=True,
        answers=responses.RUN_STARTED,
        problems=(errors.RunNotRedrivable, errors.ScheduleEnded, errors.ScheduleBusy),
    )
    def redrive_run(request: Request, user_id: str, schedule_id: str, run_id: str) -> Response:
        """Queue a failed, missed or skipped run again.

        The run keeps its id and its history, and gets new retries.
        """
        run = services.scheduler().redrive(user_id, schedule_id, run_id)
        return responses.run_started(RunView.of(run), schedule_id, request)

    @routes.get("/v1/runs", Scope.READ, query=RunsQuery, answers=responses.RUN_PAGE)
    def list_failed_runs(query: RunsQuery, user_id: str) -> Response:
        """List the caller's failed or missed runs, the newest first."""
        found = services.scheduler().list_runs_of_user(user_id, **query.arguments())
        return responses.page(map(RunView.of, found.items), found.next_cursor)

    @routes.post(
        "/v1/runs/redrive",
        Scope.WRITE,
        query=Query,
        body=RedriveRuns,
        body_is_optional=True,
        answers=responses.JOB_STARTED,
    )
    def redrive_runs(request: Request, body: RedriveRuns, user_id: str) -> Response:
        """Queue many failed or missed runs again, as a job.

        Without a body the job queues every failed run of the caller.
        """
        job = services.scheduler().redrive_all(user_id, **body.arguments())
        return responses.job_started(JobView.of(job), request)

    return routes
