"""Webhooks of the deployed zip: what their consumer verifies, and with which key; and the secret behind the keys."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from tests.core.actions.providers.servers import answers, running
from tests.e2e import aws
from tests.e2e.client import Client
from tests.e2e.schedules import due, ended_runs

if TYPE_CHECKING:
    from local.app.stack import Stack
    from tests.core.actions.providers.servers import Server
    from tests.e2e.cloud import Clock, LocalCloud
    from tests.promises import Promise

pytestmark = pytest.mark.e2e


@pytest.fixture
def wendy(stack: Stack) -> Client:
    """Somebody whose keys no other test rotates."""
    return Client(stack.api_url, stack.token("wendy"))


def a_webhook(client: Client, server: Server, after: str = "PT1M") -> dict[str, Any]:
    action = {"type": "webhook", "url": f"http://127.0.0.1:{server.port}/hook", "body": {"trial": "over", "ü": 1}}
    return client.create(timing={"after": after}, action=action)


def verified(server: Server, key: dict[str, Any]) -> Any:
    """What the reference library makes of the first request with this key. Raises WebhookVerificationError."""
    headers = dict(line.split(": ", 1) for line in server.requests[0].split("\r\n")[1:] if line)
    return Webhook(key["secret"]).verify(server.bodies[0], headers)


def test_its_consumer_verifies_it_with_the_key_that_its_user_reads(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock, promise: Promise
) -> None:
    with running(answers()) as server:
        schedule = a_webhook(alice, server)
        cloud.forget_calls()
        clock.travel_to(due(schedule))

    (key,) = alice.get("/v1/webhook-keys")["keys"]
    calls = cloud.calls(stack.outputs["notification_lambda_name"])
    on_the_table = [call for call in calls if call.startswith("dynamodb:")]
    assert verified(server, key) == {"trial": "over", "ü": 1}
    assert f"webhook-id: {ended_runs(alice, schedule)[0]['run_id']}" in server.requests[0]
    assert on_the_table == ["dynamodb:TransactWriteItems", "dynamodb:GetItem", "dynamodb:TransactWriteItems"]
    promise(2, "3 calls to the table for a webhook: claim, keys, record")


def test_during_a_rotation_consumers_with_either_key_verify_it(wendy: Client, clock: Clock) -> None:
    (before,) = wendy.get("/v1/webhook-keys")["keys"]
    after, former = wendy.send("POST", "/v1/webhook-keys/rotate").json["keys"]
    with running(answers()) as server:
        clock.travel_to(due(a_webhook(wendy, server)))

    assert former["secret"] == before["secret"] != after["secret"]
    assert verified(server, before) == verified(server, after)


def test_after_a_journey_its_consumer_verifies_it_if_it_is_signed_with_the_real_time(
    cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    cloud.send("POST", "/_local/clock/webhooks", {"time": "real"})
    try:
        with running(answers()) as server:
            clock.travel_to(due(a_webhook(alice, server, "P1D")))
    finally:
        cloud.send("POST", "/_local/clock/webhooks", {"time": "clock"})

    (key,) = alice.get("/v1/webhook-keys")["keys"]
    assert verified(server, key) == {"trial": "over", "ü": 1}


def test_after_a_journey_a_refused_webhook_says_that_the_clocks_differ(alice: Client, clock: Clock) -> None:
    date = format_datetime(datetime.now(UTC), usegmt=True)
    with running(answers(f"HTTP/1.1 401 No\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode())) as server:
        schedule = a_webhook(alice, server, "P1D")
        clock.travel_to(due(schedule))

    (run,) = ended_runs(alice, schedule)
    assert "ahead of the consumer's clock" in run["attempts"][-1]["error"]
    assert "/_local/clock/webhooks" in run["attempts"][-1]["error"]


def test_no_state_of_terraform_holds_the_master_secret(stack: Stack) -> None:
    found = aws.client(stack, "secretsmanager").get_secret_value(SecretId=stack.outputs["webhook_master_secret_arn"])
    state = (stack.directory / "terraform" / "terraform.tfstate").read_text()

    assert len(found["SecretString"]) == 72
    assert found["SecretString"] not in state
    assert stack.outputs["webhook_master_secret_arn"] in state
