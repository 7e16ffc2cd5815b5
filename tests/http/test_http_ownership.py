"""Every route times everybody: nobody touches another user's schedules, and nobody learns that they exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.auth import Scope
from tests.http.world import MAIL, READ_AND_WRITE, World

if TYPE_CHECKING:
    from chalice.test import HTTPResponse

    from tests.promises import Promise

CREATE = {"timing": {"after": "PT1H"}, "action": MAIL}
PREVIEW = {"timing": {"rate": "1 hour"}}

WHO: dict[str, tuple[str, tuple[str, ...]] | None] = {
    "owner": ("alice", READ_AND_WRITE),
    "other": ("bob", READ_AND_WRITE),
    "reader": ("alice", (Scope.READ,)),
    "writer": ("alice", (Scope.WRITE,)),
    "admin": ("root", (Scope.ADMIN,)),
    "stranger": ("alice", ()),
    "nobody": None,
}


@dataclass(frozen=True)
class Row:
    """A route, and the status that each one gets for alice's schedule S, about the resource `contract-42`."""

    method: str
    path: str
    owner: int
    other: int
    reader: int
    writer: int
    admin: int
    stranger: int = 403
    nobody: int = 401
    body: Any = None


MATRIX = [
    Row("POST", "/v1/schedules", owner=201, other=201, reader=403, writer=201, admin=201, body=CREATE),
    Row("GET", "/v1/schedules", owner=200, other=200, reader=200, writer=403, admin=200),
    Row("GET", "/v1/schedules/{schedule_id}", owner=200, other=404, reader=200, writer=403, admin=404),
    Row("DELETE", "/v1/schedules/{schedule_id}", owner=204, other=404, reader=403, writer=204, admin=404),
    Row("GET", "/v1/schedules/{schedule_id}/runs", owner=200, other=404, reader=200, writer=403, admin=404),
    Row("GET", "/v1/schedules/{schedule_id}/occurrences", owner=200, other=404, reader=200, writer=403, admin=404),
    Row("POST", "/v1/occurrences", owner=200, other=200, reader=200, writer=403, admin=200, body=PREVIEW),
    Row("GET", "/v1/resources/{resource_id}/schedules", owner=200, other=200, reader=200, writer=403, admin=200),
    Row("DELETE", "/v1/resources/{resource_id}/schedules", owner=200, other=200, reader=403, writer=200, admin=200),
    Row("GET", "/healthz", owner=200, other=200, reader=200, writer=200, admin=200, stranger=200, nobody=200),
]
BY_ID = [row for row in MATRIX if "{schedule_id}" in row.path]
FOR_ANOTHER = [row for row in MATRIX if row.path not in ("/v1/occurrences", "/healthz")]


def name_of(row: Row) -> str:
    return f"{row.method} {row.path}"


def ask(world: World, row: Row, who: str, schedule_id: str, query: str = "") -> HTTPResponse:
    path = row.path.format(schedule_id=schedule_id, resource_id="contract-42")
    identity = WHO[who]
    token = world.issuer.token(identity[0], *identity[1]) if identity else ""
    return world.send(row.method, path + query, row.body, token=token)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("row", MATRIX, ids=name_of)
def test_everybody_gets_what_he_may(world: World, row: Row, who: str) -> None:
    schedule_id = world.created(resource_id="contract-42")["schedule_id"]

    response = ask(world, row, who, schedule_id)

    assert response.status_code == getattr(row, who)


def test_the_matrix_has_every_route(world: World, promise: Promise) -> None:
    routes = {f"{method} {path}" for path, views in world.app.routes.items() for method in views}

    assert {name_of(row) for row in MATRIX} == routes
    promise(4, f"{len(MATRIX)} routes, each asked by {', '.join(WHO)}")


@pytest.mark.parametrize("row", BY_ID, ids=name_of)
def test_another_user_s_schedule_looks_like_none(world: World, row: Row) -> None:
    schedule_id = world.created()["schedule_id"]

    existing, unknown = (ask(world, row, "other", id_) for id_ in (schedule_id, "unknown"))

    assert (existing.status_code, existing.body) == (unknown.status_code, unknown.body)


@pytest.mark.parametrize("row", BY_ID, ids=name_of)
def test_an_admin_reaches_a_schedule_by_naming_its_user(world: World, row: Row) -> None:
    schedule_id = world.created()["schedule_id"]

    assert ask(world, row, "admin", schedule_id, "?user_id=alice").status_code == row.owner


@pytest.mark.parametrize("row", [row for row in FOR_ANOTHER if row.body is None], ids=name_of)
def test_nobody_else_may_name_another_user(world: World, row: Row) -> None:
    schedule_id = world.created(resource_id="contract-42")["schedule_id"]

    response = ask(world, row, "other", schedule_id, "?user_id=alice")

    assert response.status_code == 403
    assert world.repository.get("alice", schedule_id).status == "active"  # type: ignore[union-attr]


def test_naming_oneself_is_no_acting_for_another(world: World) -> None:
    created = world.created(user_id="alice")

    response = world.get(f"/v1/schedules/{created['schedule_id']}?user_id=alice")

    assert response.json_body == created


def test_only_an_admin_creates_for_another_user(world: World) -> None:
    admin = world.issuer.token("root", Scope.ADMIN)

    allowed, refused = world.create(admin, user_id="bob"), world.create(user_id="bob")

    assert (allowed.status_code, allowed.json_body["user_id"]) == (201, "bob")
    assert refused.status_code == 403


def test_a_list_shows_nobody_else_s(world: World) -> None:
    world.created(resource_id="contract-42")
    bob = world.issuer.token("bob", *READ_AND_WRITE)

    lists = [world.get(path, token=bob).json_body for path in ("/v1/schedules", "/v1/resources/contract-42/schedules")]

    assert lists == [{"items": [], "next_cursor": None}] * 2


def test_cancelling_a_resource_leaves_the_others_schedules(world: World) -> None:
    schedule_id = world.created(resource_id="contract-42")["schedule_id"]

    response = world.delete("/v1/resources/contract-42/schedules", token=world.issuer.token("bob", *READ_AND_WRITE))

    assert response.json_body == {"cancelled": 0, "complete": True}
    assert world.get(f"/v1/schedules/{schedule_id}").json_body["status"] == "active"


def test_a_cursor_of_another_user_shows_nothing_of_his(world: World) -> None:
    for _ in range(2):
        world.created()
    cursor = world.get("/v1/schedules?limit=1").json_body["next_cursor"]

    response = world.get(f"/v1/schedules?cursor={cursor}", token=world.issuer.token("bob", *READ_AND_WRITE))

    assert response.status_code == 422
