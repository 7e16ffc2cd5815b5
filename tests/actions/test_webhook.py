"""`webhook`: its signature as its consumer verifies it, its headers, and what is made of its consumer's answer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from chalicelib.actions import webhook
from chalicelib.core.actions.providers.http import Answer
from chalicelib.core.actions.webhook_signing import live_keys
from chalicelib.core.errors import MasterSecretUnavailable, StoreUnavailable
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Action
from chalicelib.testing import FakeMaster, Faults, InMemoryRepository
from notification.action_api import ActionFailed
from notification.actions import registry
from notification.webhook_signer import Signer
from tests.core.actions.providers.servers import answers, running
from tests.notification.contexts import a_run
from tests.notification.world import NOON, SETTINGS, World, next_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from notification.action_api import RunContext

A_DAY = timedelta(days=1)


class Sender:
    """alice's webhooks: her keys, and what signs with them now. The reference library has a clock of its own."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.faults = Faults()
        self.repository = InMemoryRepository(self.faults)
        self.master = FakeMaster(self.faults)
        self.signer = Signer(self.repository, self.master, lambda: self.now)

    def key(self) -> str:
        """The secret that a consumer would be given now."""
        keys = live_keys(self.repository.get_webhook_keys("alice"), self.master.values(), self.now)
        return keys[0].text

    def rotate(self) -> None:
        """The user's side of a rotation."""
        before = self.repository.get_webhook_keys("alice")
        self.repository.save_webhook_keys(before.rotated(self.now, A_DAY), replacing=before)

    def run(self, clock: datetime = NOON) -> RunContext:
        about = a_run(clock=lambda: clock)
        return replace(
            about,
            aws=lambda service: pytest.fail(f"{service} is not needed"),
            sign=partial(self.signer.headers, about.user_id, about.run_id),
        )

    def post(self, url: str, **data: Any) -> None:
        registry.find("webhook").work(self.run(), {"url": url, **data})


def received(sender: Sender, **data: Any) -> tuple[dict[str, str], bytes]:
    """What a consumer gets: headers by their names in small letters, and the body."""
    with running(answers()) as server:
        sender.post(f"http://127.0.0.1:{server.port}/", **data)
    (request,), (body,) = server.requests, server.bodies
    headers = dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if line)
    return {name.lower(): value for name, value in headers.items()}, body


def verifies(key: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(key).verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError:
        return False
    return True


# Signatures


@pytest.mark.parametrize("body", [{"trial": "over", "ü": ["😀", 1.5]}, None, "text", []])
def test_its_consumer_verifies_it_with_the_reference_library(body: Any) -> None:
    sender = Sender()

    headers, content = received(sender, body=body)

    assert verifies(sender.key(), headers, content)
    assert json.loads(content) == body


def test_its_id_is_the_run_s_and_its_time_is_now() -> None:
    sender = Sender()

    headers, _ = received(sender)

    assert headers["webhook-id"] == "20270301T120000Z-0123456789abcdef"
    assert headers["webhook-timestamp"] == str(int(sender.now.timestamp()))


def test_with_a_clock_that_is_ahead_it_can_be_signed_with_the_real_time(tmp_path: Path) -> None:
    sender = Sender()
    real, sender.now = sender.now, sender.now + 30 * A_DAY
    sender.signer = replace(sender.signer, ahead_file=tmp_path / "ahead")

    ahead, content = received(sender)
    (tmp_path / "ahead").write_text(str((30 * A_DAY).total_seconds()))
    signed, signed_content = received(sender)

    assert not verifies(sender.key(), ahead, content)
    assert verifies(sender.key(), signed, signed_content)
    assert signed["webhook-timestamp"] == str(int(real.timestamp()))


@pytest.mark.parametrize("side", ["user", "master", "both"])
def test_during_a_rotation_consumers_with_either_key_verify_it(side: str) -> None:
    sender = Sender()
    former = sender.key()
    if side in ("user", "both"):
        sender.rotate()
    if side in ("master", "both"):
        sender.master.rotate(sender.now - A_DAY)

    headers, content = received(sender)

    assert sender.key() != former
    assert [verifies(key, headers, content) for key in (former, sender.key())] == [True, True]
    assert len(headers["webhook-signature"].split(" ")) == (4 if side == "both" else 2)


def test_another_user_s_key_does_not_verify_it() -> None:
    sender = Sender()
    (bob,) = live_keys(sender.repository.get_webhook_keys("bob"), sender.master.values(), sender.now)

    headers, content = received(sender)

    assert not verifies(bob.text, headers, content)


@pytest.mark.parametrize(
    ("call", "error"),
    [("master.values", MasterSecretUnavailable), ("repository.get_webhook_keys", StoreUnavailable)],
)
def test_what_cannot_be_signed_is_not_sent_and_tried_again(call: str, error: type[Exception]) -> None:
    sender = Sender()
    sender.faults.always(call, error)
    with running(answers()) as server, pytest.raises(ActionFailed, match="signed") as failed:
        sender.post(f"http://127.0.0.1:{server.port}/")

    assert not failed.value.permanent
    assert server.requests == []


def test_a_run_signs_with_the_keys_of_its_user(world: World) -> None:
    world.clock.now = NOON
    with running(answers()) as server:
        schedule = world.a_schedule(action=Action("webhook", {"url": f"http://127.0.0.1:{server.port}/"}))
        world.fire(world.event(schedule))

    (run,) = world.runs(schedule)
    (request,) = server.requests
    assert run.status is RunStatus.SUCCEEDED
    assert f"webhook-id: {run.run_id}" in request
    assert f"webhook-timestamp: {int(next_run(schedule).timestamp())}" in request


def test_only_a_webhook_reads_the_keys(world: World) -> None:
    schedule = world.a_schedule()
    world.faults.calls.clear()
    world.fire(world.event(schedule))

    assert on_the_table(world) == ["claim", "finish"]


def test_a_successful_webhook_is_three_calls_to_the_table(world: World) -> None:
    with running(answers()) as server:
        schedule = world.a_schedule(action=Action("webhook", {"url": f"http://127.0.0.1:{server.port}/"}))
        world.faults.calls.clear()
        world.fire(world.event(schedule))

    assert on_the_table(world) == ["claim", "get_webhook_keys", "finish"]


def on_the_table(world: World) -> list[str]:
    return [call.removeprefix("repository.") for call in world.faults.calls if call.startswith("repository.")]


# Headers


def test_the_client_s_own_headers_reach_the_consumer() -> None:
    headers, _ = received(Sender(), headers={"Authorization": "Bearer x", "X-Shop": "7", "User-Agent": "shop"})

    assert (headers["authorization"], headers["x-shop"], headers["user-agent"]) == ("Bearer x", "7", "shop")


@pytest.mark.parametrize(
    "name", ["Webhook-Id", "WEBHOOK-SIGNATURE", "webhook-timestamp", "Host", "Content-Length", "Transfer-Encoding"]
)
def test_an_old_record_s_headers_do_not_take_the_place_of_ours(name: str) -> None:
    """The API refuses them, and a record may be older than its rules."""
    sender = Sender()

    headers, content = received(sender, headers={name: "0"})

    assert verifies(sender.key(), headers, content)
    assert headers.get(name.lower()) != "0"


# Answers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(status: int) -> None:
    with running(answers(f"HTTP/1.1 {status} Fine\r\n\r\n".encode())) as server:
        Sender().post(f"http://127.0.0.1:{server.port}/")

    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 422, 451])
def test_3xx_and_4xx_are_final(status: int) -> None:
    failed = refused(f"HTTP/1.1 {status} No\r\nRetry-After: 5\r\nLocation: /\r\n\r\n")

    assert failed.permanent
    assert str(failed) == f"the webhook answered {status}"


def dated(apart: timedelta) -> str:
    """A refusal by a consumer whose clock is so far behind the one that signs."""
    return f"HTTP/1.1 401 No\r\nDate: {format_datetime(datetime.now(UTC) - apart, usegmt=True)}\r\n\r\n"


@pytest.mark.parametrize(("apart", "side"), [(timedelta(days=30), "ahead of"), (-timedelta(hours=1), "behind")])
def test_a_refusal_by_a_consumer_of_another_time_says_so(apart: timedelta, side: str) -> None:
    message = str(refused(dated(apart)))

    assert message.startswith("the webhook answered 401; the signature's time is ")
    assert f"{side} the consumer's clock; at most 5 minutes are allowed" in message
    assert 'POST /_local/clock/webhooks {"time": "real"}' in message


def test_a_consumer_of_another_time_is_told_of_the_local_cloud_in_stage_local_only() -> None:
    run = replace(Sender().run(), settings=replace(SETTINGS, loopback_webhooks=False))
    answer = Answer(401, None, date="Mon, 01 Mar 2027 12:00:00 GMT")

    said = webhook._about_clocks(answer, run, {"webhook-timestamp": str(int(NOON.timestamp()) + 3600)})

    assert said == "; the signature's time is 1:00:00 ahead of the consumer's clock; at most 5 minutes are allowed"


def test_a_refusal_by_a_consumer_of_about_the_same_time_says_nothing_of_clocks() -> None:
    assert str(refused(dated(timedelta(minutes=4)))) == "the webhook answered 401"


def test_a_date_that_cannot_be_read_says_nothing_of_clocks() -> None:
    assert str(refused("HTTP/1.1 401 No\r\nDate: yesterday\r\n\r\n")) == "the webhook answered 401"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    failed = refused(f"HTTP/1.1 {status} Later\r\n\r\n")

    assert not failed.permanent
    assert failed.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Mon, 01 Mar 2027 12:02:00 GMT", 120),
        ("Monday, 01-Mar-27 12:02:00 GMT", 120),
        ("Mon, 01 Mar 2027 11:00:00 GMT", -3600),
        ("999999999", 999_999_999),
        ("9" * 5000, None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Mon, 32 Mar 2027 12:02:00 GMT", None),
        ("Mon, 01 Mar 2027 12:02:00", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", 251_598_481_199),
    ],
)
def test_the_consumer_s_retry_after_is_kept(header: str, seconds: int | None) -> None:
    failed = refused(f"HTTP/1.1 503 Later\r\nRetry-After: {header}\r\n\r\n")

    assert failed.retry_after == (None if seconds is None else timedelta(seconds=seconds))


def test_an_address_that_is_not_public_is_final_and_not_told() -> None:
    sender = Sender()
    deployed = replace(sender.run(), settings=replace(SETTINGS, loopback_webhooks=False))

    with pytest.raises(ActionFailed) as failed:
        registry.find("webhook").work(deployed, {"url": "https://localhost/"})

    assert failed.value.permanent
    assert str(failed.value) == "the webhook was not called: its address is not public"


def refused(answer: str) -> ActionFailed:
    with running(answers(answer.encode())) as server, pytest.raises(ActionFailed) as failed:
        Sender().post(f"http://127.0.0.1:{server.port}/")
    return failed.value
