"""POST /v1/schedules/batch: a result each, in order."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.auth import Scope
from chalicelib.core.errors import SchedulerRefused, SchedulerUnavailable
from tests.api.world import MAIL, World, fields, problem
from tests.slow import Slow


def a_body(**only_what_matters: Any) -> dict[str, Any]:
    """A mail in an hour."""
    return {"timing": {"after": "PT1H"}, "action": MAIL, **only_what_matters}


def results_of(world: World, *bodies: Any, **more: Any) -> list[dict[str, Any]]:
    response = world.post("/v1/schedules/batch", {"schedules": list(bodies), **more})
    assert response.status_code == 200, response.body
    results: list[dict[str, Any]] = response.json_body["results"]
    return results


def test_each_gets_its_result_in_order(world: World) -> None:
    names = [f"number {number}" for number in range(100)]

    results = results_of(world, *(a_body(name=name) for name in names))

    assert [(result["status"], result["schedule"]["name"]) for result in results] == [(201, name) for name in names]
    assert len(world.gateway.schedules) == 100


def test_what_there_is_no_time_for_is_told_to_be_asked_for_again(world: World) -> None:
    world.repository.faults = Slow(world.clock, "repository.create")

    results = results_of(world, *(a_body() for _ in range(100)))

    reached = [result for result in results if result["status"] == 201]
    assert 1 <= len(reached) < 50
    assert len(world.gateway.schedules) == len(reached)
    unreached = results[-1]
    assert (unreached["status"], unreached["problem"]["type"].rpartition(":")[2]) == (503, "not-reached")
    assert unreached["retry_after_seconds"] == 5


def test_a_schedule_is_shown_as_in_lists(world: World) -> None:
    (result,) = results_of(world, a_body())

    assert result["schedule"] == world.get("/v1/schedules").json_body["items"][0]


@pytest.mark.parametrize(
    ("bad", "status", "name", "about"),
    [
        (a_body(timing={"at": "2027-02-28T08:00:00Z"}), 422, "invalid-input", ["timing.at"]),
        (a_body(action={**MAIL, "to": ["x"]}, colour="red"), 422, "invalid-input", ["action.to.0", "colour"]),
        (a_body(action={"type": "pigeon"}), 422, "invalid-input", ["action.type"]),
        (a_body(user_id="bob"), 422, "invalid-input", ["user_id"]),
        (a_body(idempotency_key=""), 422, "invalid-input", ["idempotency_key"]),
        (a_body(action={**MAIL, "text": "x" * 70_000}), 413, "payload-too-large", ["action"]),
        ({}, 422, "invalid-input", ["timing", "action"]),
        ("a mail", 400, "not-json", []),
    ],
)
def test_one_that_is_wrong_spoils_none_of_the_others(
    world: World, bad: Any, status: int, name: str, about: list[str]
) -> None:
    first, wrong, last = results_of(world, a_body(), bad, a_body())

    assert [first["status"], wrong["status"], last["status"]] == [201, status, 201]
    assert (wrong["problem"]["status"], wrong["problem"]["type"].rpartition(":")[2]) == (status, name)
    assert [error["field"] for error in wrong["problem"].get("errors", [])] == about


def test_one_that_eventbridge_refuses_spoils_none_of_the_others(world: World) -> None:
    world.faults.once("gateway.put", SchedulerRefused("no"))

    statuses = [result["status"] for result in results_of(world, a_body(), a_body(), a_body())]

    assert sorted(statuses) == [201, 201, 422]


def test_one_that_eventbridge_has_not_yet_taken_is_202(world: World) -> None:
    world.faults.always("gateway.put", SchedulerUnavailable)

    (result,) = results_of(world, a_body())

    assert (result["status"], result["schedule"]["confirmed"]) == (202, False)


def test_each_may_have_its_idempotency_key(world: World) -> None:
    bodies = [a_body(idempotency_key=key) for key in ("order-7", "order-8")]

    first, again = results_of(world, *bodies), results_of(world, *bodies)

    assert first == again
    assert len(world.gateway.schedules) == 2


def test_an_admin_names_one_user_for_all(world: World) -> None:
    body = {"schedules": [a_body(), a_body()], "user_id": "bob"}

    response = world.post("/v1/schedules/batch", body, token=world.issuer.token("root", Scope.ADMIN))

    assert [result["schedule"]["user_id"] for result in response.json_body["results"]] == ["bob", "bob"]


def test_nobody_else_names_another_user(world: World) -> None:
    response = world.post("/v1/schedules/batch", {"schedules": [a_body()], "user_id": "bob"})

    assert problem(response) == (403, "scope-missing")


@pytest.mark.parametrize("schedules", [[], [a_body()] * 101, a_body(), None])
def test_a_batch_is_of_one_to_a_hundred(world: World, schedules: Any) -> None:
    response = world.post("/v1/schedules/batch", {"schedules": schedules})

    assert response.status_code == 422
    assert fields(response) == ["schedules"]
    assert world.gateway.schedules == {}
