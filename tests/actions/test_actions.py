"""Each action against what its provider would see; the webhook against a real server on loopback."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.actions import built_in
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Action
from notification.action_api import ActionFailed, action
from notification.actions import registry
from notification.actions.registry import ActionUnknown
from tests.notification.contexts import a_run, do
from tests.notification.world import FakeAws, World

if TYPE_CHECKING:
    from collections.abc import Iterator


class Consumer(HTTPServer):
    """A webhook's consumer: keeps what it gets, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Inbox)
        self.status = 200
        self.inbox: list[tuple[dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook"


class Inbox(BaseHTTPRequestHandler):
    server: Consumer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.inbox.append(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Location", f"{self.server.url}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    with Consumer() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_webhook_posts_what_is_known_of_the_run(consumer: Consumer) -> None:
    do("webhook", {"url": consumer.url})

    ((headers, body),) = consumer.inbox
    assert headers["webhook-id"] == body["run_id"] == a_run().run_id
    assert (body["metadata"], body["scheduled_time"]) == ({"language": "de"}, "2027-03-01T12:00:00Z")


@pytest.mark.parametrize("body", [None, 0, "text", [1.5], {"a": {"b": None}}])
def test_a_webhook_posts_the_clients_own_body_whatever_json_it_is(consumer: Consumer, body: Any) -> None:
    do("webhook", {"url": consumer.url, "headers": {"X-Tenant": "7"}, "body": body})

    ((headers, received),) = consumer.inbox
    assert (headers["x-tenant"], headers["content-type"], received) == ("7", "application/json", body)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (404, True), (410, True), (302, True), (408, False), (429, False), (503, False)],
)
def test_a_webhooks_answer_tells_whether_another_try_is_worth_it(
    consumer: Consumer, status: int, *, permanent: bool
) -> None:
    consumer.status = status

    with pytest.raises(ActionFailed, match=f"answered {status}") as failed:
        do("webhook", {"url": consumer.url})

    assert failed.value.permanent is permanent
    assert len(consumer.inbox) == 1


def test_a_webhook_that_nobody_listens_to_may_be_tried_again() -> None:
    with pytest.raises(ActionFailed, match="did not answer") as failed:
        do("webhook", {"url": "http://127.0.0.1:1/"})

    assert not failed.value.permanent


def test_an_event_carries_the_detail_and_the_run_id() -> None:
    aws = FakeAws(answer={"Entries": [{"EventId": "1"}]})

    do("event", {"detail_type": "TrialEnded", "detail": {"trial": 7}}, aws)

    (entry,) = aws.of("put_events")[0]["Entries"]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == ("default", "scheduled-tasks", "TrialEnded")
    assert json.loads(entry["Detail"])["trial"] == 7
    assert json.loads(entry["Detail"])["scheduled_tasks"]["run_id"] == a_run().run_id


def test_an_event_that_the_bus_refuses_inside_a_200_is_a_failure() -> None:
    aws = FakeAws(answer={"Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]})

    with pytest.raises(ActionFailed, match="slow down") as failed:
        do("event", {"detail_type": "TrialEnded", "detail": {}}, aws)

    assert not failed.value.permanent


def test_name_and_metadata_reach_the_action(world: World, consumer: Consumer) -> None:
    schedule = world.a_schedule(action=Action("webhook", {"url": consumer.url}), name="trial", metadata={"plan": "pro"})

    world.fire(world.event(schedule))

    ((_, body),) = consumer.inbox
    assert (body["name"], body["metadata"]) == ("trial", {"plan": "pro"})
    assert world.runs(schedule)[0].status is RunStatus.SUCCEEDED


def test_an_unknown_action_names_the_known_ones() -> None:
    with pytest.raises(ActionUnknown, match=f"deployed: {', '.join(sorted(built_in()))}"):
        registry.find("telegram")


def test_two_actions_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two actions have the type 'email'"):
        action("email")(lambda _run, _data: None)
