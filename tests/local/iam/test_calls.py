"""Which rights a call needs: requests of boto3, read as the local cloud reads them, held against AWS's reference."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from moto.core.request import Request
from moto.ses.models import EmailIdentity, ses_backends
from policy_sentry.querying.actions import get_action_data
from werkzeug.test import EnvironBuilder

from local.aws_protocols.operations import Operation, operation_of
from local.environment import ACCOUNT
from local.iam.calls import log_needs, needs_of
from local.iam.policies import Need

REGION = "eu-central-1"
HERE = f"{REGION}:{ACCOUNT}"
TABLE = f"arn:aws:dynamodb:{HERE}:table/tasks"
KEY = {"PK": {"S": "a"}, "SK": {"S": "b"}}
SCHEDULE = {
    "Name": "n",
    "GroupName": "g",
    "ScheduleExpression": "rate(1 hour)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": f"arn:aws:lambda:{HERE}:function:f", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"},
}
OF_SCHEDULE = f"arn:aws:scheduler:{HERE}:schedule/g/n"
PASS_ROLE = Need(
    "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/r", (("iam:PassedToService", "scheduler.amazonaws.com"),)
)


class Sent(Exception):
    """Instead of an answer: the request."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


def send(request: AWSPreparedRequest, **_: object) -> None:
    raise Sent(request)


@cache
def client(service: str) -> Any:
    """A boto3 client that sends nothing."""
    made = boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url="http://127.0.0.1:1",
        region_name=REGION,
        aws_access_key_id="KEY",
        aws_secret_access_key="secret",
        config=Config(signature_version="s3v4") if service == "s3" else None,
    )
    made.meta.events.register("before-send", send)
    return made


def operation(service: str, method: str, parameters: Mapping[str, Any]) -> Operation:
    with pytest.raises(Sent) as sent:
        getattr(client(service), method)(**parameters)
    request = sent.value.request
    return operation_of(received(request.method, request.url, dict(request.headers.items()), request.body or b""))


def received(method: str, url: str, headers: Mapping[str, Any], body: Any = b"") -> Request:
    """As the local cloud's server hands it on."""
    texts = [(name, value if isinstance(value, str) else value.decode()) for name, value in headers.items()]
    content = body.read() if hasattr(body, "read") else body
    path = url.removeprefix("http://127.0.0.1:1")
    return Request(EnvironBuilder(path=path, method=method, headers=texts, data=content).get_environ())


def a_mail(sender: str, **more: Any) -> dict[str, Any]:
    content = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}
    return {"FromEmailAddress": sender, "Destination": {"ToAddresses": ["b@else.where"]}, "Content": content, **more}


def events(*buses: str) -> dict[str, Any]:
    return {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": bus} for bus in buses]}


QUEUE = {"QueueUrl": f"http://127.0.0.1:1/{ACCOUNT}/letters"}
DELETE = {"DeleteRequest": {"Key": KEY}}
CHECK = {"TableName": "tasks", "Key": KEY, "ConditionExpression": "attribute_exists(PK)"}
UPDATE = {"TableName": "tasks", "Key": KEY, "UpdateExpression": "SET a = PK"}
EVERY_WRITE = [
    {"Put": {"TableName": "tasks", "Item": KEY}},
    {"Update": UPDATE},
    {"Delete": {"TableName": "t", "Key": KEY}},
]
EACH = [
    ("dynamodb", "get_item", {"TableName": "tasks", "Key": KEY}, [Need("dynamodb:GetItem", TABLE)]),
    ("dynamodb", "get_item", {"TableName": TABLE, "Key": KEY}, [Need("dynamodb:GetItem", TABLE)]),
    ("dynamodb", "update_item", UPDATE, [Need("dynamodb:UpdateItem", TABLE)]),
    ("dynamodb", "query", {"TableName": "tasks"}, [Need("dynamodb:Query", TABLE)]),
    (
        "dynamodb",
        "query",
        {"TableName": "tasks", "IndexName": "watch"},
        [Need("dynamodb:Query", f"{TABLE}/index/watch")],
    ),
    (
        "dynamodb",
        "batch_write_item",
        {"RequestItems": {"tasks": [DELETE]}},
        [Need("dynamodb:BatchWriteItem", TABLE)],
    ),
    (
        "dynamodb",
        "transact_write_items",
        {"TransactItems": [{"ConditionCheck": CHECK}, *EVERY_WRITE, {"Update": UPDATE}]},
        [
            Need("dynamodb:ConditionCheckItem", TABLE),
            Need("dynamodb:PutItem", TABLE),
            Need("dynamodb:UpdateItem", TABLE),
            Need("dynamodb:DeleteItem", f"arn:aws:dynamodb:{HERE}:table/t"),
        ],
    ),
    ("scheduler", "create_schedule", SCHEDULE, [Need("scheduler:CreateSchedule", OF_SCHEDULE), PASS_ROLE]),
    ("scheduler", "update_schedule", SCHEDULE, [Need("scheduler:UpdateSchedule", OF_SCHEDULE), PASS_ROLE]),
    ("scheduler", "get_schedule", {"Name": "n", "GroupName": "g"}, [Need("scheduler:GetSchedule", OF_SCHEDULE)]),
    (
        "scheduler",
        "delete_schedule",
        {"Name": "n"},
        [Need("scheduler:DeleteSchedule", f"arn:aws:scheduler:{HERE}:schedule/default/n")],
    ),
    ("scheduler", "list_schedules", {}, [Need("scheduler:ListSchedules", "*")]),
    ("lambda", "invoke", {"FunctionName": "f"}, [Need("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f")]),
    (
        "lambda",
        "invoke",
        {"FunctionName": f"arn:aws:lambda:{HERE}:function:f", "Qualifier": "live"},
        [Need("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f:live")],
    ),
    ("sqs", "send_message", {**QUEUE, "MessageBody": "m"}, [Need("sqs:SendMessage", f"arn:aws:sqs:{HERE}:letters")]),
    (
        "sqs",
        "send_message_batch",
        {**QUEUE, "Entries": [{"Id": "1", "MessageBody": "m"}]},
        [Need("sqs:SendMessage", f"arn:aws:sqs:{HERE}:letters")],
    ),
    ("events", "put_events", events("default"), [Need("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default")]),
    (
        "events",
        "put_events",
        events("a", f"arn:aws:events:{HERE}:event-bus/b", "a"),
        [Need("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/{bus}") for bus in "ab"],
    ),
    (
        "secretsmanager",
        "get_secret_value",
        {"SecretId": "unknown"},
        [Need("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:unknown")],
    ),
    (
        "s3",
        "put_object",
        {"Bucket": "reports", "Key": "a/b.html"},
        [Need("s3:PutObject", "arn:aws:s3:::reports/a/b.html")],
    ),
    (
        "s3",
        "get_object",
        {"Bucket": "reports", "Key": "a/b.html"},
        [Need("s3:GetObject", "arn:aws:s3:::reports/a/b.html")],
    ),
    ("s3", "list_objects_v2", {"Bucket": "reports"}, [Need("s3:ListBucket", "arn:aws:s3:::reports")]),
    (
        "sns",
        "publish",
        {"TopicArn": f"arn:aws:sns:{HERE}:news", "Message": "m"},
        [Need("sns:Publish", f"arn:aws:sns:{HERE}:news")],
    ),
    (
        "sns",
        "publish",
        {"TargetArn": f"arn:aws:sns:{HERE}:endpoint/GCM/app/1", "Message": "m"},
        [Need("sns:Publish", f"arn:aws:sns:{HERE}:endpoint/GCM/app/1")],
    ),
    ("sts", "get_caller_identity", {}, []),
    ("kms", "list_keys", {}, [Need("kms:ListKeys", "*")]),
]


@pytest.mark.parametrize(("service", "method", "parameters", "needs"), EACH)
def test_a_call_needs_these_rights(service: str, method: str, parameters: dict[str, Any], needs: list[Need]) -> None:
    assert needs_of(operation(service, method, parameters)) == needs


def test_an_sms_needs_a_right_on_everything_for_a_number_is_no_resource() -> None:
    assert needs_of(operation("sns", "publish", {"PhoneNumber": "+491701234567", "Message": "m"})) == [
        Need("sns:Publish", "+491701234567")
    ]


@pytest.fixture
def _known_to_ses() -> Iterator[None]:
    identities = ses_backends[ACCOUNT][REGION].email_identities
    for name in ("tasks@example.com", "example.com", "example.org"):
        identities[name] = EmailIdentity(name, [], None, None)
    yield
    identities.clear()


@pytest.mark.usefixtures("_known_to_ses")
@pytest.mark.parametrize(
    ("sender", "identity"),
    [
        ("tasks@example.com", "tasks@example.com"),
        ("Tasks <tasks@example.com>", "tasks@example.com"),
        ("other@example.com", "example.com"),
        ("tasks@eu.example.org", "example.org"),
        ("tasks@example.net", "tasks@example.net"),
    ],
)
def test_a_mail_needs_a_right_on_the_narrowest_identity_that_ses_knows(sender: str, identity: str) -> None:
    (need,) = needs_of(operation("sesv2", "send_email", a_mail(sender)))

    assert (need.action, need.resource) == ("ses:SendEmail", f"arn:aws:ses:{HERE}:identity/{identity}")


def test_a_mail_says_whom_it_is_from_without_the_name() -> None:
    (need,) = needs_of(operation("sesv2", "send_email", a_mail("Tasks <tasks@example.net>")))

    assert need.context == (("ses:FromAddress", "tasks@example.net"),)


def test_a_mail_under_a_configuration_set_needs_a_right_on_it_too() -> None:
    (_, second) = needs_of(operation("sesv2", "send_email", a_mail("a@b.c", ConfigurationSetName="sent")))

    assert (second.action, second.resource) == ("ses:SendEmail", f"arn:aws:ses:{HERE}:configuration-set/sent")


@pytest.mark.usefixtures("_known_to_ses")
def test_a_mail_of_an_identity_with_a_default_configuration_set_needs_a_right_on_that() -> None:
    ses_backends[ACCOUNT][REGION].email_identities["example.org"].configuration_set_name = "usual"

    needs = needs_of(operation("sesv2", "send_email", a_mail("tasks@eu.example.org")))

    assert [need.resource.rpartition(":")[2] for need in needs] == ["identity/example.org", "configuration-set/usual"]


@pytest.mark.usefixtures("_known_to_ses")
def test_a_mail_to_identities_of_the_account_needs_a_right_on_each() -> None:
    to = {"ToAddresses": ["a@example.org", "b@example.net"], "BccAddresses": ["Me <tasks@example.com>"]}

    needs = needs_of(operation("sesv2", "send_email", a_mail("x@example.com", Destination=to)))

    identities = [need.resource.rpartition("/")[2] for need in needs]
    assert identities == ["example.com", "example.org", "tasks@example.com"]


def test_a_link_that_was_signed_beforehand_is_its_signers_call() -> None:
    url = client("s3").generate_presigned_url("get_object", Params={"Bucket": "reports", "Key": "a.html"})

    linked = operation_of(received("GET", url, {}))

    assert (linked.access_key_id, str(linked), linked.region) == ("KEY", "s3:GetObject", REGION)
    assert needs_of(linked) == [Need("s3:GetObject", "arn:aws:s3:::reports/a.html")]


RIGHTS = {need for *_, needs in EACH for need in needs} | set(log_needs("/aws/lambda/f", REGION))
A_DEVICE = f"arn:aws:sns:{HERE}:endpoint/GCM/app/1"  # the reference names topics only


@pytest.mark.parametrize("need", sorted(RIGHTS, key=str), ids=lambda need: f"{need.action} {need.resource}")
def test_each_right_is_one_of_the_service_authorization_reference(need: Need) -> None:
    service, action = need.action.split(":")

    rows = get_action_data(service, action)

    assert rows, f"{need.action} is none"
    formats = [row["resource_arn_format"] for row in rows[service]]
    assert any(has_form(need.resource, form) for form in formats) or need.resource == A_DEVICE


def has_form(resource: str, form: str) -> bool:
    """form: as the reference spells it, e.g. arn:${Partition}:sqs:${Region}:${Account}:${QueueName}."""
    pattern = re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(form))
    return re.fullmatch(pattern, resource) is not None
