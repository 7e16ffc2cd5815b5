"""What a new route, error or setting must not forget."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app import app
from chalicelib.api.auth import Scope
from chalicelib.api.edge import gateway_responses
from chalicelib.api.edge.cors import ALLOWED_HEADERS, EXPOSED_HEADERS
from chalicelib.api.openapi.document import HEADERS, TAGS
from chalicelib.api.responses import INTERNAL_ERROR, PROBLEMS
from chalicelib.core.errors import (
    ChangeLost,
    DeadLetterUnsent,
    InvalidPayload,
    RunLeased,
    ScheduledTasksError,
    ScheduleExists,
    StarterUnavailable,
    StoreRefused,
)
from tests.api.route_table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
PUBLIC = {"/healthz", "/openapi.json", "/docs", "/console", "/console/settings.json", "/console/{file}"}
READ_BY_ANY_PAGE = {"Cache-Control"}
"""CORS exposes it always: https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name"""
NEVER_OVER_HTTP = {
    ChangeLost,  # SchedulerService tries again, or says ScheduleBusy
    ScheduleExists,  # SchedulerService says ScheduleBusy; two generated ids never collide
    InvalidPayload,  # of the Notification Lambda
    RunLeased,  # of the Notification Lambda
    DeadLetterUnsent,  # of the Notification Lambda
    StarterUnavailable,  # the run is recorded, and the sweeper starts it
    StoreRefused,  # the limits of HTTP are narrower (tests/contract/test_table_limits.py)
}


def kinds(error: type[ScheduledTasksError] = ScheduledTasksError) -> Iterator[type[ScheduledTasksError]]:
    """The product's errors below one of them; those that tests make are left out."""
    for kind in error.__subclasses__():
        if kind.__module__.startswith("chalicelib."):
            yield kind
        yield from kinds(kind)


def test_every_route_but_the_public_ones_needs_a_scope() -> None:
    assert {operation.address for operation in OPERATIONS if operation.scope is None} == PUBLIC


def test_a_user_in_a_path_needs_the_scope_of_admins() -> None:
    """Elsewhere the user is the caller, or one that he may act for."""
    scopes = {operation.scope for operation in OPERATIONS if "{user_id}" in operation.address}

    assert scopes == {Scope.ADMIN}


def test_a_view_asks_for_what_its_route_has() -> None:
    for operation in OPERATIONS:
        models = {name for name in ("headers", "body") if getattr(operation, name)}
        path = set(operation.path.model_fields) if operation.path else set()

        assert set(operation.arguments) <= {"request", "caller", "query", "user_id"} | models | path
        assert path == set(re.findall(r"\{(\w+)\}", operation.address))


def test_every_route_of_the_app_is_in_the_route_table() -> None:
    routes = {(method, path) for path, of in app.routes.items() for method in of if method != "OPTIONS"}

    assert routes == {(operation.method, operation.address) for operation in OPERATIONS}


def test_each_tag_of_a_route_has_a_text() -> None:
    tags = {operation.tag for operation in OPERATIONS}

    assert tags == TAGS.keys(), "the tags of the routes, and TAGS of chalicelib/api/openapi/document.py"


def test_each_header_of_an_answer_has_a_text_and_can_be_read_by_a_page() -> None:
    answers = [answer for operation in OPERATIONS for answer in operation.answers.values()]
    headers = {name for answer in answers for name in (*answer.headers, *answer.conditional_headers)}

    assert headers - HEADERS.keys() == set(), "HEADERS of chalicelib/api/openapi/document.py lacks them"
    assert headers - READ_BY_ANY_PAGE - set(EXPOSED_HEADERS) == set(), "EXPOSED_HEADERS of edge/cors.py lacks them"


def test_each_header_of_a_request_can_be_sent_by_a_page() -> None:
    models = [operation.headers for operation in OPERATIONS if operation.headers]
    headers = {field.alias for model in models for field in model.model_fields.values()}

    assert headers | {"Authorization", "Content-Type"} == set(ALLOWED_HEADERS)


def test_every_error_has_its_answer_or_never_reaches_http() -> None:
    assert set(kinds()) == set(PROBLEMS) | NEVER_OVER_HTTP


def test_no_two_problems_have_one_name() -> None:
    names = [problem.name for problem in (*PROBLEMS.values(), INTERNAL_ERROR)]

    assert len(names) == len(set(names))


def test_the_documentation_lists_every_problem_with_its_status() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", (PROJECT / "docs" / "api.md").read_text(), re.MULTILINE)

    problems = (*PROBLEMS.values(), INTERNAL_ERROR, *gateway_responses.PROBLEMS)
    assert set(listed) == {(problem.name, str(int(problem.status))) for problem in problems}


def test_the_app_imports_without_environment_and_makes_no_client() -> None:
    look = "import app; from chalicelib import composition; print(composition.scheduler.cache_info().currsize)"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", look], cwd=PROJECT, env={}, capture_output=True, text=True, check=True
    )

    assert done.stdout == "0\n"
