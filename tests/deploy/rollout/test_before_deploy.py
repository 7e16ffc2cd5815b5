"""`render` refuses before it writes: another Region, account or Python, and an API of which nobody knows the id."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest

from deploy.errors import DeployError
from deploy.rollout.before_deploy import prepare
from deploy.rollout.finish import finish
from tests.deploy.rollout.conftest import LOCATION

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.terraform.backend import StateLocation
    from tests.deploy.rollout.conftest import World


def rendered(
    world: World,
    project: Path,
    session: boto3.Session,
    *,
    api_id: str | None = None,
    location: StateLocation | None = LOCATION,
    **changed: str,
) -> Path | None:
    write = prepare("dev", project, world.outputs(**changed), session, location, app_name="tasks", api_id=api_id)
    return write()


def recorded(project: Path) -> str | None:
    path = project / ".chalice/deployed/dev.json"
    return json.loads(path.read_text())["resources"][0]["rest_api_id"] if path.exists() else None


def deployed_and_finished(world: World, project: Path, session: boto3.Session) -> str:
    api_id = world.chalice_deploys(project)
    finish("dev", project, world.outputs(), session, LOCATION, tell=lambda _: None)
    return api_id


def test_the_first_time_there_is_nothing_to_fetch(world: World, session: boto3.Session) -> None:
    assert rendered(world, world.machine(), session) is None


def test_a_second_machine_gets_the_record_of_the_first(world: World, session: boto3.Session) -> None:
    api_id = deployed_and_finished(world, world.machine("first"), session)

    written = rendered(world, world.machine("second"), session)

    assert written == world.machine("second") / ".chalice/deployed/dev.json"
    assert recorded(world.machine("second")) == api_id


def test_a_machine_that_was_away_gets_what_another_deployed_since(world: World, session: boto3.Session) -> None:
    deployed_and_finished(world, world.machine("first"), session)
    rendered(world, world.machine("second"), session)
    moved = deployed_and_finished(world, world.machine("second"), session)

    rendered(world, world.machine("first"), session)

    assert recorded(world.machine("first")) == moved


def test_what_was_deployed_here_and_not_finished_stays(world: World, session: boto3.Session) -> None:
    deployed_and_finished(world, world.machine(), session)
    newer = world.chalice_deploys(world.machine())

    assert rendered(world, world.machine(), session) is None
    assert recorded(world.machine()) == newer


def test_two_machines_with_an_api_each_are_refused(world: World, session: boto3.Session) -> None:
    theirs = deployed_and_finished(world, world.machine("first"), session)
    ours = world.chalice_deploys(world.machine("second"))

    with pytest.raises(DeployError, match=f"deployed the REST API {ours}, and another machine {theirs}"):
        rendered(world, world.machine("second"), session)


def test_of_two_records_of_one_api_the_one_in_s3_is_used(world: World, session: boto3.Session) -> None:
    api_id = deployed_and_finished(world, world.machine("first"), session)
    world.chalice_deploys(world.machine("second"), api_id, functions=("sweep",))

    written = rendered(world, world.machine("second"), session)

    assert written is not None
    assert json.loads(written.read_text()) == world.kept()


def test_a_record_without_an_api_is_replaced_by_the_one_in_s3(world: World, session: boto3.Session) -> None:
    api_id = deployed_and_finished(world, world.machine("first"), session)
    path = world.machine("second") / ".chalice/deployed/dev.json"
    path.parent.mkdir()
    path.write_text('{"resources": []}')

    rendered(world, world.machine("second"), session)

    assert recorded(world.machine("second")) == api_id


def test_the_record_is_fetched_in_the_region_of_the_state(
    world: World, session: boto3.Session, regions_of_s3: list[str]
) -> None:
    rendered(world, world.machine(), session, location=replace(LOCATION, region="us-east-1"))

    assert regions_of_s3 == ["us-east-1"]


def test_functions_without_a_record_are_refused_before_a_second_api_is_made(
    world: World, session: boto3.Session
) -> None:
    api_id = world.an_api()

    with pytest.raises(DeployError, match=f"REST API {api_id}, but neither .* records it.*--api-id {api_id}"):
        rendered(world, world.machine(), session)

    assert recorded(world.machine()) is None


def test_a_state_that_is_not_in_s3_is_no_excuse(world: World, session: boto3.Session) -> None:
    world.an_api()

    with pytest.raises(DeployError, match="Terraform's state, which is not in S3"):
        rendered(world, world.machine(), session, location=None)


def test_a_person_says_which_api_to_go_on_with(world: World, session: boto3.Session) -> None:
    api_id = world.an_api()

    rendered(world, world.machine(), session, api_id=api_id)

    assert recorded(world.machine()) == api_id


def test_an_api_that_is_not_there_is_not_gone_on_with(world: World, session: boto3.Session) -> None:
    with pytest.raises(DeployError, match="NotFoundException"):
        rendered(world, world.machine(), session, api_id="nowhere")


def test_the_api_of_another_stage_or_app_is_not_gone_on_with(world: World, session: boto3.Session) -> None:
    """`chalice deploy` would replace all of it."""
    ours = world.an_api()
    theirs = world.cloud.client("apigateway").create_rest_api(name="tasks")["id"]

    with pytest.raises(
        DeployError, match=f"{theirs} does not invoke tasks-dev: .* REST APIs that invoke tasks-dev: {ours}"
    ):
        rendered(world, world.machine(), session, api_id=theirs)

    assert recorded(world.machine()) is None


def test_functions_whose_api_was_never_made_are_no_obstacle(world: World, session: boto3.Session) -> None:
    world.cloud.deploy("tasks-dev", "def handle(event, context): pass")

    assert rendered(world, world.machine(), session) is None


def test_another_region_is_refused(world: World) -> None:
    elsewhere = boto3.Session(region_name="us-east-1")

    with pytest.raises(DeployError, match=r"dev is in eu-central-1, and this shell is set to us-east-1.*export AWS_"):
        rendered(world, world.machine(), elsewhere)


def test_no_region_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    with pytest.raises(DeployError, match="set to no Region"):
        rendered(world, world.machine(), boto3.Session())


def test_another_account_is_refused(world: World, session: boto3.Session) -> None:
    arn = "arn:aws:lambda:eu-central-1:444455556666:function:tasks-notification"

    with pytest.raises(
        DeployError, match="in account 444455556666, and this shell's credentials are for account 123456789012"
    ):
        rendered(world, world.machine(), session, notification_lambda_arn=arn)


def test_another_python_is_refused(world: World, session: boto3.Session) -> None:
    with pytest.raises(DeployError, match=r"run on python3\.10 \(lambda_runtime\), but this is python3"):
        rendered(world, world.machine(), session, lambda_runtime="python3.10")


def test_a_record_that_is_broken_is_named(world: World, session: boto3.Session) -> None:
    path = world.machine() / ".chalice/deployed/dev.json"
    path.parent.mkdir()
    path.write_text("{")

    with pytest.raises(DeployError, match=r"deployed/dev\.json is not JSON"):
        rendered(world, world.machine(), session)
