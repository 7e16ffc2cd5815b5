"""`finish` keeps Chalice's record and completes the API; a second time it changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from chalicelib.api.edge.gateway_responses import gateway_responses
from deploy.errors import DeployError
from deploy.rollout.finish import finish
from deploy.terraform.backend import StateLocation
from local.testing import REGION
from tests.deploy.rollout.conftest import BUCKET, LOCATION

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from tests.deploy.rollout.conftest import World


def finished(
    world: World, project: Path, session: boto3.Session, *, location: StateLocation = LOCATION, **changed: str
) -> list[str]:
    lines: list[str] = []
    finish("dev", project, world.outputs(**changed), session, location, tell=lines.append)
    return lines


def stage_of(world: World, api_id: str) -> dict[str, Any]:
    stage: dict[str, Any] = world.cloud.client("apigateway").get_stage(restApiId=api_id, stageName="api")
    return stage


def test_the_record_is_kept_beside_terraforms_state(world: World, session: boto3.Session) -> None:
    api_id = world.chalice_deploys(world.machine())

    lines = finished(world, world.machine(), session)

    kept = world.kept()
    assert kept is not None
    assert kept["resources"][0]["rest_api_id"] == api_id
    assert lines[0] == "Chalice's record is kept in s3://state/scheduled-tasks/dev.tfstate.chalice-deployed.json"


def test_a_record_that_another_machine_stored_meanwhile_is_not_overwritten(
    world: World, session: boto3.Session
) -> None:
    first = world.chalice_deploys(world.machine("first"))
    world.chalice_deploys(world.machine("second"))
    finished(world, world.machine("first"), session)

    with pytest.raises(DeployError, match="another machine deployed this stage"):
        finished(world, world.machine("second"), session)

    kept = world.kept()
    assert kept is not None
    assert kept["resources"][0]["rest_api_id"] == first


def test_a_lost_record_is_stored_again(world: World, session: boto3.Session) -> None:
    world.chalice_deploys(world.machine())
    finished(world, world.machine(), session)
    before = world.kept()
    world.lose_the_record()

    finished(world, world.machine(), session)

    assert before is not None
    assert world.kept() == before


def test_after_the_record_is_lost_a_newer_one_is_stored(world: World, session: boto3.Session) -> None:
    world.chalice_deploys(world.machine())
    finished(world, world.machine(), session)
    world.lose_the_record()
    newer = world.chalice_deploys(world.machine())

    finished(world, world.machine(), session)

    kept = world.kept()
    assert kept is not None
    assert kept["resources"][0]["rest_api_id"] == newer


def test_the_record_is_stored_where_the_state_was_moved_to(world: World, session: boto3.Session) -> None:
    before = StateLocation(BUCKET, "before/dev.tfstate", REGION)
    world.chalice_deploys(world.machine())
    finished(world, world.machine(), session, location=before)

    finished(world, world.machine(), session)

    assert world.kept() is not None


def test_the_record_is_stored_in_the_region_of_the_state(
    world: World, session: boto3.Session, regions_of_s3: list[str]
) -> None:
    world.chalice_deploys(world.machine())

    finished(world, world.machine(), session, location=replace(LOCATION, region="us-east-1"))

    assert set(regions_of_s3) == {"us-east-1"}


def test_the_api_gets_its_limits_and_tags(world: World, session: boto3.Session) -> None:
    api_id = world.chalice_deploys(world.machine())

    finished(world, world.machine(), session, api_rate_limit="12.5", api_burst_limit="40")

    stage = stage_of(world, api_id)
    settings = stage["methodSettings"]["*/*"]
    api = world.cloud.client("apigateway").get_rest_api(restApiId=api_id)
    tags = {"Project": "tasks", "Stage": "dev", "ManagedBy": "chalice"}
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (12.5, 40)
    assert (api["tags"], stage["tags"]) == (tags, tags)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer a-secret-token"}])
def test_an_unknown_path_is_a_problem_that_repeats_no_credential(
    world: World, session: boto3.Session, headers: dict[str, str]
) -> None:
    api_id = world.chalice_deploys(world.machine())
    url = f"{world.cloud.endpoint}/restapis/{api_id}/api/_user_request_/v1/shedules"
    before = urllib3.request("GET", url, headers=headers)

    finished(world, world.machine(), session)
    after = urllib3.request("GET", url, headers=headers)

    assert before.status == 403
    assert ("a-secret-token" in before.data.decode()) == bool(headers)
    assert (after.status, after.headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(after.data) == {
        "type": "urn:scheduled-tasks:problem:route-not-found",
        "title": "Route not found",
        "status": 404,
        "detail": "The API has no route with this method and path.",
    }


def test_a_second_time_nothing_is_changed(world: World, session: boto3.Session) -> None:
    api_id = world.chalice_deploys(world.machine())
    finished(world, world.machine(), session)
    deployment = stage_of(world, api_id)["deploymentId"]

    lines = finished(world, world.machine(), session)

    assert lines[1:] == [f"stage dev is deployed: REST API {api_id}"]
    assert stage_of(world, api_id)["deploymentId"] == deployment


def test_what_chalice_overwrites_is_set_again(world: World, session: boto3.Session) -> None:
    api_id = world.chalice_deploys(world.machine())
    finished(world, world.machine(), session)
    gateway = world.cloud.client("apigateway")
    method = {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock", "uri": "", "httpMethod": "GET"}}
    document = {"swagger": "2.0", "info": {"title": "tasks", "version": "1.0"}, "paths": {"/": {"get": method}}}
    gateway.put_rest_api(restApiId=api_id, mode="overwrite", body=json.dumps(document))
    assert gateway.get_gateway_responses(restApiId=api_id)["items"] == []

    finished(world, world.machine(), session)

    assert len(gateway.get_gateway_responses(restApiId=api_id)["items"]) == len(gateway_responses())


def test_answers_that_were_set_and_not_deployed_are_deployed_by_the_next_finish(
    world: World, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    api_id = world.chalice_deploys(world.machine())
    url = f"{world.cloud.endpoint}/restapis/{api_id}/api/_user_request_/v1/shedules"
    # API Gateway takes one CreateDeployment in five seconds, and Chalice has just made one.
    world.break_down("apigateway:CreateDeployment", times=1)
    with pytest.raises(DeployError, match="CreateDeployment"):
        finished(world, world.machine(), session)
    world.recover()
    before = urllib3.request("GET", url)

    lines = finished(world, world.machine(), session)

    assert before.status == 403
    assert urllib3.request("GET", url).status == 404
    assert "API Gateway's own responses: problem+json" in lines


def test_a_record_whose_first_answer_was_lost_is_no_other_machines(world: World, session: boto3.Session) -> None:
    world.chalice_deploys(world.machine())
    world.break_down("s3:PutObject", times=1, mode="fail-after-work")

    lines = finished(world, world.machine(), session)

    assert lines[0].startswith("Chalice's record is kept in")
    assert world.kept() is not None


def test_what_was_never_deployed_is_not_finished(world: World, session: boto3.Session) -> None:
    with pytest.raises(DeployError, match="names no REST API: run chalice deploy --stage dev first"):
        finished(world, world.machine(), session)


def test_an_api_that_is_gone_is_told_before_the_record_is_stored(world: World, session: boto3.Session) -> None:
    world.chalice_deploys(world.machine(), api_id="gone")

    with pytest.raises(DeployError, match="names the REST API gone, which does not exist"):
        finished(world, world.machine(), session)

    assert world.kept() is None


def test_another_region_is_refused_before_anything_is_stored(world: World) -> None:
    import boto3  # noqa: PLC0415

    world.chalice_deploys(world.machine())

    with pytest.raises(DeployError, match=f"is in {REGION}, and this shell is set to us-east-1"):
        finished(world, world.machine(), boto3.Session(region_name="us-east-1"))

    assert world.kept() is None
