"""A schedule's history, runs outside its timing, and runs done again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from ...scheduling.arguments.reading import Body
from .. import responses
from ..auth import Scope
from ..decorators import Protection
from ..parsing import BODY_TYPES, read_id, read_optional_body, read_query
from ..requests import PageQuery, Query, RedriveBody, RunsQuery
from ..views import JobView, RunView

if TYPE_CHECKING:
    from chalice.app import Request, Response

    from ..auth import Caller
    from ..dependencies import Services


def runs(services: Services) -> Blueprint:
    blueprint = Blueprint(__name__)
    needs = Protection(blueprint, services)

    @blueprint.route("/v1/schedules/{schedule_id}/runs", methods=["GET"])
    @needs(Scope.READ)
    def list_runs(request: Request, caller: Caller, schedule_id: str) -> Response:
        query = read_query(PageQuery, request)
        found = services.scheduler().list_runs(
            caller.acting_for(query.user_id), read_id(schedule_id), limit=query.limit, cursor=query.cursor
        )
        return responses.page(map(RunView.of, found.items), found.next_cursor)

    @blueprint.route("/v1/schedules/{schedule_id}/runs/{run_id}", methods=["GET"])
    @needs(Scope.READ)
    def get_run(request: Request, caller: Caller, schedule_id: str, run_id: str) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        run = services.scheduler().get_run(user_id, read_id(schedule_id), run_id)
        return responses.ok(RunView.of(run))

    @blueprint.route("/v1/schedules/{schedule_id}/run", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def run_now(request: Request, caller: Caller, schedule_id: str) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        read_optional_body(Body, request)
        run = services.scheduler().run_now(user_id, read_id(schedule_id))
        return responses.run_started(RunView.of(run), schedule_id, request)

    @blueprint.route("/v1/schedules/{schedule_id}/runs/{run_id}/redrive", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def redrive(request: Request, caller: Caller, schedule_id: str, run_id: str) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        read_optional_body(Body, request)
        run = services.scheduler().redrive(user_id, read_id(schedule_id), run_id)
        return responses.run_started(RunView.of(run), schedule_id, request)

    @blueprint.route("/v1/runs", methods=["GET"])
    @needs(Scope.READ)
    def list_runs_of_user(request: Request, caller: Caller) -> Response:
        query = read_query(RunsQuery, request)
        found = services.scheduler().list_runs_of_user(caller.acting_for(query.user_id), **query.arguments())
        return responses.page(map(RunView.of, found.items), found.next_cursor)

    @blueprint.route("/v1/runs/redrive", methods=["POST"], content_types=BODY_TYPES)
    @needs(Scope.WRITE)
    def redrive_all(request: Request, caller: Caller) -> Response:
        user_id = caller.acting_for(read_query(Query, request).user_id)
        body = read_optional_body(RedriveBody, request)
        job = services.scheduler().redrive_all(user_id, **body.arguments())
        return responses.job_started(JobView.of(job), request)

    return blueprint
