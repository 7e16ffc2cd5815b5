"""Everything of one user at once, for admins: as jobs, since no single request can do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from ...core.errors import JobNotFound
from ...scheduling.arguments.reading import read
from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import read_query
from ..requests import NoQuery, UserPath
from ..views import JobView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from ..dependencies import Services


def users(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/users/{user_id}/schedules", methods=["DELETE"])
    @needs(Scope.ADMIN)
    def cancel_all(request: Request, _caller: Caller, user_id: str) -> Response:
        read_query(NoQuery, request)
        job = services.scheduler().cancel_all(_known(user_id))
        return responses.job_started(JobView.of(job), request)

    @blueprint.route("/v1/users/{user_id}", methods=["DELETE"])
    @needs(Scope.ADMIN)
    def erase(request: Request, _caller: Caller, user_id: str) -> Response:
        read_query(NoQuery, request)
        job = services.scheduler().erase(_known(user_id))
        return responses.job_started(JobView.of(job), request)

    @blueprint.route("/v1/jobs/{job_id}", methods=["GET"])
    @needs(Scope.READ)
    def get_job(request: Request, caller: Caller, job_id: str) -> Response:
        read_query(NoQuery, request)
        job = services.scheduler().get_job(job_id)
        if not (caller.is_admin or job.user_id == caller.user_id):
            raise JobNotFound
        return responses.ok(JobView.of(job))

    return blueprint


def _known(user_id: str) -> str:
    return read(UserPath, {"user_id": user_id}).user_id
