"""Routes for all schedules of a user. They start jobs, because one request has not enough time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import JobNotFound
from .. import responses
from ..auth import Scope
from ..decorators import Routes
from ..models.operation import Answer
from ..models.parameters import JobPath, UserPath
from ..models.views import JobView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from ..dependencies import Services


def users(services: Services) -> Routes:
    routes = Routes(__name__, services, tag="Users")

    @routes.delete("/v1/users/{user_id}/schedules", Scope.ADMIN, path=UserPath, answers=responses.JOB_STARTED)
    def cancel_user_schedules(request: Request, user_id: str) -> Response:
        """Cancel all schedules of a user, as a job.

        The job cancels the schedules that the user created before the request.
        """
        return responses.job_started(JobView.of(services.scheduler().cancel_all(user_id)), request)

    @routes.delete("/v1/users/{user_id}", Scope.ADMIN, path=UserPath, answers=responses.JOB_STARTED)
    def erase_user(request: Request, user_id: str) -> Response:
        """Cancel all schedules of a user and erase every record of them, as a job."""
        return responses.job_started(JobView.of(services.scheduler().erase(user_id)), request)

    @routes.get("/v1/jobs/{job_id}", Scope.READ, path=JobPath, answers={200: Answer("The job", JobView)})
    def get_job(caller: Caller, job_id: str) -> Response:
        """Get a job's progress."""
        job = services.scheduler().get_job(job_id)
        if not (caller.is_admin or job.user_id == caller.user_id):
            raise JobNotFound
        return responses.ok(JobView.of(job))

    return routes
