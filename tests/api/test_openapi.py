"""The description of the API: valid, complete, and no status in it that cannot be met."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chalice.test import HTTPResponse
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app, services
from chalicelib import __version__
from chalicelib.api.models.composed import TYPE_PREFIX
from chalicelib.api.models.console import ConsoleNotConfigured
from chalicelib.api.openapi import document as openapi
from chalicelib.api.openapi import html
from chalicelib.api.responses import PROBLEM_JSON
from chalicelib.api.routes import all_routes, operations_of
from chalicelib.core.errors import SchedulerRefused, SchedulerUnavailable
from tests.api import described
from tests.api.route_table import OPERATIONS, document
from tests.api.test_ownership import CREATE, MATRIX, Row, ask, ids, name_of
from tests.api.world import READ_AND_WRITE, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.api.console.sign_in import SignIn
    from tests.api.world import FakeIssuer

PROJECT = Path(__file__).parents[2]
KEY = {"Idempotency_Key": "order-7"}
OF_API_GATEWAY = {429, 504}
"""Statuses that API Gateway answers before or instead of the API: tests/api/edge/test_gateway_responses.py."""
STATUSES = [
    (method, path, int(status))
    for path, of in document()["paths"].items()
    for method, operation in of.items()
    for status in operation["responses"]
    if int(status) not in OF_API_GATEWAY
]


def test_it_is_openapi_3_1(world: World) -> None:
    shown = world.get("/openapi.json", token="").json_body

    assert shown["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(shown).iter_errors()) == []


def test_it_has_every_route_of_the_table_with_its_scope() -> None:
    scopes = {
        (method.upper(), path): [scope for need in operation["security"] for scope in need["bearer"]]
        for path, of in document()["paths"].items()
        for method, operation in of.items()
    }

    assert scopes == {(one.method, one.address): [one.scope] if one.scope else [] for one in OPERATIONS}


def test_an_app_without_webhook_keys_does_not_describe_them() -> None:
    without = replace(services, webhook_keys=None)

    shown = openapi.document(tuple(operations_of(all_routes(without))))

    assert document()["paths"].keys() - shown["paths"].keys() == {"/v1/webhook-keys", "/v1/webhook-keys/rotate"}


def test_its_version_is_that_of_the_package() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    assert document()["info"]["version"] == __version__ == project["version"]


def test_a_prefix_of_somebody_s_app_stands_in_servers(issuer: FakeIssuer) -> None:
    shown = World(issuer, url_prefix="/tasks").get("/tasks/openapi.json", token="").json_body

    assert shown["servers"] == [{"url": "/tasks"}]


def test_names_of_operations_are_unique() -> None:
    named = [operation["operationId"] for of in document()["paths"].values() for operation in of.values()]

    assert len(set(named)) == len(named) == len(OPERATIONS)


def test_every_parameter_of_a_path_is_described() -> None:
    for path, of in document()["paths"].items():
        for operation in of.values():
            described = [at["name"] for at in operation["parameters"] if at["in"] == "path"]

            assert described == re.findall(r"\{(\w+)\}", path)


def test_a_header_that_not_every_answer_has_is_shown_with_its_condition() -> None:
    put = document()["paths"]["/v1/schedules/{schedule_id}"]["put"]["responses"]
    headers = {**put["202"]["headers"], **put["409"]["headers"]}

    assert {name: (header["required"], header["description"]) for name, header in headers.items()} == {
        "ETag": (True, "Revision of the schedule, for `If-Match`"),
        "Location": (
            False,
            "Address of the created schedule, run or job, or of a redirect, only if the schedule is new",
        ),
        "Retry-After": (False, "Seconds to wait before the next request, only with `schedule-busy`"),
    }


@pytest.mark.parametrize(
    ("status", "name", "headers", "complaint"),
    [
        (418, "busy", {}, "answers 418"),
        (409, "run-not-redrivable", {}, "answers run-not-redrivable"),
        (409, "schedule-busy", {"ETag": "1"}, "has {'ETag'}"),
        (401, "invalid-token", {}, "lacks {'WWW-Authenticate'}"),
    ],
)
def test_an_answer_that_is_not_described_is_noticed(
    status: int, name: str, headers: dict[str, str], complaint: str
) -> None:
    body = {"type": TYPE_PREFIX + name, "title": "No", "status": status, "detail": "no"}
    response = HTTPResponse(json.dumps(body).encode(), {"Content-Type": PROBLEM_JSON, **headers}, status)

    with pytest.raises(AssertionError, match=re.escape(complaint)):
        described.check("DELETE", "/v1/schedules/mine", response)


def test_the_page_allows_files_of_the_api_only(world: World) -> None:
    response = world.get("/docs", token="")
    console = world.get("/console", token="")

    assert response.headers["Content-Security-Policy"] == console.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert all(path in response.body.decode() for path in app.routes)


def test_the_page_is_rendered_once_per_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = world.get("/docs", token="").body
    monkeypatch.setattr(html, "render", lambda *_: pytest.fail("rendered again"))

    assert world.get("/docs", token="").body == first


def test_a_cold_start_does_not_wait_for_it() -> None:
    look = "import sys, app; print([name for name in sys.modules if 'openapi' in name])"

    done = subprocess.run([sys.executable, "-c", look], cwd=PROJECT, env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Each status


def usual(world: World, row: Row) -> HTTPResponse:
    return ask(world, row, who(row), ids(world))


def who(row: Row) -> str:
    return "admin" if row.owner == 403 else "owner"


def of_another_id(world: World, row: Row) -> HTTPResponse:
    return ask(world, row, who(row), dict.fromkeys(ids(world), "another"))


def with_the_engine_down(world: World, row: Row) -> HTTPResponse:
    of = ids(world)
    world.faults.always("gateway.*", SchedulerUnavailable)
    return ask(world, row, who(row), of)


def with_a_change_on_its_way(world: World, row: Row) -> HTTPResponse:
    world.faults.once("gateway.put", SchedulerUnavailable)
    made = world.post("/v1/schedules", CREATE | {"resource_id": "contract-42"}).json_body
    of = dict.fromkeys(ids(world), "any") | {"resource_id": "contract-42", "schedule_id": made["schedule_id"]}
    return ask(world, row, "owner", of)


def after_its_end(world: World, row: Row) -> HTTPResponse:
    of = ids(world)
    world.delete(f"/v1/schedules/{of['schedule_id']}")
    return ask(world, row, "owner", of)


def after_a_create_that_was_refused_and_is_not_withdrawn_yet(world: World, row: Row) -> HTTPResponse:
    of = ids(world) | {"schedule_id": "mine"}
    world.faults.once("gateway.put", SchedulerRefused("no"))
    world.faults.once("gateway.delete", SchedulerUnavailable)
    ask(world, row, "owner", of, **KEY)
    return ask(world, row, "owner", of, **KEY)


def with_an_old_etag(world: World, row: Row) -> HTTPResponse:
    return ask(world, row, "owner", ids(world), If_Match='"1"')


def with_an_unknown_parameter(world: World, row: Row) -> HTTPResponse:
    return ask(world, row, who(row), ids(world), "?colour=red")


def as_nobody(world: World, row: Row) -> HTTPResponse:
    return ask(world, row, "nobody", ids(world))


def without_a_scope(world: World, row: Row) -> HTTPResponse:
    return ask(world, row, "stranger", ids(world))


def with_the_issuer_down(world: World, row: Row) -> HTTPResponse:
    token = world.issuer.token("alice", *READ_AND_WRITE)
    world.issuer.is_down = True
    return world.send(row.method, row.path, token=token)


def with_something_broken(world: World, row: Row) -> HTTPResponse:
    of = ids(world)
    world.service = None  # type: ignore[assignment]
    world.sign_in = None  # type: ignore[assignment]
    world.webhook_keys = None  # type: ignore[assignment]
    return ask(world, row, who(row), of)


def with_a_slash_at_the_end(world: World, row: Row) -> HTTPResponse:
    return world.send(row.method, f"{row.path}/")


def without_a_client_id(world: World, row: Row) -> HTTPResponse:
    def not_configured() -> SignIn:
        raise ConsoleNotConfigured(["CONSOLE_CLIENT_ID"])

    return usual(World(world.issuer, console=not_configured), row)


def with_content(content: bytes, media_type: str = "application/json") -> Callable[[World, Row], HTTPResponse]:
    def send(world: World, row: Row) -> HTTPResponse:
        path = row.path.format(schedule_id="mine", run_id="any")
        return world.send(row.method, path, content, headers={"Content-Type": media_type})

    return send


WAYS: dict[int, list[Callable[[World, Row], HTTPResponse]]] = {
    200: [usual],
    201: [usual, of_another_id],
    202: [usual, with_the_engine_down, with_a_change_on_its_way],
    204: [usual],
    400: [with_content(b"{")],
    401: [as_nobody],
    403: [without_a_scope],
    307: [with_a_slash_at_the_end],
    404: [of_another_id, without_a_client_id],
    409: [after_its_end, with_a_change_on_its_way, after_a_create_that_was_refused_and_is_not_withdrawn_yet],
    412: [with_an_old_etag],
    413: [with_content(json.dumps("x" * 1024 * 1024).encode())],
    415: [with_content(b"x", "text/plain")],
    422: [with_an_unknown_parameter],
    500: [with_something_broken],
    503: [with_the_issuer_down],
}


@pytest.mark.parametrize(("method", "path", "status"), STATUSES)
def test_each_status_that_it_names_can_be_met(issuer: FakeIssuer, method: str, path: str, status: int) -> None:
    (row,) = (row for row in MATRIX if name_of(row) == f"{method.upper()} {path}")

    met = {way(World(issuer), row).status_code for way in WAYS[status]}

    assert status in met


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/schedules"), ("POST", "/v1/occurrences")])
def test_a_body_over_a_megabyte_is_413_with_the_limit(world: World, method: str, path: str) -> None:
    response = world.send(method, path, b" " * (1024 * 1024 + 1))

    body: Any = response.json_body
    assert (response.status_code, body["limit"]) == (413, 1024 * 1024)
    assert "1,048,577" in body["detail"]
