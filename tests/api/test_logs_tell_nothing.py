"""No log line of the product's own holds a token, an address, a text or a secret, whatever goes well or wrong."""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from chalicelib.api.auth import IssuerUnavailable
from tests.api.world import READ_AND_WRITE, World
from tests.notification import world as notification

if TYPE_CHECKING:
    from tests.api.world import FakeIssuer

MAIL = {"type": "email", "to": ["secret-reader@example.com"], "subject": "Secret subject", "text": "The secret text"}
SECRETS = ("secret-reader", "Secret subject", "secret text", "secret metadata", "secret-key", "secret-user", "Bearer")
OURS = ("chalicelib", "notification", "test")


@pytest.fixture
def inside() -> notification.World:
    return notification.World()


@pytest.fixture
def api(issuer: FakeIssuer, inside: notification.World) -> World:
    world = World(issuer)
    world.service = inside.service
    return world


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """All that any formatter could print of what our own loggers said."""
    ours = [record for record in caplog.records if record.name.partition(".")[0] in OURS]
    return [f"{record.getMessage()} {vars(record)} {trace(record)}" for record in ours]


def trace(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""


def create(api: World) -> str:
    made = api.created(
        action=MAIL, metadata={"note": "secret metadata"}, timing={"after": "PT1M"}, name="Secret subject"
    )
    schedule_id: str = made["schedule_id"]
    return schedule_id


def fire(inside: notification.World, schedule_id: str) -> None:
    inside.fire(inside.event(inside.service.get("alice", schedule_id)), lateness=timedelta(seconds=1))


def told(caplog: pytest.LogCaptureFixture, *tokens: str) -> list[str]:
    return [line for line in lines(caplog) if any(secret in line for secret in (*SECRETS, *tokens))]


def test_what_goes_well_tells_nothing(api: World, inside: notification.World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = api.issuer.token("alice", *READ_AND_WRITE)
    done, cancelled = create(api), create(api)
    api.post("/v1/schedules", {"action": MAIL}, token=token, headers={"Idempotency-Key": "secret-key"})
    api.patch(f"/v1/schedules/{cancelled}", {"name": "The secret text"}, token=token)
    event = inside.event(inside.service.get("alice", cancelled))
    api.delete(f"/v1/schedules/{cancelled}", token=token)
    fire(inside, done)
    inside.fire(event)
    inside.sweeper.sweep(stop_at=inside.clock.now + timedelta(seconds=40))

    assert any("'succeeded'" in line for line in lines(caplog))
    assert any("'skipped'" in line for line in lines(caplog))
    assert told(caplog, token) == []


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "MessageRejected", "Message": "not verified: secret-reader@example.com"}}, "x"),
        ValueError("cannot read 'The secret text'"),
    ],
    ids=["of the provider", "of the action"],
)
def test_a_failure_tells_where_and_not_what(
    api: World, inside: notification.World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    caplog.set_level(logging.DEBUG)
    schedule_id = create(api)
    inside.aws.error = error
    fire(inside, schedule_id)

    assert lines(caplog)
    assert told(caplog) == []


def test_a_bug_of_ours_tells_the_request_and_not_its_body(api: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = api.issuer.token("alice", *READ_AND_WRITE)
    api.service = None  # type: ignore[assignment]
    response = api.post(
        "/v1/schedules",
        {"action": MAIL, "timing": {"after": "PT1M"}},
        token=token,
        headers={"Idempotency-Key": "secret-key"},
    )

    assert response.status_code == 500
    assert any("failed: POST /v1/schedules" in line for line in lines(caplog))
    assert told(caplog, token) == []


def test_a_path_is_told_by_its_route(api: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.service = None  # type: ignore[assignment]
    api.get("/v1/resources/secret-user%40example.com/schedules?user_id=alice")

    assert any("failed: GET /v1/resources/{resource_id}/schedules" in line for line in lines(caplog))
    assert told(caplog) == []


def test_a_token_that_is_refused_is_not_told(api: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = api.issuer.token("secret-user", aud="another")
    api.get("/v1/schedules", token=token)
    api.get("/v1/schedules", token=token[:-2])

    assert told(caplog, token) == []


def test_an_issuer_that_is_down_is_told_without_the_token(api: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = api.issuer.token("secret-user", *READ_AND_WRITE)
    api.issuer.is_down = True
    api.get("/v1/schedules", token=token)

    assert any(IssuerUnavailable.__name__ in line for line in lines(caplog))
    assert told(caplog, token) == []


def test_an_event_that_is_none_of_ours_is_not_repeated(
    inside: notification.World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    inside.runner.handle({"version": "The secret text"}, timedelta(seconds=30))
    inside.runner.handle({"version": 1, "user_id": {"to": "secret-user"}}, timedelta(seconds=30))
    inside.runner.handle({"version": 1, "timing": {"expression": "The secret text"}}, timedelta(seconds=30))

    assert any("no run" in line for line in lines(caplog))
    assert told(caplog) == []
