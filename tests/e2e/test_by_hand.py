"""The commands of docs/deploy.md, read from there and typed as they stand, against a local cloud of their own."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.app.stack import REGION, SCOPES
from local.endpoint.issuer import PATH as ISSUER_PATH
from local.endpoint.issuer import Issuer
from tests.e2e.by_hand import CURL, FIVE_COMMANDS, ONCE, Terminal, a_clone, running_by_itself
from tests.e2e.client import Client
from tests.e2e.cloud import Clock, LocalCloud
from tests.e2e.schedules import an_email
from tests.processes import within

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.long]

FUNCTION = "scheduled-tasks-dev"


@dataclass(frozen=True)
class Deployed:
    """Stage dev. `terminal`: where it was deployed from; `token`: of a user whom it trusts."""

    cloud_url: str
    port: int
    clone: Path
    terminal: Terminal
    token: str

    def client(self, service: str) -> Any:
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
        return session.client(service, endpoint_url=self.cloud_url)  # type: ignore[call-overload]

    def kept(self) -> dict[str, str]:
        """The state's objects and their versions. Locks are gone when Terraform has ended."""
        listed = self.client("s3").list_objects_v2(Bucket="example-terraform-state")
        return {item["Key"]: item["ETag"] for item in listed["Contents"]}

    def api_ids(self) -> list[str]:
        return [api["id"] for api in self.client("apigateway").get_rest_apis()["items"]]

    def api(self, token: str | None = None) -> Client:
        """The deployed API over HTTP."""
        (api_id,) = self.api_ids()
        return Client(f"{self.cloud_url}/restapis/{api_id}/api/_user_request_", token or self.token)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    directory = tmp_path_factory.mktemp("cloud")
    with running_by_itself(directory) as (url, port):
        clone = a_clone(tmp_path_factory.mktemp("clone"), issuer=url + ISSUER_PATH)
        terminal = Terminal(clone, port)
        terminal.type(ONCE + FIVE_COMMANDS)
        yield Deployed(url, port, clone, terminal, Issuer(directory, url + ISSUER_PATH).make_token("alice", SCOPES))


def proxy_event(deployed: Deployed, body: dict[str, Any]) -> dict[str, Any]:
    """`POST /v1/schedules` as API Gateway hands it to the function."""
    return {
        "resource": "/v1/schedules",
        "path": "/v1/schedules",
        "httpMethod": "POST",
        "headers": {"Authorization": f"Bearer {deployed.token}", "Content-Type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"httpMethod": "POST", "resourcePath": "/v1/schedules", "path": "/api/v1/schedules"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def test_the_deployed_function_creates_a_schedule_from_a_proxy_event(deployed: Deployed) -> None:
    event = proxy_event(deployed, {"timing": {"after": "PT1H"}, "action": an_email("in an hour")})

    invoked = deployed.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event))

    answer = json.loads(invoked["Payload"].read())
    assert (answer["statusCode"], json.loads(answer["body"])["confirmed"]) == (201, True), answer
    assert answer["headers"]["Location"].startswith("/api/v1/schedules/")


def test_a_schedule_created_over_http_sends_its_mail(deployed: Deployed) -> None:
    cloud = LocalCloud(deployed.cloud_url)

    schedule = deployed.api().create(timing={"after": "PT3S"}, action=an_email("by hand"))
    (mail,) = within(20, lambda: cloud.messages("by hand"), "the mail")

    path = f"/v1/schedules/{schedule['schedule_id']}"
    assert mail["to"] == ["alice@example.com"]
    assert within(10, lambda: deployed.api().get(path)["status"] == "completed", "the record of the run")


def test_without_a_token_the_deployed_api_refuses(deployed: Deployed) -> None:
    (api_id,) = deployed.api_ids()

    answer = Client(f"{deployed.cloud_url}/restapis/{api_id}/api/_user_request_").send("GET", "/v1/schedules")

    assert (answer.status, answer.json["type"]) == (401, "urn:scheduled-tasks:problem:not-authenticated")


def test_the_curl_of_the_page_reaches_the_api(deployed: Deployed) -> None:
    assert json.loads(deployed.terminal.type(CURL)) == {"status": "ok"}


def test_the_deployed_functions_act_as_the_roles_that_chalice_made_of_the_rendered_policy(deployed: Deployed) -> None:
    decisions = LocalCloud(deployed.cloud_url).get("/_local/iam")["decisions"]

    role = f"role/{FUNCTION}-api_handler"
    actions = {decision["action"] for decision in decisions if decision["role_arn"].endswith(role)}
    assert {"dynamodb:PutItem", "scheduler:CreateSchedule", "iam:PassRole", "logs:PutLogEvents"} <= actions
    assert [decision for decision in decisions if not decision["allowed"]] == []


def test_a_mistyped_path_is_a_problem_that_repeats_no_token(deployed: Deployed) -> None:
    answer = deployed.api().send("GET", "/v1/shedules")

    assert (answer.status, answer.json["type"]) == (404, "urn:scheduled-tasks:problem:route-not-found")
    assert deployed.token not in str(answer.json)


def test_make_token_in_the_clone_prints_a_token_that_the_stage_trusts(deployed: Deployed) -> None:
    tools = f"BIN={Path(sys.executable).parent} RUNS=.runs"
    token = deployed.terminal.type(f"touch .runs\nmake --silent token USER=bob {tools}").strip()

    assert deployed.api(token).get("/v1/schedules")["items"] == []


def test_what_was_held_is_done_by_the_deployed_sweeper(deployed: Deployed) -> None:
    cloud = LocalCloud(deployed.cloud_url)
    clock = Clock(cloud)
    deployed.terminal.type('python -m deploy hold --stage dev --reason "a rehearsal"')
    schedule = deployed.api().create(timing={"after": "PT1M"}, action=an_email("after the release"))
    clock.travel(minutes=2)
    held = cloud.messages("after the release")

    deployed.terminal.type("python -m deploy release --stage dev")
    clock.travel(minutes=3)

    path = f"/v1/schedules/{schedule['schedule_id']}"
    assert held == []
    assert len(cloud.messages("after the release")) == 1
    assert deployed.api().get(path)["status"] == "completed"
    clock.return_to_real_time()


def refused(deployed: Deployed, commands: str) -> str:
    """What commands print that end with an error, and leave all that is deployed, kept and configured as it was."""
    changes = ("apigateway:Put*", "apigateway:Create*", "apigateway:Import*", "lambda:Update*", "lambda:Create*")
    cloud = LocalCloud(deployed.cloud_url)
    cloud.forget_calls()
    before = deployed.kept(), (deployed.clone / ".chalice/config.json").read_bytes()

    code, printed = deployed.terminal.attempt(commands)

    assert code != 0, printed
    assert "Traceback" not in printed
    assert [cloud.get(f"/_local/calls?operation={pattern}")["count"] for pattern in changes] == [0] * len(changes)
    assert (deployed.kept(), (deployed.clone / ".chalice/config.json").read_bytes()) == before
    return printed


@pytest.mark.parametrize("command", ["package", "render", "finish"])
def test_another_region_is_refused_before_anything_changes(deployed: Deployed, command: str) -> None:
    printed = refused(deployed, f"export AWS_DEFAULT_REGION=us-east-1\npython -m deploy {command} --stage dev")

    assert "Stage dev is in eu-central-1, and this shell is set to us-east-1. Nothing was changed." in printed


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python -m deploy package --stage dev", "Stage dev is in account 444455556666"),
        ("terraform -chdir=terraform apply -auto-approve -var-file=envs/dev.tfvars", "AWS account ID not allowed"),
    ],
)
def test_another_account_is_refused_before_anything_changes(deployed: Deployed, command: str, words: str) -> None:
    assert words in refused(deployed, f"export TF_VAR_account_id=444455556666\n{command}")


def test_another_python_is_refused_before_anything_changes(deployed: Deployed) -> None:
    printed = refused(deployed, "export TF_VAR_lambda_runtime=python3.10\npython -m deploy package --stage dev")

    assert "The stage's functions run on python3.10 (lambda_runtime), but this is python3." in printed


def test_more_concurrency_than_the_account_has_is_refused_before_anything_changes(deployed: Deployed) -> None:
    printed = refused(deployed, "export TF_VAR_max_concurrency=995\npython -m deploy package --stage dev")

    assert 'Raise the quota "Concurrent executions" of AWS Lambda' in printed


def test_a_second_machine_updates_the_api_of_the_first(deployed: Deployed, tmp_path: Path) -> None:
    before = deployed.api_ids()
    second = Terminal(a_clone(tmp_path, issuer=deployed.cloud_url + ISSUER_PATH), deployed.port)
    second.type("terraform -chdir=terraform init -backend-config=envs/dev.s3.tfbackend")

    second.type("python -m deploy render --stage dev\nchalice deploy --stage dev\npython -m deploy finish --stage dev")

    assert deployed.api_ids() == before


def test_without_the_record_no_second_api_is_made(deployed: Deployed) -> None:
    (api_id,) = deployed.api_ids()
    record = deployed.clone / ".chalice/deployed/dev.json"
    key = "scheduled-tasks/dev.tfstate.chalice-deployed.json"
    for path in record.parent.iterdir():
        path.unlink()
    deployed.client("s3").delete_object(Bucket="example-terraform-state", Key=key)

    printed = refused(deployed, "python -m deploy render --stage dev")
    deployed.terminal.type(
        f"python -m deploy render --stage dev --api-id {api_id}\n"
        "chalice deploy --stage dev\n"
        "python -m deploy finish --stage dev"
    )

    assert f"python -m deploy render --stage dev --api-id {api_id}" in printed
    assert deployed.api_ids() == [api_id]


def test_the_same_commands_again_change_nothing(deployed: Deployed) -> None:
    before = deployed.api_ids()

    printed = deployed.terminal.type(FIVE_COMMANDS)

    assert "No changes. Your infrastructure matches the configuration." in re.sub(r"\x1b\[\d+m", "", printed)
    assert "nothing to change" in printed
    assert "Updating rest API" in printed
    assert "s3://example-terraform-state/scheduled-tasks/dev.tfstate.chalice-deployed.json" in printed
    assert deployed.api_ids() == before


def test_deleting_the_app_leaves_what_is_terraforms_and_it_can_be_deployed_again(deployed: Deployed) -> None:
    deployed.terminal.type("chalice delete --stage dev")
    left = [function["FunctionName"] for function in deployed.client("lambda").list_functions()["Functions"]]
    roles = [role["RoleName"] for role in deployed.client("iam").list_roles()["Roles"]]
    apis = deployed.api_ids()
    deployed.terminal.type("chalice deploy --stage dev")

    assert (left, apis) == (["scheduled-tasks-notification-dev"], [])
    assert sorted(roles) == ["scheduled-tasks-notification-dev", "scheduled-tasks-scheduler-dev"]
    assert deployed.api().get("/healthz") == {"status": "ok"}
