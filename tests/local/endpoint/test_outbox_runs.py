"""The outbox says which run sent a message, and shows the webhooks that a function sends by itself."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.request import Request, urlopen

import pytest

from chalicelib.core.actions.master_secret import MasterSecret
from chalicelib.core.actions.webhook_signing import live_keys, signed_headers
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.ids import run_id
from local.endpoint.origin import Origin
from local.endpoint.outbox import Message
from local.endpoint.outbox_message import Links, message_html
from local.testing import RunningCloud, running_cloud
from tests.web_server import serving

CODE = """
    import boto3
    from http.client import HTTPConnection

    def handle(event, context):
        return globals()[event["do"]](event)

    def mail(event):
        content = {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hi"}}}}
        to = {"ToAddresses": ["alice@example.com"]}
        sent = boto3.client("sesv2").send_email(FromEmailAddress="a@example.com", Destination=to, Content=content)
        return sent["MessageId"]

    def post(event):
        connection = HTTPConnection("127.0.0.1", event["port"], timeout=event["timeout"])
        try:
            connection.request("POST", "/hook?a=1", event["body"].encode(), event["headers"])
            response = connection.getresponse()
            return [response.status, response.read().decode()]
        except TimeoutError:
            return "no answer"
        finally:
            connection.close()
"""
AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
OF_A_RUN = {"user_id": "alice", "schedule_id": "s-1", "name": "Nightly export", "scheduled_time": AT.isoformat()}
RUN_ID = run_id("alice", "s-1", AT)
BODY = '{"list": "retail"}'


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """With a function, its table and its secret."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        cloud.client("sesv2").create_email_identity(EmailIdentity="a@example.com")
        cloud.client("dynamodb").create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
            BillingMode="PAY_PER_REQUEST",
        )
        variables = {"TABLE_NAME": "table", "WEBHOOK_MASTER_SECRET_ARN": secret(cloud)}
        cloud.deploy("notification", CODE, Environment={"Variables": variables}, Timeout=30)
        yield cloud


def secret(cloud: RunningCloud) -> str:
    return str(cloud.client("secretsmanager").create_secret(Name="master", SecretString="a" * 72)["ARN"])


def invoke(cloud: RunningCloud, **event: Any) -> Any:
    answer = cloud.client("lambda").invoke(FunctionName="notification", Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def outbox(cloud: RunningCloud, path: str = "", accept: str = "application/json") -> str:
    request = Request(f"{cloud.endpoint}/_local/outbox{path}", headers={"Accept": accept})  # noqa: S310
    with urlopen(request, timeout=10) as response:  # noqa: S310 - our own loopback
        return str(response.read().decode())


def newest_webhook(cloud: RunningCloud) -> tuple[dict[str, Any], str]:
    """The newest webhook as JSON, and the page of it."""
    found = json.loads(outbox(cloud))["webhooks"][0]
    number = re.findall(r'<li data-number="(\d+)">', outbox(cloud, "?channel=webhook", "text/html"))[0]
    return found, outbox(cloud, f"?message={number}", "text/html")


@contextmanager
def a_consumer(*, answers: bool = True) -> Iterator[tuple[int, list[tuple[dict[str, str], bytes]]]]:
    """A consumer that answers 202, or never. Yields its port and the requests that it got."""
    got: list[tuple[dict[str, str], bytes]] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        got.append((dict(request.headers), request.rfile.read(int(request.headers["Content-Length"]))))
        if answers:
            request.send_response(202)
            request.send_header("X-Receipt", "42")
            request.send_header("Content-Length", "5")
            request.end_headers()
            request.wfile.write(b"Thank")
        else:
            request.rfile.read(1)  # until the client gives up

    with serving(answer) as url:
        yield int(url.rpartition(":")[2]), got


def signed(cloud: RunningCloud, body: str = BODY) -> dict[str, str]:
    """The headers of a webhook of alice's run."""
    master = MasterSecret(lambda: cloud.client("secretsmanager"), "master")
    versions = DynamoRepository(cloud.client("dynamodb"), "table").get_webhook_keys("alice")
    now = datetime.now(UTC)
    return signed_headers(live_keys(versions, master.values(), now), RUN_ID, now - timedelta(seconds=1), body.encode())


def post(cloud: RunningCloud, headers: dict[str, str], port: int, **event: Any) -> Any:
    return invoke(cloud, do="post", port=port, headers=headers, body=BODY, **{"timeout": 10, **OF_A_RUN, **event})


def test_a_message_of_a_run_names_the_run_and_its_schedule(cloud: RunningCloud) -> None:
    message_id = invoke(cloud, do="mail", **OF_A_RUN)

    (message, *_) = cloud.messages()
    assert (message["message_id"], message["schedule_id"], message["run_id"]) == (message_id, "s-1", RUN_ID)
    shown = outbox(cloud, accept="text/html")
    assert '<dt>Schedule</dt><dd><bdi title="Nightly export">Nightly export</bdi> <code>s-1</code></dd>' in shown
    assert f"<code>{RUN_ID}</code>" in shown


def test_a_run_now_has_the_id_of_its_token(cloud: RunningCloud) -> None:
    invoke(cloud, do="mail", **OF_A_RUN, started={"claim_id": "c", "token": "0a1b"})

    assert cloud.messages()[0]["run_id"] == run_id("alice", "s-1", AT, "0a1b")


@pytest.mark.parametrize("event", [{}, {"user_id": "alice"}, {**OF_A_RUN, "scheduled_time": "soon"}])
def test_a_message_of_another_function_names_no_run(cloud: RunningCloud, event: dict[str, Any]) -> None:
    invoke(cloud, do="mail", **event)

    assert "run_id" not in cloud.messages()[0]


def test_a_webhook_arrives_unchanged_and_is_shown_with_its_answer(cloud: RunningCloud) -> None:
    headers = {**signed(cloud), "X-Shop": "7"}

    with a_consumer() as (port, got):
        answer = post(cloud, headers, port)

    assert answer == [202, "Thank"]
    ((received, body),) = got
    assert body == BODY.encode()
    assert {name: received[name] for name in headers} == headers
    webhook, page = newest_webhook(cloud)
    assert (webhook["to"], webhook["text"]) == ([f"http://127.0.0.1:{port}/hook?a=1"], BODY)
    assert (webhook["schedule_id"], webhook["run_id"], webhook["message_id"]) == ("s-1", RUN_ID, RUN_ID)
    for shown in ("POST /hook?a=1 HTTP/1.1", "X-Shop: 7", "HTTP/1.1 202 Accepted\n", "X-Receipt: 42", "answered 202"):
        assert shown in page
    assert "Thank" not in page


def test_a_signature_of_the_users_key_fits(cloud: RunningCloud) -> None:
    with a_consumer() as (port, _):
        post(cloud, signed(cloud), port)

    assert "signature fits key version 1" in newest_webhook(cloud)[1]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"webhook-signature": "v1,AAAA"}, "signature fits no key of the user"),
        ({"webhook-id": "another"}, "signature fits no key of the user"),
        (None, "no signature"),
    ],
)
def test_a_signature_that_a_consumer_would_refuse_is_shown_as_such(
    cloud: RunningCloud, changed: dict[str, str] | None, said: str
) -> None:
    with a_consumer() as (port, _):
        post(cloud, {} if changed is None else signed(cloud) | changed, port)

    assert f"</svg>{said}</span>" in newest_webhook(cloud)[1]


def test_a_webhook_without_an_answer_says_why(cloud: RunningCloud) -> None:
    with a_consumer(answers=False) as (port, _):
        assert post(cloud, signed(cloud), port, timeout=0.3) == "no answer"
        _, page = newest_webhook(cloud)

    assert "No answer: TimeoutError" in page


def test_calls_of_the_sdk_are_no_webhooks(cloud: RunningCloud) -> None:
    before = len(json.loads(outbox(cloud))["webhooks"])

    invoke(cloud, do="mail", **OF_A_RUN)

    assert len(json.loads(outbox(cloud))["webhooks"]) == before


def test_a_schedule_links_to_the_console_of_the_api() -> None:
    origin = Origin("alice", "a/b#c", "", "r", "eu-central-1", {})
    message = Message(number=1, channel="sms", message_id="m", region="", sent_at=AT, origin=origin)

    shown = message_html(message, [message], Links(console="http://127.0.0.1:8000/console"), back="/")

    assert '<a class="link" href="http://127.0.0.1:8000/console#/schedules/a%2Fb%23c" target="_blank"' in shown
