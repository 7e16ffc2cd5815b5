"""EventBridgeGateway alone: what each of AWS's errors means, and conflicts of a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from chalicelib.aws.eventbridge import EventBridgeGateway, is_same, schedule_request
from chalicelib.core.errors import SchedulerRefused, SchedulerUnavailable
from chalicelib.testing.gateway import NAMES
from tests.builders import DAY, NOW, a_schedule, an_action, changed, every_hour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_scheduler import EventBridgeSchedulerClient

EVERY_HOUR = a_schedule(timing=every_hour(start_at=NOW + DAY, end_at=NOW + 2 * DAY))
REQUEST = schedule_request(EVERY_HOUR, an_action(), NAMES, now=NOW)

ROLE_NOT_YET_TRUSTED = (
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."  # facts, section 8
)
ARN = {"ScheduleArn": "arn:aws:scheduler:eu-central-1:123456789012:schedule/g/s"}


@pytest.fixture
def client() -> EventBridgeSchedulerClient:
    return boto3.client(
        "scheduler",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def aws(client: EventBridgeSchedulerClient) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def naps() -> list[float]:
    """The seconds that the gateway waited."""
    return []


@pytest.fixture
def gateway(client: EventBridgeSchedulerClient, naps: list[float]) -> EventBridgeGateway:
    return EventBridgeGateway(client, NAMES, sleep=naps.append)


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("ThrottlingException", 429, "Rate exceeded"),
        ("InternalServerException", 500, "Unexpected error"),
        ("ServiceUnavailable", 503, "Slow down"),
        ("AccessDeniedException", 403, "not authorized to perform: iam:PassRole"),
        ("ServiceQuotaExceededException", 402, "10,000,000 schedules"),
        ("ResourceNotFoundException", 404, "Schedule group g does not exist."),
        ("ValidationException", 400, ROLE_NOT_YET_TRUSTED),
    ],
)
def test_what_may_pass_is_unavailable(
    gateway: EventBridgeGateway, aws: Stubber, code: str, status: int, message: str
) -> None:
    aws.add_client_error("create_schedule", code, message, status)

    with pytest.raises(SchedulerUnavailable):
        gateway.put(a_schedule(), an_action(), now=NOW)


def test_what_it_will_never_take_is_refused_in_its_words(gateway: EventBridgeGateway, aws: Stubber) -> None:
    message = "Invalid Schedule Expression at(2027-02-30T00:00:00)."
    aws.add_client_error("create_schedule", "ValidationException", message, 400)

    with pytest.raises(SchedulerRefused, match=r"Invalid Schedule Expression at\(2027-02-30T00:00:00\)\."):
        gateway.put(a_schedule(), an_action(), now=NOW)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://scheduler"),
        ConnectTimeoutError(endpoint_url="https://scheduler"),
        ReadTimeoutError(endpoint_url="https://scheduler"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_unavailable(
    gateway: EventBridgeGateway, client: EventBridgeSchedulerClient, error: Exception
) -> None:
    def fail(**_: Any) -> NoReturn:
        raise error

    client.meta.events.register("before-send", fail)

    with pytest.raises(SchedulerUnavailable):
        gateway.put(a_schedule(), an_action(), now=NOW)


def test_a_delete_that_is_throttled_is_unavailable(gateway: EventBridgeGateway, aws: Stubber) -> None:
    aws.add_client_error("delete_schedule", "ThrottlingException", "Rate exceeded", 429)

    with pytest.raises(SchedulerUnavailable):
        gateway.delete(a_schedule())


def test_a_conflict_of_a_moment_is_waited_out(gateway: EventBridgeGateway, aws: Stubber, naps: list[float]) -> None:
    aws.add_client_error("update_schedule", "ConflictException", "being created", 409)
    aws.add_client_error("update_schedule", "ConflictException", "being created", 409)
    aws.add_response("update_schedule", ARN)
    gateway.put(changed(a_schedule()), an_action(), now=NOW)

    assert naps == [0.2, 0.4]


def test_a_conflict_that_stays_is_unavailable(gateway: EventBridgeGateway, aws: Stubber) -> None:
    for _ in range(3):
        aws.add_client_error("update_schedule", "ConflictException", "being created", 409)

    with pytest.raises(SchedulerUnavailable):
        gateway.put(changed(a_schedule()), an_action(), now=NOW)


def test_one_that_fires_and_goes_while_we_compare_is_unavailable_and_not_refused(
    gateway: EventBridgeGateway, aws: Stubber
) -> None:
    aws.add_client_error("create_schedule", "ConflictException", "already exists", 409)
    aws.add_client_error("get_schedule", "ResourceNotFoundException", "does not exist", 404)

    with pytest.raises(SchedulerUnavailable):
        gateway.put(a_schedule(), an_action(), now=NOW)


@pytest.mark.parametrize("name", sorted(REQUEST.keys() - {"StartDate"}))
def test_a_schedule_that_differs_in_one_parameter_is_another_one(name: str) -> None:
    assert is_same(REQUEST, REQUEST)
    assert not is_same({**REQUEST, name: "other"}, REQUEST)


def test_an_earlier_attempt_with_another_start_is_the_same_schedule() -> None:
    assert is_same({**REQUEST, "StartDate": NOW}, REQUEST)
