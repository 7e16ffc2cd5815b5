"""What moto forgets is kept: Terraform sees what it wrote, and functions get it."""

import gc
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.dynamo_type import Item
from moto.sqs.models import Message

from local.testing import RunningCloud, running_cloud

LOGGING = """
    import logging

    def handle(event, context):
        logging.info("hello", extra={"run": 7})
        logging.debug("not asked for")
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


def logging_config(cloud: RunningCloud, name: str) -> dict[str, Any]:
    config: dict[str, Any] = cloud.client("lambda").get_function(FunctionName=name)["Configuration"]["LoggingConfig"]
    return config


def test_a_function_s_logging_config_is_text_by_default(cloud: RunningCloud) -> None:
    cloud.deploy("plain", LOGGING)

    assert logging_config(cloud, "plain") == {"LogFormat": "Text", "LogGroup": "/aws/lambda/plain"}


def test_a_function_s_logging_config_is_kept_and_changed(cloud: RunningCloud) -> None:
    cloud.deploy("kept", LOGGING, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})
    assert logging_config(cloud, "kept")["ApplicationLogLevel"] == "INFO"

    changed = {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}
    cloud.client("lambda").update_function_configuration(FunctionName="kept", LoggingConfig=changed)

    assert logging_config(cloud, "kept")["ApplicationLogLevel"] == "DEBUG"


def test_a_function_with_json_logs_writes_json_at_its_level(cloud: RunningCloud) -> None:
    cloud.deploy("json", LOGGING, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})

    cloud.client("lambda").invoke(FunctionName="json")

    (record,) = (json.loads(line) for name, line in cloud.lines if name == "json" and line.startswith("{"))
    assert (record["level"], record["message"], record["run"]) == ("INFO", "hello", 7)


def test_an_event_invoke_config_replaces_the_one_before(cloud: RunningCloud) -> None:
    cloud.deploy("events", LOGGING)
    functions = cloud.client("lambda")

    functions.put_function_event_invoke_config(FunctionName="events", MaximumRetryAttempts=1)
    functions.put_function_event_invoke_config(FunctionName="events", MaximumEventAgeInSeconds=60)

    config = functions.get_function_event_invoke_config(FunctionName="events")
    assert config["MaximumEventAgeInSeconds"] == 60
    assert "MaximumRetryAttempts" not in config


def test_an_update_of_an_event_invoke_config_keeps_what_it_does_not_name(cloud: RunningCloud) -> None:
    cloud.deploy("updated", LOGGING)
    functions = cloud.client("lambda")

    functions.put_function_event_invoke_config(FunctionName="updated", MaximumRetryAttempts=1)
    functions.update_function_event_invoke_config(FunctionName="updated", MaximumEventAgeInSeconds=60)

    config = functions.get_function_event_invoke_config(FunctionName="updated")
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (1, 60)


def test_a_bucket_that_wants_encrypted_connections_is_reached_by_links_all_the_same(cloud: RunningCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": insecure}
    s3.put_bucket_policy(Bucket="kept", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(Bucket="kept", Key="reports/1.csv", Body=b"a,b")

    link = s3.generate_presigned_url("get_object", Params={"Bucket": "kept", "Key": "reports/1.csv"})

    with urlopen(link, timeout=10) as answer:  # noqa: S310 - our own loopback
        assert answer.read() == b"a,b"
    with pytest.raises(HTTPError) as refused:
        urlopen(link.partition("?")[0], timeout=10)  # noqa: S310
    with refused.value:
        assert refused.value.code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    ("body", "attributes", "is_taken"),
    [
        ("x" * 1024, {}, True),
        ("ü" * 512, {}, True),
        ("ü" * 512 + "x", {}, False),
        ("x" * 1000, {"RUN": "r" * 15}, True),  # 3 for the name, 6 for String, 15 for the value
        ("x" * 1000, {"RUN": "r" * 16}, False),
    ],
)
def test_a_queue_takes_messages_of_its_size_in_bytes_with_their_attributes(
    cloud: RunningCloud, body: str, attributes: dict[str, str], *, is_taken: bool
) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="small", Attributes={"MaximumMessageSize": "1024"})["QueueUrl"]
    about = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}

    if is_taken:
        assert sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=about)["MessageId"]
    else:
        with pytest.raises(ClientError, match="Message must be shorter than 1024 bytes"):
            sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=about)


def test_items_and_messages_are_not_kept_when_they_are_gone(cloud: RunningCloud) -> None:
    dynamodb = cloud.client("dynamodb")
    cloud.queue("gone")
    dynamodb.create_table(
        TableName="gone",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"pk": {"S": "item-that-is-gone"}}
    dynamodb.put_item(TableName="gone", Item=key)
    dynamodb.delete_item(TableName="gone", Key=key)
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="gone")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="message-that-is-gone")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=cloud_receives(sqs, url))

    gc.collect()
    left = [each for each in gc.get_objects() if isinstance(each, Item | Message)]

    assert not [each for each in left if "that-is-gone" in repr(vars(each))]


def cloud_receives(sqs: Any, url: str) -> str:
    """Returns the receipt handle of the only message."""
    handle: str = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    return handle
