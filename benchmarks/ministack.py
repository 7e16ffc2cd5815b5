"""MiniStack, another local AWS: its scheduler fires into its SQS.

Its scheduler looks for due schedules every ten seconds.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.testing import REGION, Workbench

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.prefix) / "ministack" / "bin" / "ministack"
"""Exists if `requirements-ministack.txt` is installed."""

_MOST_SECONDS = 60
_PROBES = 50  # schedules that show how long a create takes
_SIGNED = f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/scheduler/aws4_request"


@contextmanager
def running() -> Iterator[Workbench]:
    """Runs MiniStack on a free loopback port. Raises RuntimeError if it does not answer within a minute."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with TemporaryDirectory() as directory:
        settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "TMPDIR": directory, "LOG_LEVEL": "ERROR"}
        process = Popen([PROGRAM], env=os.environ | settings, cwd=directory, stdout=DEVNULL, stderr=DEVNULL)
        try:
            _wait_for(port)
            yield Workbench(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int) -> None:
    deadline = monotonic() + _MOST_SECONDS
    while monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            sleep(0.1)
        else:
            return
    raise RuntimeError(f"MiniStack does not answer on port {port}")


def burst(cloud: Workbench, number: int) -> list[float]:
    """Returns how late each message was sent, in milliseconds, ascending. Raises RuntimeError if one is missing."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"burst-{monotonic()}".replace(".", "-"))["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    connection = HTTPConnection(urlsplit(cloud.endpoint).netloc)
    begin = monotonic()
    _create(connection, queue, datetime(2199, 6, 1, tzinfo=UTC), "probe", _PROBES)
    each = (monotonic() - begin) / _PROBES
    due = (datetime.now(UTC) + timedelta(seconds=2 + 2 * number * each)).replace(microsecond=0)
    _create(connection, queue, due, "burst", number)
    seconds = (due - datetime.now(UTC)).total_seconds()
    if seconds < 0:
        raise RuntimeError(f"the schedules were created {-seconds:.1f} s too late")
    sleep(seconds)
    sent: dict[str, float] = {}
    deadline = monotonic() + _MOST_SECONDS
    while len(sent) < number and monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["SentTimestamp"])
        found = answer.get("Messages", [])
        sent |= {message["Body"]: float(message["Attributes"]["SentTimestamp"]) for message in found}
        if not found:
            sleep(0.5)
    if len(sent) < number:
        raise RuntimeError(f"{len(sent)} messages of {number} schedules after {_MOST_SECONDS} s")
    return sorted(stamp - due.timestamp() * 1000 for stamp in sent.values())


def one_time(due: datetime, target: str, number: int) -> dict[str, Any]:
    """Returns the body of a CreateSchedule request whose input is the number."""
    return {
        "ScheduleExpression": f"at({due:%Y-%m-%dT%H:%M:%S})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {"Arn": target, "RoleArn": f"arn:aws:iam::{target.split(':')[4]}:role/any", "Input": str(number)},
    }


def _create(connection: HTTPConnection, queue: str, due: datetime, name: str, number: int) -> None:
    """Creates schedules whose inputs are the numbers from zero. Raises RuntimeError if one is refused."""
    for each in range(number):
        body = one_time(due, queue, each)
        path = f"/schedules/{name}-{queue.rpartition(':')[2]}-{each}"
        connection.request("POST", path, json.dumps(body), {"Authorization": _SIGNED})
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:  # noqa: PLR2004
            raise RuntimeError(f"MiniStack refused a schedule: {answer.decode()}")
