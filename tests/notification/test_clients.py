"""The Lambda's clients against a server that takes a request and never answers."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from chalicelib.core.actions.clients import TWICE
from notification.composition import client_configs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOON = Config(read_timeout=0.05)
MAIL = {
    "FromEmailAddress": "tasks@example.com",
    "Destination": {"ToAddresses": ["a@example.com"]},
    "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {}}},
}


class Silent(ThreadingHTTPServer):
    """Counts requests, and leaves each without an answer until it is closed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Silence)
        self.requests = 0
        self.closing = Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Silence(BaseHTTPRequestHandler):
    server: Silent

    def do_POST(self) -> None:
        self.server.requests += 1
        self.server.closing.wait()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def silent() -> Iterator[Silent]:
    with Silent() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("service", "call", "requests"),
    [
        ("sesv2", lambda ses: ses.send_email(**MAIL), 1),
        ("sns", lambda sns: sns.publish(PhoneNumber="+491701234567", Message="Hi"), 1),
        ("events", lambda events: events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}]), 2),
    ],
)
def test_who_takes_no_idempotency_key_is_asked_once_only(
    silent: Silent, service: str, call: Callable[[Any], object], requests: int
) -> None:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")
    config = client_configs().get(service, TWICE).merge(SOON)
    client = session.client(service, endpoint_url=silent.url, config=config)  # type: ignore[call-overload]

    with pytest.raises(ReadTimeoutError):
        call(client)

    assert silent.requests == requests
