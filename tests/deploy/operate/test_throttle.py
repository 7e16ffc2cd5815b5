"""`python -m deploy throttle`: the stage that Chalice deployed lets so many requests through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from deploy.__main__ import main
from deploy.errors import DeployError
from deploy.operate.throttle import throttle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def api_gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.client("apigateway")


def project(directory: Path, *resources: dict[str, str]) -> Path:
    """A Chalice project that was deployed to the stage `dev`."""
    (directory / ".chalice" / "deployed").mkdir(parents=True)
    config = {"api_gateway_stage": "v1", "stages": {"dev": {}, "prod": {}}}
    (directory / ".chalice" / "config.json").write_text(json.dumps(config))
    (directory / ".chalice" / "deployed" / "dev.json").write_text(json.dumps({"resources": resources}))
    return directory


def deployed_api(client: Any) -> str:
    """An API with one method and the stage `v1`."""
    api_id: str = client.create_rest_api(name="tasks")["id"]
    root = client.get_resources(restApiId=api_id)["items"][0]["id"]
    client.put_method(restApiId=api_id, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api_id, resourceId=root, httpMethod="GET", type="MOCK")
    client.create_deployment(restApiId=api_id, stageName="v1")
    return api_id


def test_a_stage_gets_its_rate_and_its_burst(api_gateway: Any, tmp_path: Path) -> None:
    api_id = deployed_api(api_gateway)
    app = project(tmp_path, {"name": "sweep"}, {"name": "rest_api", "rest_api_id": api_id})

    ended_with = main(["throttle", "--stage", "dev", "--project", str(app), "--rate", "50", "--burst", "75"])

    settings = api_gateway.get_stage(restApiId=api_id, stageName="v1")["methodSettings"]["*/*"]
    assert ended_with == 0
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (50, 75)


def test_what_was_never_deployed_cannot_be_throttled(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="chalice deploy --stage prod"):
        throttle("prod", project(tmp_path), rate=50, burst=75)


def test_an_app_without_an_api_cannot_be_throttled(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="names no REST API"):
        throttle("dev", project(tmp_path, {"name": "sweep"}), rate=50, burst=75)


@pytest.mark.parametrize("record", ["{", "[]", "{}"])
def test_a_record_that_is_none_is_refused_with_its_path(tmp_path: Path, record: str) -> None:
    app = project(tmp_path)
    (app / ".chalice/deployed/dev.json").write_text(record)

    with pytest.raises(DeployError, match=r"deployed/dev\.json (is not JSON|is not a JSON object|names no REST API)"):
        throttle("dev", app, rate=50, burst=75)


@pytest.mark.usefixtures("api_gateway")
def test_what_aws_refuses_is_told(tmp_path: Path) -> None:
    app = project(tmp_path, {"name": "rest_api", "rest_api_id": "gone"})

    with pytest.raises(DeployError, match="NotFound"):
        throttle("dev", app, rate=50, burst=75)


@pytest.mark.parametrize(
    ("rate", "burst"), [("-5", "10"), ("0", "10"), ("nan", "10"), ("inf", "10"), ("50", "0"), ("50", "-1")]
)
def test_a_limit_that_would_close_the_api_is_refused(
    api_gateway: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], rate: str, burst: str
) -> None:
    api_id = deployed_api(api_gateway)
    app = project(tmp_path, {"name": "rest_api", "rest_api_id": api_id})

    ended_with = main(["throttle", "--stage", "dev", "--project", str(app), f"--rate={rate}", f"--burst={burst}"])

    assert ended_with == 1
    assert "must be greater than 0 and at most 100,000" in capsys.readouterr().err
    assert not api_gateway.get_stage(restApiId=api_id, stageName="v1").get("methodSettings")
