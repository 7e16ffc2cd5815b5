"""What the local cloud refuses, and to whom: roles by their policies and their trust, and nobody else."""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.app.api import load_config
from local.environment import ACCOUNT, sealed_environment
from local.iam.app_roles import assume_role
from local.iam.enforce import Iam, RoleNotTrusted
from local.testing import REGION, RunningCloud, answer_of, running_cloud

HERE = f"{REGION}:{ACCOUNT}"
TABLE = f"arn:aws:dynamodb:{HERE}:table/tasks"
GROUP = f"arn:aws:scheduler:{HERE}:schedule-group/default"
FUNCTION = f"arn:aws:lambda:{HERE}:function:work"
LETTERS = f"arn:aws:sqs:{HERE}:letters"
READ = {"dynamodb:GetItem": TABLE}
KEY = {"PK": {"S": "a"}}
ONE_TRY = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud"), iam="enforce") as cloud:
        cloud.client("dynamodb").create_table(
            TableName="tasks",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield cloud


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trusting(service: str, **conditions: Any) -> str:
    principal = {"Service": f"{service}.amazonaws.com"}
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": conditions})


FOR_LAMBDA = trusting("lambda")
FOR_SCHEDULES = trusting("scheduler", StringEquals={"aws:SourceAccount": ACCOUNT, "aws:SourceArn": GROUP})


def a_role(cloud: RunningCloud, rights: dict[str, str], trust: str = FOR_LAMBDA, name: str = "role") -> str:
    """Its ARN. rights: action -> resource."""
    iam = cloud.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    statements = [
        {"Sid": action.partition(":")[2], "Effect": "Allow", "Action": action, "Resource": resource}
        for action, resource in rights.items()
    ]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=document(*statements))
    return arn


def client_of(cloud: RunningCloud, role_arn: str, service: str) -> Any:
    """A client with a session of the role."""
    assumed = cloud.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
        config=ONE_TRY,
    )


def decisions(cloud: RunningCloud) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{cloud.endpoint}/_local/iam", timeout=10) as answer:  # noqa: S310 - our own loopback
        found: list[dict[str, Any]] = json.load(answer)["decisions"]
    return found


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_role_may_do_what_its_policy_allows_and_no_more(cloud: RunningCloud) -> None:
    dynamodb = client_of(cloud, a_role(cloud, READ), "dynamodb")

    assert "Item" not in dynamodb.get_item(TableName="tasks", Key=KEY)
    with pytest.raises(ClientError) as error:
        dynamodb.put_item(TableName="tasks", Item=KEY)

    assert refusal(error) == ("AccessDeniedException", 400)
    assert error.value.response["Error"]["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/role/test is not authorized to perform: dynamodb:PutItem "
        f"on resource: {TABLE} because no identity-based policy allows the dynamodb:PutItem action"
    )


def test_one_part_of_a_transaction_that_is_not_allowed_refuses_all_of_it(cloud: RunningCloud) -> None:
    dynamodb = client_of(cloud, a_role(cloud, {"dynamodb:PutItem": TABLE}), "dynamodb")
    put, delete = ({"TableName": "tasks", "Item": KEY}, {"TableName": "tasks", "Key": {"PK": {"S": "b"}}})

    with pytest.raises(ClientError) as error:
        dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Delete": delete}])

    assert refusal(error) == ("AccessDeniedException", 400)
    assert cloud.client("dynamodb").scan(TableName="tasks")["Count"] == 0


SEND = {"QueueUrl": f"http://127.0.0.1/{ACCOUNT}/letters", "MessageBody": "m"}


REFUSED: dict[tuple[str, str], tuple[dict[str, Any], tuple[str, int]]] = {
    ("scheduler", "get_schedule"): ({"Name": "n"}, ("AccessDeniedException", 403)),
    ("lambda", "invoke"): ({"FunctionName": "work"}, ("AccessDeniedException", 403)),
    ("sqs", "send_message"): (SEND, ("AccessDeniedException", 403)),
    ("sns", "publish"): ({"PhoneNumber": "+49170", "Message": "m"}, ("AuthorizationError", 403)),
    ("events", "put_events"): ({"Entries": [{"Source": "s"}]}, ("AccessDeniedException", 400)),
    ("secretsmanager", "get_secret_value"): ({"SecretId": "s"}, ("AccessDeniedException", 400)),
    ("s3", "get_object"): ({"Bucket": "reports", "Key": "a"}, ("AccessDenied", 403)),
    ("iam", "list_roles"): ({}, ("AccessDenied", 403)),
}


def test_a_refusal_has_the_form_of_its_service(cloud: RunningCloud) -> None:
    role, seen = a_role(cloud, {}), {}
    for (service, method), (parameters, _) in REFUSED.items():
        with pytest.raises(ClientError) as error:
            getattr(client_of(cloud, role, service), method)(**parameters)
        seen[service, method] = refusal(error)

    assert seen == {call: expected for call, (_, expected) in REFUSED.items()}


def test_an_administrator_is_not_judged(cloud: RunningCloud) -> None:
    cloud.client("dynamodb").put_item(TableName="tasks", Item=KEY)

    assert decisions(cloud) == []


def test_each_decision_is_kept_with_what_it_was_about_and_what_decided(cloud: RunningCloud) -> None:
    role = a_role(cloud, READ)
    dynamodb = client_of(cloud, role, "dynamodb")

    for _ in range(2):
        dynamodb.get_item(TableName="tasks", Key=KEY)

    (decision,) = decisions(cloud)
    decision.pop("last")
    assert decision == {
        "principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/role/test",
        "role_arn": role,
        "action": "dynamodb:GetItem",
        "resource": TABLE,
        "context": {},
        "service": "",
        "allowed": True,
        "by": "rights/GetItem",
        "count": 2,
    }


def test_a_policy_that_is_attached_counts_by_its_default_version(cloud: RunningCloud) -> None:
    iam, role = cloud.client("iam"), a_role(cloud, {})
    allowing, nothing = ({"Effect": effect, "Action": "*", "Resource": "*"} for effect in ("Allow", "Deny"))
    policy = iam.create_policy(PolicyName="attached", PolicyDocument=document(nothing))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="role", PolicyArn=policy)
    dynamodb = client_of(cloud, role, "dynamodb")

    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        dynamodb.get_item(TableName="tasks", Key=KEY)
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=document(allowing), SetAsDefault=True)

    assert "Item" not in dynamodb.get_item(TableName="tasks", Key=KEY)


def a_schedule(role_arn: str, **more: Any) -> dict[str, Any]:
    target = {"Arn": FUNCTION, "RoleArn": role_arn, "Input": "{}", "DeadLetterConfig": {"Arn": LETTERS}}
    return {
        "Name": "n",
        "ScheduleExpression": "at(2030-01-01T00:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        **more,
    }


def passing(role_arn: str, to: str) -> str:
    condition = {"StringEquals": {"iam:PassedToService": f"{to}.amazonaws.com"}}
    return document(
        {"Effect": "Allow", "Action": "scheduler:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role_arn, "Condition": condition},
    )


@pytest.mark.parametrize("method", ["create_schedule", "update_schedule"])
def test_a_schedule_takes_the_right_to_pass_its_role(cloud: RunningCloud, method: str) -> None:
    delivering = a_role(cloud, {}, FOR_SCHEDULES, "delivering")
    caller = a_role(cloud, {"scheduler:*": "*"})
    cloud.client("scheduler").create_schedule(**a_schedule(delivering, Name="there"))
    asked = a_schedule(delivering, Name="there" if method == "update_schedule" else "new")

    with pytest.raises(ClientError, match=f"perform: iam:PassRole on resource: {delivering}"):
        getattr(client_of(cloud, caller, "scheduler"), method)(**asked)
    cloud.client("iam").put_role_policy(
        RoleName="role", PolicyName="passing", PolicyDocument=passing(delivering, to="lambda")
    )
    with pytest.raises(ClientError, match="iam:PassRole"):
        getattr(client_of(cloud, caller, "scheduler"), method)(**asked)
    cloud.client("iam").put_role_policy(
        RoleName="role", PolicyName="passing", PolicyDocument=passing(delivering, to="scheduler")
    )

    assert getattr(client_of(cloud, caller, "scheduler"), method)(**asked)["ScheduleArn"].startswith("arn:")


NOT_TRUSTING = {
    "another service": FOR_LAMBDA,
    "another group": trusting("scheduler", StringEquals={"aws:SourceArn": f"{GROUP}-other"}),
    "another account": trusting("scheduler", StringEquals={"aws:SourceAccount": "210987654321"}),
    "one schedule of the group": trusting(
        "scheduler", StringEquals={"aws:SourceArn": f"arn:aws:scheduler:{HERE}:schedule/default/n"}
    ),
}


def test_a_role_that_does_not_trust_the_group_is_no_role_for_its_schedules(cloud: RunningCloud) -> None:
    seen = {}
    for number, (who, trust) in enumerate(NOT_TRUSTING.items()):
        role = a_role(cloud, {"lambda:InvokeFunction": FUNCTION}, trust, f"role-{number}")
        with pytest.raises(ClientError) as error:
            cloud.client("scheduler").create_schedule(**a_schedule(role))
        seen[who] = (*refusal(error), error.value.response["Error"]["Message"])

    words = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    assert seen == dict.fromkeys(NOT_TRUSTING, ("ValidationException", 400, words))


def test_a_schedule_of_another_group_or_account_cannot_act_as_the_role(cloud: RunningCloud) -> None:
    role = a_role(cloud, {"lambda:InvokeFunction": FUNCTION}, FOR_SCHEDULES)

    def act(schedule: str) -> None:
        Iam(cloud.clock, "enforce").check_delivery(role, schedule, "lambda:InvokeFunction", FUNCTION)

    act(f"arn:aws:scheduler:{HERE}:schedule/default/n")
    with pytest.raises(RoleNotTrusted):
        act(f"arn:aws:scheduler:{HERE}:schedule/other/n")
    with pytest.raises(RoleNotTrusted):
        act(f"arn:aws:scheduler:{REGION}:210987654321:schedule/default/n")


def fire(cloud: RunningCloud, role_arn: str) -> None:
    due = cloud.clock.now() + timedelta(seconds=30)
    cloud.client("scheduler").create_schedule(**a_schedule(role_arn, ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})"))
    cloud.agenda.advance(due + timedelta(minutes=1))


def test_a_delivery_that_the_role_may_not_make_is_a_dead_letter_at_once(cloud: RunningCloud) -> None:
    cloud.queue("letters")
    fire(cloud, a_role(cloud, {"sqs:SendMessage": LETTERS}, FOR_SCHEDULES))

    (letter,) = cloud.received(LETTERS)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("AccessDeniedException", "0")
    assert f"lambda:InvokeFunction on resource: {FUNCTION}" in attributes["ERROR_MESSAGE"]


def test_a_dead_letter_that_the_role_may_not_send_is_lost(cloud: RunningCloud) -> None:
    cloud.queue("letters")
    fire(cloud, a_role(cloud, {}, FOR_SCHEDULES))

    assert cloud.received(LETTERS) == []


def test_a_function_needs_a_role_that_lambda_may_assume(cloud: RunningCloud) -> None:
    a_role(cloud, {}, FOR_SCHEDULES, "any")

    with pytest.raises(ClientError) as error:
        cloud.deploy("work", "def handle(event, context): pass")

    assert refusal(error) == ("InvalidParameterValueException", 400)
    assert "cannot be assumed by Lambda" in str(error.value)


READING = """
import boto3

def handle(event, context):
    try:
        boto3.client("dynamodb").get_item(TableName="tasks", Key={"PK": {"S": "a"}})
    except Exception as error:
        return str(error)
    return "read"
"""


def test_a_function_is_its_role(cloud: RunningCloud) -> None:
    a_role(cloud, {}, name="any")
    cloud.deploy("work", READING)

    def read() -> Any:
        return answer_of(cloud.client("lambda").invoke(FunctionName="work"))

    before = read()
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}
    cloud.client("iam").put_role_policy(RoleName="any", PolicyName="rights", PolicyDocument=document(statement))

    assert f"User: arn:aws:sts::{ACCOUNT}:assumed-role/any/work is not authorized" in before
    assert read() == "read"


@pytest.mark.parametrize(("rights", "letters"), [({}, 0), ({"sqs:SendMessage": LETTERS}, 1)])
def test_a_failed_event_is_kept_only_if_the_function_s_role_may_send_it(
    cloud: RunningCloud, rights: dict[str, str], letters: int
) -> None:
    cloud.queue("letters")
    a_role(cloud, rights, name="any")
    cloud.deploy("work", "def handle(event, context): raise ValueError")
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName="work",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": LETTERS}},
    )

    cloud.client("lambda").invoke(FunctionName="work", InvocationType="Event")
    cloud.agenda.advance(cloud.clock.now() + timedelta(seconds=1))

    assert len(cloud.received(LETTERS)) == letters


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".chalice").mkdir()
    stage = {"autogen_policy": False, "iam_policy_file": "policy-local.json"}
    config = {"version": "2.0", "app_name": "tiny", "stages": {"local": stage, "bare": {}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}
    (tmp_path / ".chalice" / "policy-local.json").write_text(document(statement))
    return tmp_path


@pytest.fixture
def as_administrator(cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Gives this process the environment of a child of ours, as it is at its start."""

    def begin() -> None:
        for name, value in sealed_environment(cloud.endpoint, REGION).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_SESSION_TOKEN", "")  # so that it is restored, whoever sets it
        monkeypatch.delenv("AWS_SESSION_TOKEN")

    return begin


def test_a_process_of_the_app_goes_on_as_the_role_of_its_rendered_policy(
    as_administrator: Callable[[], None], project: Path
) -> None:
    for _ in ("the first start", "another one"):
        as_administrator()
        assume_role(load_config(project, "local"), "sweep")

    session = boto3.Session()
    assert session.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/tiny-local-sweep/sweep")
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:ListTables"):
        session.client("dynamodb").list_tables()


def test_an_app_without_a_rendered_policy_stays_an_administrator(
    as_administrator: Callable[[], None], cloud: RunningCloud, project: Path
) -> None:
    as_administrator()
    assume_role(load_config(project, "bare"), "sweep")

    assert cloud.client("iam").list_roles()["Roles"] == []
    assert "AWS_SESSION_TOKEN" not in os.environ


def test_switched_off_it_judges_nobody(tmp_path: Any) -> None:
    with running_cloud(tmp_path) as cloud:
        dynamodb = client_of(cloud, a_role(cloud, {}), "dynamodb")

        assert dynamodb.list_tables()["TableNames"] == []
        assert decisions(cloud) == []
