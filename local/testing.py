"""Helpers for tests that need a local cloud: a cloud on a free port, clients for it, and small functions in it."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.request import urlopen

import boto3
from botocore.config import Config

from local.endpoint.cloud import Cloud
from local.environment import ACCOUNT
from local.iam.enforce import Mode
from local.scheduler import Scheduler
from local.time.agenda import Agenda
from local.time.clock import Clock
from local.time.travel import SECONDS_TO_WAIT

REGION = "eu-central-1"
_ONE_TRY = Config(retries={"total_max_attempts": 1}, read_timeout=10)


@dataclass(frozen=True)
class Workbench:
    """The calls that tests make to a local cloud. endpoint: its URL."""

    endpoint: str

    def client(self, service: str, config: Config = _ONE_TRY) -> Any:
        """Returns a boto3 client. By default it makes one attempt and waits at most 10 seconds for an answer."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the local cloud asks for none
            config=config,
        )

    def deploy(self, name: str, code: str, **settings: Any) -> str:
        """Create a function whose handler is `handle` in `code`. Returns its ARN.

        settings: further members of the CreateFunction request.
        """
        function = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self._role(),
            Handler="handler.handle",
            Code={"ZipFile": zipped(code)},
            **settings,
        )
        return str(function["FunctionArn"])

    def queue(self, name: str) -> str:
        """Create an SQS queue. Returns its ARN."""
        self.client("sqs").create_queue(QueueName=name)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def received(self, queue_arn: str) -> list[dict[str, Any]]:
        """Receive up to ten messages from the queue."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def messages(self) -> list[dict[str, Any]]:
        """Returns the messages sent through the cloud, newest first: email, SMS, push and events."""
        with urlopen(f"{self.endpoint}/_local/outbox", timeout=10) as answer:  # noqa: S310 - a loopback URL
            messages: list[dict[str, Any]] = json.load(answer)["messages"]
        return messages

    def _role(self) -> str:
        iam = self.client("iam")
        if not iam.list_roles()["Roles"]:
            iam.create_role(RoleName="any", AssumeRolePolicyDocument="{}")
        return f"arn:aws:iam::{ACCOUNT}:role/any"


@dataclass(frozen=True)
class RunningCloud(Workbench):
    """A local cloud in this process. lines: the lines that its functions logged, as (function name, line).

    scheduler: takes thousands of schedules without HTTP.
    """

    clock: Clock
    agenda: Agenda
    directory: Path
    lines: list[tuple[str, str]]
    scheduler: Scheduler


@contextmanager
def running_cloud(
    directory: Path, *, iam: Mode = "off", seconds_to_wait: float = SECONDS_TO_WAIT
) -> Iterator[RunningCloud]:
    """Run a local cloud in this process. Only one can run at a time, because moto keeps its data in the process.

    seconds_to_wait: for the end of a clock advance before it is answered.
    """
    clock = Clock()
    agenda = Agenda(clock)
    lines: list[tuple[str, str]] = []
    cloud = Cloud(
        0,
        clock=clock,
        agenda=agenda,
        directory=directory,
        iam=iam,
        on_line=lambda *line: lines.append(line),
        seconds_to_wait=seconds_to_wait,
    )
    cloud.start()
    try:
        yield RunningCloud(cloud.endpoint, clock, agenda, directory, lines, cloud.scheduler)
    finally:
        cloud.stop()


def zipped(code: str) -> bytes:
    """Returns a function's zip with `code` as handler.py."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", dedent(code))
    return buffer.getvalue()


def answer_of(response: dict[str, Any]) -> Any:
    """Returns the function's result, read from the payload of an Invoke response."""
    return json.loads(response["Payload"].read())
