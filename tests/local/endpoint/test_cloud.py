"""One port is AWS: moto, our scheduler and our Lambda, for any client."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from local.endpoint.cloud import Cloud
from local.endpoint.server import PortUnavailable
from local.environment import ACCOUNT
from local.testing import REGION, RunningCloud, running_cloud
from local.time.agenda import Agenda
from local.time.clock import Clock

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
PRINTING = "def handle(event, context): print('fired', event['at'])"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


def schedule(cloud: RunningCloud, name: str, target: str, **more: Any) -> None:
    """A one-time schedule in ten minutes that hands on its time."""
    at = cloud.clock.now() + timedelta(minutes=10)
    target_members = {"Arn": target, "RoleArn": ROLE, "Input": '{"at": "<aws.scheduler.scheduled-time>"}', **more}
    cloud.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=target_members,
    )


def travel(cloud: RunningCloud, **duration: float) -> None:
    cloud.agenda.advance(cloud.clock.now() + timedelta(**duration))


def get(cloud: RunningCloud, path: str) -> Any:
    with urlopen(f"{cloud.endpoint}{path}", timeout=10) as response:  # noqa: S310 - our own loopback
        return json.load(response)


def test_it_says_that_it_is_well(cloud: RunningCloud) -> None:
    assert get(cloud, "/_local/health")["status"] == "ok"


def test_a_schedule_fires_the_deployed_function_and_is_gone(cloud: RunningCloud) -> None:
    function = cloud.deploy("fired", PRINTING)
    schedule(cloud, "for-lambda", function)

    travel(cloud, minutes=9)
    assert not cloud.lines
    travel(cloud, minutes=1)

    assert [line for name, line in cloud.lines if line.startswith("fired")]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.client("scheduler").get_schedule(Name="for-lambda")


def test_a_schedule_can_fire_at_a_queue(cloud: RunningCloud) -> None:
    queue = cloud.queue("target")
    schedule(cloud, "for-sqs", queue)

    travel(cloud, minutes=10)

    assert json.loads(cloud.received(queue)[0]["Body"]).keys() == {"at"}


@pytest.mark.parametrize("service", ["lambda:eu-central-1:{account}:function", "sqs:eu-central-1:{account}"])
def test_a_target_that_is_missing_makes_a_dead_letter(cloud: RunningCloud, service: str) -> None:
    queue = cloud.queue(f"dead-{service[:3]}")
    target = f"arn:aws:{service.format(account=ACCOUNT)}:nobody"
    schedule(cloud, f"for-nobody-{service[:3]}", target, DeadLetterConfig={"Arn": queue})

    travel(cloud, minutes=10)

    attributes = cloud.received(queue)[0]["MessageAttributes"]
    assert attributes["TARGET_ARN"]["StringValue"] == target
    assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "0"


def test_a_file_comes_back_as_it_was_stored(cloud: RunningCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": REGION})
    content = os.urandom(2_000_000)

    s3.put_object(Bucket="files", Key="a/b c", Body=content)

    assert s3.get_object(Bucket="files", Key="a/b c")["Body"].read() == content


def test_an_operation_that_moto_lacks_is_refused_and_does_no_harm(cloud: RunningCloud) -> None:
    with pytest.raises(ClientError) as error:
        cloud.client("dynamodb").list_global_tables()

    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error.value.response["Error"]["Code"] == "NotImplemented"
    assert get(cloud, "/_local/health")["status"] == "ok"


def test_a_connection_is_kept_for_the_next_request(cloud: RunningCloud) -> None:
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"), timeout=10)
    connection.request("GET", "/_local/health")
    connection.getresponse().read()
    used = connection.sock

    connection.request("GET", "/_local/health")

    assert connection.getresponse().status == 200
    assert connection.sock is used
    connection.close()


def test_a_path_of_our_own_that_does_not_exist_tells_which_do(cloud: RunningCloud) -> None:
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"), timeout=10)
    connection.request("GET", "/_local/nothing")
    response = connection.getresponse()

    assert response.status == 404
    assert "/_local/outbox" in json.load(response)["message"]
    connection.close()


@pytest.mark.parametrize("port", [99_999, -1])
def test_a_port_that_is_none_is_refused_with_a_reason(tmp_path: Path, port: int) -> None:
    clock = Clock()

    with pytest.raises(PortUnavailable, match=f"port {port} on 127.0.0.1 cannot be used: "):
        Cloud(port, clock=clock, agenda=Agenda(clock), directory=tmp_path)


def test_a_port_in_use_is_refused_with_a_reason(tmp_path: Path) -> None:
    clock = Clock()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(PortUnavailable, match=f"port {port} on 127.0.0.1 cannot be used: Address already in use"):
            Cloud(port, clock=clock, agenda=Agenda(clock), directory=tmp_path)


def test_an_unsigned_request_is_told_by_its_path(cloud: RunningCloud) -> None:
    assert get(cloud, "/schedules") == {"Schedules": []}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/eu-central-1/nothing/aws4_request"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/nowhere-9/dynamodb/aws4_request"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_a_request_that_makes_no_sense_is_answered_all_the_same(cloud: RunningCloud, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"), timeout=10)
    connection.request("POST", "/", b"\xff\x00", headers)

    assert connection.getresponse().status >= 400
    connection.close()
