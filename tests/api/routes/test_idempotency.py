"""POST /v1/schedules with an Idempotency-Key: whoever lost the answer asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import SchedulerUnavailable
from tests.api.world import MAIL, READ_AND_WRITE, World, fields, problem

if TYPE_CHECKING:
    from chalice.test import HTTPResponse


def ask(world: World, key: str = "order-7", *, token: str | None = None, **only_what_matters: Any) -> HTTPResponse:
    body = {"timing": {"after": "PT1H"}, "action": MAIL, **only_what_matters}
    return world.post("/v1/schedules", body, token=token, headers={"Idempotency-Key": key})


def test_the_same_request_again_has_the_same_answer(world: World) -> None:
    first = ask(world)
    world.clock.sleep(10)

    again = ask(world)

    assert (again.status_code, again.json_body) == (201, first.json_body)
    assert (again.headers["Location"], again.headers["ETag"]) == (first.headers["Location"], first.headers["ETag"])
    assert len(world.gateway.schedules) == 1


def test_another_key_is_another_schedule(world: World) -> None:
    first, other = ask(world), ask(world, "order-8")

    assert first.json_body["schedule_id"] != other.json_body["schedule_id"]


def test_the_same_key_of_another_user_is_another_schedule(world: World) -> None:
    mine, theirs = ask(world), ask(world, token=world.issuer.token("bob", *READ_AND_WRITE))

    assert theirs.status_code == 201
    assert mine.json_body["schedule_id"] != theirs.json_body["schedule_id"]


@pytest.mark.parametrize(
    "same",
    [
        {"flexible_window_minutes": 0, "metadata": {}, "exclusions": [], "overlap": "allow"},
        {"delivery": {"max_retries": 185}, "retry": {"max_retries": 3, "backoff_seconds": 60}},
        {"action": {**MAIL, "cc": [], "placeholders": True}},
        {"timing": {"after": "PT60M"}},
    ],
)
def test_the_same_request_in_other_words_has_the_same_answer(world: World, same: dict[str, Any]) -> None:
    first = ask(world)

    again = ask(world, **same)

    assert (again.status_code, again.json_body) == (201, first.json_body)


@pytest.mark.parametrize(
    "other", [{"timing": {"after": "PT2H"}}, {"action": {**MAIL, "subject": "bye"}}, {"name": "x"}, {"max_runs": 2}]
)
def test_another_request_under_the_same_key_is_422(world: World, other: dict[str, Any]) -> None:
    ask(world)

    response = ask(world, **other)

    assert problem(response) == (422, "request-mismatch")
    assert len(world.gateway.schedules) == 1


def test_a_create_that_was_cut_short_is_gone_on_with(world: World) -> None:
    world.faults.once("gateway.put", SchedulerUnavailable)

    statuses = [ask(world).status_code for _ in range(2)]

    assert statuses == [202, 201]
    assert len(world.gateway.schedules) == 1


def test_what_was_cancelled_meanwhile_stays_so(world: World) -> None:
    world.delete(ask(world).headers["Location"])

    assert ask(world).json_body["status"] == "cancelled"
    assert world.gateway.schedules == {}


@pytest.mark.parametrize("text", ["", "x" * 256, "clé", "a\tb"])
def test_a_key_that_is_none_is_422_and_named(world: World, text: str) -> None:
    response = ask(world, text)

    assert response.status_code == 422
    assert fields(response) == ["Idempotency-Key"]


@pytest.mark.parametrize("text", ["x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "order 7 #1 100%"])
def test_any_printable_text_is_a_key(world: World, text: str) -> None:
    assert ask(world, text).status_code == 201
