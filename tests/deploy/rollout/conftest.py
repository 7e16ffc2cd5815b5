"""A local cloud in which a stage is deployed, as Terraform and Chalice leave it, and shells that reach it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3

from deploy.terraform.backend import StateLocation
from local.testing import REGION, running_cloud
from tests.deploy.terraform_outputs import outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from local.testing import RunningCloud

BUCKET = "state"
LOCATION = StateLocation(BUCKET, "scheduled-tasks/dev.tfstate", REGION)
RECORD_KEY = "scheduled-tasks/dev.tfstate.chalice-deployed.json"
FUNCTION = "tasks-dev"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield cloud


@dataclass
class World:
    """Machines that deploy the app `tasks` to stage dev, one project folder each."""

    cloud: RunningCloud
    folder: Path

    def machine(self, name: str = "first") -> Path:
        project = self.folder / name
        if not project.exists():
            (project / ".chalice").mkdir(parents=True)
            (project / ".chalice/config.json").write_text('{"app_name": "tasks", "stages": {"dev": {}}}')
        return project

    def outputs(self, **changed: str) -> dict[str, str]:
        return outputs(**changed)

    def chalice_deploys(self, project: Path, api_id: str | None = None, functions: Iterable[str] = ()) -> str:
        """What `chalice deploy` leaves: an API, the function behind it, and a record of both on this machine."""
        api_id = api_id or self.an_api()
        api = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": api_id}
        record = {"resources": [api, *({"name": name, "resource_type": "lambda_function"} for name in functions)]}
        path = project / ".chalice/deployed/dev.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(record | {"backend": "api", "schema_version": "2.0"}))
        return api_id

    def an_api(self) -> str:
        gateway, functions = self.cloud.client("apigateway"), self.cloud.client("lambda")
        api_id: str = gateway.create_rest_api(name="tasks")["id"]
        root = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
        gateway.put_method(restApiId=api_id, resourceId=root, httpMethod="GET", authorizationType="NONE")
        gateway.put_integration(restApiId=api_id, resourceId=root, httpMethod="GET", type="MOCK")
        gateway.create_deployment(restApiId=api_id, stageName="api")
        if FUNCTION not in [one["FunctionName"] for one in functions.list_functions()["Functions"]]:
            self.cloud.deploy(FUNCTION, "def handle(event, context): pass")
        functions.add_permission(
            FunctionName=FUNCTION,
            StatementId=api_id,
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:123456789012:{api_id}/*",
        )
        return api_id

    def break_down(self, operation: str, *, times: int, mode: str = "throttle") -> None:
        """The next calls of this operation fail."""
        self._faults("POST", {"operation": operation, "mode": mode, "times": times})

    def recover(self) -> None:
        self._faults("DELETE")

    def _faults(self, method: str, fault: dict[str, Any] | None = None) -> None:
        answer = urllib3.request(method, f"{self.cloud.endpoint}/_local/faults", json=fault)
        assert answer.status < 300, answer.data

    def lose_the_record(self) -> None:
        """The object in the bucket is deleted."""
        self.cloud.client("s3").delete_object(Bucket=BUCKET, Key=RECORD_KEY)

    def kept(self) -> dict[str, Any] | None:
        """The record in the bucket."""
        s3 = self.cloud.client("s3")
        try:
            record: dict[str, Any] = json.loads(s3.get_object(Bucket=BUCKET, Key=RECORD_KEY)["Body"].read())
        except s3.exceptions.NoSuchKey:
            return None
        return record


@pytest.fixture
def world(cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in shell(cloud).items():
        monkeypatch.setenv(name, value)
    yield World(cloud, tmp_path)
    for api in cloud.client("apigateway").get_rest_apis()["items"]:
        cloud.client("apigateway").delete_rest_api(restApiId=api["id"])
    for function in cloud.client("lambda").list_functions()["Functions"]:
        cloud.client("lambda").delete_function(FunctionName=function["FunctionName"])
    World(cloud, tmp_path).lose_the_record()


def shell(cloud: RunningCloud) -> dict[str, str]:
    """The variables of a shell that is set to the cloud."""
    return {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """In the Region of the stage. One for all: it reads the models of the services once."""
    return boto3.Session(region_name=REGION)


@pytest.fixture
def regions_of_s3(session: boto3.Session) -> Iterator[list[str]]:
    """The Region of each client that calls S3."""
    regions: list[str] = []

    def note(context: dict[str, Any], **_: object) -> None:
        regions.append(context["client_region"])

    session.events.register("before-call.s3", note)
    yield regions
    session.events.unregister("before-call.s3", note)
