"""Every route times everybody: nobody touches another user's schedules, and nobody learns that they exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from app import app
from chalicelib.api.auth import Scope
from tests.api.route_table import OPERATIONS, example_of
from tests.api.world import MAIL, READ_AND_WRITE, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalice.test import HTTPResponse

    from chalicelib.api.models.operation import Operation
    from tests.promises import Promise

CREATE = {"timing": {"after": "PT1H"}, "action": MAIL}

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
    """A route, and the status that each one gets for alice and her schedule, about the resource `contract-42`."""

    method: str
    path: str
    owner: int
    other: int
    reader: int
    writer: int
    admin: int
    stranger: int
    nobody: int
    body: Any


def promised_scope(method: str, address: str) -> Scope | None:
    """The scope that the route must need, independent of the scope that it declares; None: it is public."""
    if address in ("/healthz", "/openapi.json", "/docs") or address.startswith("/console"):
        return None
    if "{user_id}" in address:
        return Scope.ADMIN
    if address.startswith("/v1/webhook-keys"):
        return Scope.WRITE
    return Scope.READ if method == "GET" or address == "/v1/occurrences" else Scope.WRITE


def promised_status(method: str, address: str) -> int:
    """The status of a request that succeeds, independent of the answers that the route declares."""
    if (method, address) == ("POST", "/v1/schedules"):
        return 201
    if (method, address) == ("DELETE", "/v1/schedules/{schedule_id}"):
        return 204
    return 202 if address.endswith(("/run", "/redrive")) or address.startswith("/v1/users/") else 200


def row_of(operation: Operation) -> Row:
    """What everybody gets from it by the rules above. Of the operation's declarations it uses the body only."""
    method, address = operation.method, operation.address
    usual, needed = promised_status(method, address), promised_scope(method, address)
    by_scope = {scope: usual if needed in (scope, None) else 403 for scope in (Scope.READ, Scope.WRITE)}
    of_others = (201 if method == "PUT" else 404) if "{schedule_id}" in address else usual
    is_for_users, is_public = needed is not Scope.ADMIN, needed is None
    return Row(
        method,
        address,
        owner=usual if is_for_users else 403,
        other=(404 if "{job_id}" in address else of_others) if is_for_users else 403,
        reader=by_scope[Scope.READ],
        writer=by_scope[Scope.WRITE],
        admin=of_others,
        stranger=usual if is_public else 403,
        nobody=usual if is_public else 401,
        body=example_of(operation.body) if operation.body and not operation.body_is_optional else None,
    )


ONE = "/v1/schedules/{schedule_id}"
MATRIX = [row_of(operation) for operation in OPERATIONS]
BY_ID = [row for row in MATRIX if ONE in row.path]
OF_MANY = [
    row
    for row in MATRIX
    if "resource_id" in row.path
    or "/v1/runs" in row.path
    or (row.method, row.path) in {("GET", "/v1/schedules"), ("GET", "/v1/timeline")}
]
CHANGES = [row for row in BY_ID if row.method != "GET" and not row.path.endswith(("/run", "/redrive"))]
OF_WHAT_STANDS = [row for row in BY_ID if row.method != "PUT"]


def name_of(row: Row) -> str:
    return f"{row.method} {row.path}"


def ids(world: World) -> dict[str, str]:
    """What stands in paths: alice, her schedule, a run of it that failed, a job of hers, and a file of the console."""
    schedule_id = world.created(resource_id="contract-42")["schedule_id"]
    return {
        "user_id": "alice",
        "schedule_id": schedule_id,
        "resource_id": "contract-42",
        "run_id": world.ended_run(schedule_id).run_id,
        "file": "main.js",
        "job_id": world.service.redrive_all("alice").job_id,
    }


def ask(world: World, row: Row, who: str, of: Mapping[str, str], query: str = "", **headers: str) -> HTTPResponse:
    """`headers` by their names with `_` for `-`."""
    identity = WHO[who]
    token = world.issuer.token(identity[0], *identity[1]) if identity else ""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.send(row.method, row.path.format_map(of) + query, row.body, token=token, headers=named)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("row", MATRIX, ids=name_of)
def test_everybody_gets_what_he_may(world: World, row: Row, who: str) -> None:
    response = ask(world, row, who, ids(world))

    assert response.status_code == getattr(row, who)


def test_the_matrix_has_every_route(world: World, promise: Promise) -> None:
    ours, deployed = (
        {f"{method} {path}" for path, views in of.routes.items() for method in views if method != "OPTIONS"}
        for of in (world.app, app)
    )

    assert {name_of(row) for row in MATRIX} == ours == deployed
    promise(4, f"{len(MATRIX)} routes, each asked by {', '.join(WHO)}")


def whole(response: HTTPResponse) -> tuple[int, Mapping[str, str], bytes]:
    """All that a client sees of an answer."""
    return response.status_code, response.headers, response.body


@pytest.mark.parametrize("row", OF_WHAT_STANDS, ids=name_of)
def test_another_user_s_schedule_looks_like_none(world: World, row: Row) -> None:
    of = ids(world)

    existing, unknown = (ask(world, row, "other", named) for named in (of, of | {"schedule_id": "unknown"}))

    assert whole(existing) == whole(unknown)


@pytest.mark.parametrize("row", [row for row in CHANGES if row.method != "PUT"], ids=name_of)
def test_another_user_s_etag_tells_nothing(world: World, row: Row) -> None:
    of = ids(world)
    current = world.get(f"/v1/schedules/{of['schedule_id']}").headers["ETag"]

    matching, other = (ask(world, row, "other", of, If_Match=etag) for etag in (current, '"1"'))

    assert matching.status_code == 404
    assert whole(matching) == whole(other)


def test_a_put_is_not_told_that_another_user_has_this_id(world: World) -> None:
    bob = world.issuer.token("bob", *READ_AND_WRITE)
    world.put("/v1/schedules/taken", CREATE)

    taken, free = (world.put(f"/v1/schedules/{name}", CREATE, token=bob) for name in ("taken", "free"))

    assert [taken.status_code, free.status_code] == [201, 201]
    assert taken.json_body | {"schedule_id": "free"} == free.json_body


@pytest.mark.parametrize("row", [row for row in MATRIX if "{run_id}" in row.path], ids=name_of)
def test_another_user_s_run_looks_like_none(world: World, row: Row) -> None:
    of = ids(world)
    own = of | {"schedule_id": world.created(world.issuer.token("bob", *READ_AND_WRITE))["schedule_id"]}

    asked = [ask(world, row, "other", named) for named in (of, own, own | {"run_id": "20270101T000000Z-0"})]

    assert whole(asked[0]) == whole(asked[1]) == whole(asked[2])
    assert asked[0].status_code == 404


def test_another_user_s_resource_looks_like_none(world: World) -> None:
    ids(world)
    bob = world.issuer.token("bob", *READ_AND_WRITE)

    existing, unknown = (world.get(f"/v1/resources/{name}/schedules", token=bob) for name in ("contract-42", "none"))

    assert whole(existing) == whole(unknown)


def test_an_idempotency_key_of_another_user_is_free(world: World) -> None:
    key = {"Idempotency-Key": "order-7"}
    world.post("/v1/schedules", CREATE, headers=key)

    response = world.post("/v1/schedules", CREATE, headers=key, token=world.issuer.token("bob", *READ_AND_WRITE))

    assert (response.status_code, response.json_body["user_id"]) == (201, "bob")


@pytest.mark.parametrize("row", BY_ID, ids=name_of)
def test_an_admin_reaches_a_schedule_by_naming_its_user(world: World, row: Row) -> None:
    assert ask(world, row, "admin", ids(world), "?user_id=alice").status_code == row.owner


@pytest.mark.parametrize("row", [*OF_MANY, *BY_ID], ids=name_of)
def test_nobody_else_may_name_another_user(world: World, row: Row) -> None:
    of = ids(world)
    before = world.service.get("alice", of["schedule_id"])

    response = ask(world, row, "other", of, "?user_id=alice")

    assert response.status_code == 403
    assert world.service.get("alice", of["schedule_id"]) == before


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

    assert lists == [{"items": [], "next_cursor": None, "searched": 0}] * 2


def test_a_timeline_shows_nobody_else_s(world: World) -> None:
    world.created(resource_id="contract-42", name="Alice's")
    bob = world.issuer.token("bob", *READ_AND_WRITE)
    admin = world.issuer.token("root", Scope.ADMIN)

    for query in ("", "?resource_id=contract-42", "?search=alice"):
        assert world.get(f"/v1/timeline{query}", token=bob).json_body["items"] == [], query
        assert len(world.get(f"/v1/timeline{query}").json_body["items"]) == 1, query
    assert len(world.get("/v1/timeline?user_id=alice", token=admin).json_body["items"]) == 1
    assert world.get("/v1/timeline?user_id=alice", token=bob).status_code == 403


def test_cancelling_a_resource_leaves_the_others_schedules(world: World) -> None:
    schedule_id = world.created(resource_id="contract-42")["schedule_id"]

    response = world.delete("/v1/resources/contract-42/schedules", token=world.issuer.token("bob", *READ_AND_WRITE))

    assert response.json_body == {"cancelled": 0, "complete": True}
    assert world.get(f"/v1/schedules/{schedule_id}").json_body["status"] == "active"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/schedules?status=active",
        "/v1/schedules?status=any",
        "/v1/resources/contract-42/schedules?status=active",
        "/v1/resources/contract-42/schedules?status=any",
        "/v1/timeline?since=2027-03-01T08:00:00Z",
    ],
)
def test_a_cursor_of_another_user_shows_nothing_of_his(world: World, path: str) -> None:
    for _ in range(2):
        world.created(resource_id="contract-42")
    cursor = world.get(f"{path}&limit=1").json_body["next_cursor"]
    bob = world.issuer.token("bob", *READ_AND_WRITE)

    foreign, invented = (world.get(f"{path}&cursor={text}", token=bob) for text in (cursor, "invented"))

    assert foreign.status_code == 422
    assert whole(foreign) == whole(invented)


def test_a_cursor_of_another_user_s_runs_shows_nothing_of_them(world: World) -> None:
    alices, bob = ids(world), world.issuer.token("bob", *READ_AND_WRITE)
    cursor = world.get(f"/v1/schedules/{alices['schedule_id']}/runs?limit=1").json_body["next_cursor"]
    bobs = world.created(bob)["schedule_id"]

    foreign, invented = (
        world.get(f"/v1/schedules/{bobs}/runs?cursor={text}", token=bob) for text in (cursor, "invented")
    )

    assert foreign.status_code == 422
    assert whole(foreign) == whole(invented)
