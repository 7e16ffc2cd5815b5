"""What is refused, over real HTTP: each with its status, the type of its problem, and the field that is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local.app.stack import SCOPES
from local.endpoint.issuer import PATH as ISSUER_PATH
from local.endpoint.issuer import Issuer
from tests.e2e.client import Client
from tests.e2e.schedules import an_email, path_of

if TYPE_CHECKING:
    from pathlib import Path

    from local.app.stack import Stack
    from tests.e2e.client import Answer

pytestmark = pytest.mark.e2e

IN_AN_HOUR = {"after": "PT1H"}


def problem(answer: Answer) -> tuple[int, str, list[str]]:
    """Status, the end of the type, and the fields."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    fields = [error["field"] for error in answer.json.get("errors", [])]
    return answer.status, answer.json["type"].rpartition(":")[2], fields


@pytest.mark.parametrize(
    ("timing", "field"),
    [
        ({"at": "2026-01-01T09:00:00Z"}, "timing.at"),
        ({"at": "2099-01-01T09:00:00", "timezone": "Europe/Atlantis"}, "timing.timezone"),
        ({"at": "2099-01-01T09:00:00"}, "timing.timezone"),
        ({"at": "2027-03-28T02:30:00", "timezone": "Europe/Berlin"}, "timing.at"),
        ({"cron": "0 9 * * 1-5", "timezone": "UTC"}, "timing.cron"),
        ({"rate": "10 seconds"}, "timing.rate"),
        ({}, "timing"),
    ],
    ids=["past", "unknown zone", "wall time without zone", "spring gap", "five fields", "too often", "none"],
)
def test_a_timing_that_is_none_is_refused_and_named(alice: Client, timing: dict[str, Any], field: str) -> None:
    answer = alice.send("POST", "/v1/schedules", {"timing": timing, "action": an_email("never")})

    assert problem(answer) == (422, "invalid-input", [field])


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ({"type": "pigeon", "data": {}}, "action.type"),
        ({"type": "email", "to": ["a@example.com"], "text": "…"}, "action.subject"),
        ({"type": "webhook", "url": "http://example.com/"}, "action.url"),
    ],
    ids=["unknown", "incomplete", "not encrypted"],
)
def test_an_action_that_cannot_be_done_is_refused_and_named(alice: Client, action: dict[str, Any], field: str) -> None:
    answer = alice.send("POST", "/v1/schedules", {"timing": IN_AN_HOUR, "action": action})

    assert problem(answer) == (422, "invalid-input", [field])


def test_a_payload_over_the_limit_is_refused(alice: Client) -> None:
    action = an_email("long") | {"text": "x" * 65_536}

    answer = alice.send("POST", "/v1/schedules", {"timing": IN_AN_HOUR, "action": action})

    assert problem(answer) == (413, "payload-too-large", ["action"])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"timing": ', b"\xff\xfe", b'{"a": 1, "a": 2}'])
def test_what_is_no_json_object_is_refused(alice: Client, body: bytes) -> None:
    assert problem(alice.send("POST", "/v1/schedules", body)) == (400, "not-json", [])


def test_without_a_token_nothing_is_told(stack: Stack) -> None:
    answer = Client(stack.api_url).send("GET", "/v1/schedules")

    assert problem(answer) == (401, "not-authenticated", [])
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_is_refused(stack: Stack) -> None:
    token = issuer(stack, stack.directory).make_token("alice", SCOPES, ttl=timedelta(hours=-1))

    assert problem(Client(stack.api_url, token).send("GET", "/v1/schedules")) == (401, "invalid-token", [])


def test_a_token_signed_by_somebody_else_is_refused(stack: Stack, tmp_path: Path) -> None:
    token = issuer(stack, tmp_path).make_token("alice", SCOPES)

    assert problem(Client(stack.api_url, token).send("GET", "/v1/schedules")) == (401, "invalid-token", [])


def issuer(stack: Stack, directory: Path) -> Issuer:
    """One that claims to be the stack's, and is if its key lies in the stack's directory."""
    return Issuer(directory, stack.cloud_url + ISSUER_PATH)


def test_a_token_for_reading_does_not_write(stack: Stack) -> None:
    reader = Client(stack.api_url, stack.token("alice", ["schedules:read"]))

    answer = reader.send("POST", "/v1/schedules", {"timing": IN_AN_HOUR, "action": an_email("never")})

    assert problem(answer) == (403, "scope-missing", [])
    assert reader.send("GET", "/v1/schedules").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("GET", "/runs"), ("GET", "/occurrences")],
    ids=["read", "cancel", "runs", "occurrences"],
)
def test_somebody_elses_schedule_is_not_there(alice: Client, bob: Client, method: str, path: str) -> None:
    schedule = alice.create(timing=IN_AN_HOUR, action=an_email("alice's"))

    answer = bob.send(method, path_of(schedule) + path)

    assert problem(answer) == (404, "schedule-not-found", [])
    assert alice.get(path_of(schedule))["status"] == "active"
    assert alice.send("DELETE", path_of(schedule)).status == 204


def test_acting_for_somebody_else_is_for_admins(alice: Client, admin: Client) -> None:
    body = {"timing": IN_AN_HOUR, "action": an_email("for bob"), "user_id": "bob"}

    assert problem(alice.send("POST", "/v1/schedules", body)) == (403, "scope-missing", [])
    for_bob = admin.create(**body)
    assert for_bob["user_id"] == "bob"
    assert admin.send("DELETE", f"{path_of(for_bob)}?user_id=bob").status == 204
