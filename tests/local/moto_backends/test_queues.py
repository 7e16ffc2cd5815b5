"""A message that the local cloud sends to a queue in its own process is the one that a client's request sends."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from moto.core.request import Request
from werkzeug.test import EnvironBuilder

from local.environment import ACCOUNT
from local.moto_backends.application import Aws, AwsError
from local.moto_backends.queues import COUNTS
from local.testing import REGION

SMALLEST_LIMIT = 1024


class Asked:
    """The JSON protocol of SQS, as a client speaks it."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        """Returns the answer. Raises AwsError if it is an error."""
        headers = [
            ("Authorization", f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/sqs/aws4_request"),
            ("X-Amz-Target", f"AmazonSQS.{operation}"),
        ]
        builder = EnvironBuilder(
            method="POST", headers=headers, content_type="application/x-amz-json-1.0", data=json.dumps(members)
        )
        response = self._aws.respond(Request(builder.get_environ()))
        answer: dict[str, Any] = json.loads(response.get_data() or "{}")
        if response.status_code != 200:
            raise AwsError(answer["__type"].rpartition("#")[2], answer.get("message") or answer.get("Message", ""))
        return answer


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def ask(aws: Aws) -> Asked:
    return Asked(aws)


def arn(name: str, region: str = REGION) -> str:
    return f"arn:aws:sqs:{region}:{ACCOUNT}:{name}"


def url(name: str) -> str:
    return f"http://127.0.0.1/{ACCOUNT}/{name}"


def received(ask: Asked, name: str) -> dict[str, Any]:
    (message,) = ask(
        "ReceiveMessage", QueueUrl=url(name), MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]
    return {key: message.get(key) for key in ("Body", "MD5OfBody", "MessageAttributes", "MD5OfMessageAttributes")}


@pytest.mark.parametrize("attributes", [{}, {"ERROR_CODE": "a", "RULE": "ü"}])
def test_both_ways_send_the_same_message(aws: Aws, ask: Asked, attributes: dict[str, str]) -> None:
    for name in ("asked", "direct"):
        ask("CreateQueue", QueueName=name)
    strings = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}

    ask("SendMessage", QueueUrl=url("asked"), MessageBody="Grüße", MessageAttributes=strings)
    aws.send_message(arn("direct"), "Grüße", attributes)

    assert received(ask, "direct") == received(ask, "asked")


@pytest.mark.parametrize(
    ("name", "body"),
    [("missing", "a"), ("small", "ü" * SMALLEST_LIMIT), ("ordered.fifo", "a"), ("small", "")],
    ids=["no queue", "too many bytes", "FIFO without a group", "empty"],
)
def test_both_ways_are_refused_alike(aws: Aws, ask: Asked, name: str, body: str) -> None:
    ask("CreateQueue", QueueName="small", Attributes={"MaximumMessageSize": str(SMALLEST_LIMIT)})
    ask("CreateQueue", QueueName="ordered.fifo", Attributes={"FifoQueue": "true"})

    def refusal(send: Any) -> tuple[str, str] | None:
        try:
            send()
        except AwsError as error:
            return error.code, error.message
        return None

    assert refusal(lambda: aws.send_message(arn(name), body, {})) == refusal(
        lambda: ask("SendMessage", QueueUrl=url(name), MessageBody=body)
    )


def test_a_queue_of_no_region_does_not_exist(aws: Aws) -> None:
    with pytest.raises(AwsError, match="QueueDoesNotExist"):
        aws.send_message(arn("any", region="nowhere-1"), "a", {})


def test_counts_are_there_for_those_who_ask(aws: Aws, ask: Asked) -> None:
    ask("CreateQueue", QueueName="counted", Attributes={"DelaySeconds": "0"})
    for body in ("a", "b", "c"):
        aws.send_message(arn("counted"), body, {})
    ask("ReceiveMessage", QueueUrl=url("counted"))

    def attributes(*names: str) -> dict[str, str]:
        answer: dict[str, str] = ask("GetQueueAttributes", QueueUrl=url("counted"), AttributeNames=names)["Attributes"]
        return answer

    everything = attributes("All")
    assert {name: everything[name] for name in COUNTS} == dict(zip(COUNTS, ("2", "0", "1"), strict=True))
    assert attributes("VisibilityTimeout", COUNTS[2]) == {"VisibilityTimeout": "30", COUNTS[2]: "1"}
    with pytest.raises(AwsError, match="InvalidAttributeName"):
        attributes("Unknown")


def test_a_queue_with_messages_can_be_created_again_with_the_same_settings(aws: Aws, ask: Asked) -> None:
    ask("CreateQueue", QueueName="again", Attributes={"DelaySeconds": "5"})
    aws.send_message(arn("again"), "a", {})

    ask("CreateQueue", QueueName="again", Attributes={"DelaySeconds": "5"})
    with pytest.raises(AwsError, match=r"QueueAlreadyExists|QueueNameExists"):
        ask("CreateQueue", QueueName="again", Attributes={"DelaySeconds": "6"})


def test_any_handle_of_a_message_deletes_it(aws: Aws, ask: Asked) -> None:
    ask("CreateQueue", QueueName="deleted")
    for body in ("a", "b"):
        aws.send_message(arn("deleted"), body, {})
    first, again = (receive(ask, "deleted", VisibilityTimeout=0) for _ in range(2))
    assert (first["Body"], again["Body"]) == ("a", "a")
    assert first["ReceiptHandle"] != again["ReceiptHandle"]

    for handle in (first["ReceiptHandle"], again["ReceiptHandle"]):
        ask("DeleteMessage", QueueUrl=url("deleted"), ReceiptHandle=handle)

    assert receive(ask, "deleted")["Body"] == "b"
    with pytest.raises(AwsError, match="ReceiptHandleIsInvalid"):
        ask("DeleteMessage", QueueUrl=url("deleted"), ReceiptHandle="unknown")


def test_a_received_or_delayed_message_waits_and_a_purged_queue_is_empty(aws: Aws, ask: Asked) -> None:
    ask("CreateQueue", QueueName="waiting")
    ask("SendMessage", QueueUrl=url("waiting"), MessageBody="later", DelaySeconds=900)
    aws.send_message(arn("waiting"), "now", {})

    handle = receive(ask, "waiting")["ReceiptHandle"]
    assert "Messages" not in ask("ReceiveMessage", QueueUrl=url("waiting"))
    ask("ChangeMessageVisibility", QueueUrl=url("waiting"), ReceiptHandle=handle, VisibilityTimeout=0)
    assert receive(ask, "waiting")["Body"] == "now"
    ask("PurgeQueue", QueueUrl=url("waiting"))

    counts = ask("GetQueueAttributes", QueueUrl=url("waiting"), AttributeNames=COUNTS)["Attributes"]
    assert set(counts.values()) == {"0"}
    with pytest.raises(AwsError, match="ReceiptHandleIsInvalid"):
        ask("DeleteMessage", QueueUrl=url("waiting"), ReceiptHandle=handle)


def test_a_message_received_too_often_goes_to_the_dead_letter_queue(aws: Aws, ask: Asked) -> None:
    ask("CreateQueue", QueueName="dead")
    policy = json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1})
    ask("CreateQueue", QueueName="source", Attributes={"RedrivePolicy": policy})
    aws.send_message(arn("source"), "a", {})

    receive(ask, "source", VisibilityTimeout=0)
    assert "Messages" not in ask("ReceiveMessage", QueueUrl=url("source"))
    message = receive(ask, "dead")
    ask("DeleteMessage", QueueUrl=url("dead"), ReceiptHandle=message["ReceiptHandle"])

    assert message["Body"] == "a"
    assert "Messages" not in ask("ReceiveMessage", QueueUrl=url("dead"), VisibilityTimeout=0)


def test_sending_receiving_and_deleting_cost_the_same_in_a_long_queue(aws: Aws, ask: Asked) -> None:
    def steps(name: str, length: int) -> int:
        """Returns the number of function calls for one message more."""
        ask("CreateQueue", QueueName=name)
        for number in range(length):
            aws.send_message(arn(name), str(number), {})
        events: list[str] = []
        sys.setprofile(lambda _frame, event, _about: events.append(event))
        try:
            aws.send_message(arn(name), "one more", {})
            handle = receive(ask, name)["ReceiptHandle"]
            ask("DeleteMessage", QueueUrl=url(name), ReceiptHandle=handle)
        finally:
            sys.setprofile(None)
        return events.count("call") + events.count("c_call")

    steps("warm", 1)

    assert abs(steps("long", 1_000) - steps("short", 10)) < 100


def receive(ask: Asked, name: str, **members: Any) -> dict[str, Any]:
    (message,) = ask("ReceiveMessage", QueueUrl=url(name), **members)["Messages"]
    assert isinstance(message, dict)
    return message
