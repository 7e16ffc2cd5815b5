"""The commands of docs/deploy.md, read from there and typed as they stand, against a local cloud of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from deploy.paths import PROJECT
from deploy.terraform.binary import find_terraform
from deploy.terraform.mirror import find_mirror
from local.app.processes import Child
from local.app.stack import REGION, SCOPES
from local.endpoint.issuer import AUDIENCE, Issuer
from local.endpoint.issuer import PATH as ISSUER_PATH
from local.environment import sealed_environment
from tests.e2e.client import Client, free_port, within
from tests.e2e.cloud import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PAGE = (PROJECT / "docs/deploy.md").read_text()
FOLDERS = ("chalicelib", "deploy", "notification", "terraform", ".chalice")
FILES = ("app.py", "requirements.txt")
NOT_COMMITTED = ("__pycache__", ".terraform*", "*.tfstate*", "deployed", "deployments")
FUNCTION = "scheduled-tasks-dev"
MOST_SECONDS = 150


def commands_below(heading: str) -> list[str]:
    """The blocks of commands in a section of the page."""
    section = PAGE.split(f"{heading}\n", 1)[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


(FOUR_COMMANDS,) = commands_below("# Deploying")
EXPORTS, ONCE, CURL = commands_below("## Against the local cloud")


class Terminal:
    """A shell in `project`, in which the exports of the page have been typed; its cloud listens on `port`."""

    def __init__(self, project: Path, port: int) -> None:
        self._project = project
        self._exports = EXPORTS.replace("4566", str(port))
        self._environment = callers_environment() | {"PATH": path_with_tools(), "AWS_PROFILE": "nope"}
        if mirror := find_mirror(os.environ):
            self._environment["TF_CLI_ARGS_init"] = f"-plugin-dir={mirror}"

    def type(self, commands: str) -> str:
        """What they print. Each must succeed; to a question the answer is yes."""
        done = subprocess.run(
            ["/bin/bash", "-eu", "-c", self._exports + commands],
            cwd=self._project,
            env=self._environment,
            input="yes\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=MOST_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def callers_environment() -> dict[str, str]:
    """Without what could lead a command to AWS, or terraform elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}


def path_with_tools() -> str:
    """As `. .venv/bin/activate` leaves it, and with a terraform."""
    tools = (Path(sys.executable).parent, find_terraform(os.environ).parent)
    return os.pathsep.join([*map(str, tools), os.environ["PATH"]])


@dataclass(frozen=True)
class Deployed:
    """Stage dev. `terminal`: where it was deployed from; `token`: of a user whom it trusts."""

    cloud_url: str
    terminal: Terminal
    token: str

    def client(self, service: str) -> Any:
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
        return session.client(service, endpoint_url=self.cloud_url)  # type: ignore[call-overload]

    def api_ids(self) -> list[str]:
        return [api["id"] for api in self.client("apigateway").get_rest_apis()["items"]]

    def api(self) -> Client:
        """The deployed API over HTTP."""
        (api_id,) = self.api_ids()
        return Client(f"{self.cloud_url}/restapis/{api_id}/api/_user_request_", self.token)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    directory, log, port = tmp_path_factory.mktemp("cloud"), tmp_path_factory.mktemp("log"), free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("local", "cloud", "--port", str(port), "--directory", str(directory))
    cloud = Child("cloud", arguments, environment=sealed_environment(url, REGION), log=log / "cloud.log")
    try:
        cloud.wait_until_it_answers(f"{url}/_local/health", seconds=60)
        terminal = Terminal(a_clone(tmp_path_factory.mktemp("clone"), issuer=url + ISSUER_PATH), port)
        terminal.type(ONCE + FOUR_COMMANDS)
        yield Deployed(url, terminal, Issuer(directory, url + ISSUER_PATH).make_token("alice", SCOPES))
    finally:
        cloud.stop()


def a_clone(project: Path, *, issuer: str) -> Path:
    """The project as it is committed, but for the one setting that only a person can know."""
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, project / name, ignore=shutil.ignore_patterns(*NOT_COMMITTED))
    for name in FILES:
        shutil.copy(PROJECT / name, project)
    config = json.loads((project / ".chalice/config.json").read_text())
    config["stages"]["dev"] = {"environment_variables": {"JWT_ISSUER": issuer, "JWT_AUDIENCE": AUDIENCE}}
    (project / ".chalice/config.json").write_text(json.dumps(config))
    return project


def an_email(subject: str) -> dict[str, Any]:
    return {"type": "email", "to": ["alice@example.com"], "subject": subject, "text": "It is time."}


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


def test_the_same_commands_again_change_nothing(deployed: Deployed) -> None:
    before = deployed.api_ids()

    printed = deployed.terminal.type(FOUR_COMMANDS)

    assert "No changes. Your infrastructure matches the configuration." in re.sub(r"\x1b\[\d+m", "", printed)
    assert "nothing to change" in printed
    assert "Updating rest API" in printed
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
