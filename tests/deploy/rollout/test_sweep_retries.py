"""After `finish`, Lambda tries a sweep once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deploy.rollout.finish import finish
from tests.deploy.rollout.conftest import LOCATION

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from tests.deploy.rollout.conftest import World

SWEEP = "tasks-dev-sweep"


def chalice_deploys_with_a_sweeper(world: World, project: Path) -> None:
    """Chalice notes each function with its ARN."""
    world.chalice_deploys(project)
    arn = world.cloud.deploy(SWEEP, "def handle(event, context): pass")
    path = project / ".chalice/deployed/dev.json"
    record = json.loads(path.read_text())
    record["resources"].append({"name": "sweep", "resource_type": "lambda_function", "lambda_arn": arn})
    path.write_text(json.dumps(record))


def finished(world: World, project: Path, session: boto3.Session) -> list[str]:
    lines: list[str] = []
    finish("dev", project, world.outputs(), session, LOCATION, tell=lines.append)
    return lines


def config(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.cloud.client("lambda").get_function_event_invoke_config(FunctionName=SWEEP)
    return found


def test_a_sweep_that_crashes_is_not_repeated_and_one_that_waits_is_given_up(
    world: World, session: boto3.Session
) -> None:
    project = world.machine()
    chalice_deploys_with_a_sweeper(world, project)

    first, second = finished(world, project, session), finished(world, project, session)

    assert (config(world)["MaximumRetryAttempts"], config(world)["MaximumEventAgeInSeconds"]) == (0, 60)
    assert ["Lambda's retries of the sweep function: off" in lines for lines in (first, second)] == [True, False]


def test_what_somebody_changed_is_set_again(world: World, session: boto3.Session) -> None:
    project = world.machine()
    chalice_deploys_with_a_sweeper(world, project)
    world.cloud.client("lambda").put_function_event_invoke_config(FunctionName=SWEEP, MaximumRetryAttempts=2)

    finished(world, project, session)

    assert config(world)["MaximumRetryAttempts"] == 0


def test_an_app_without_a_sweeper_is_finished_as_well(world: World, session: boto3.Session) -> None:
    api_id = world.chalice_deploys(world.machine())

    lines = finished(world, world.machine(), session)

    assert lines[-1] == f"stage dev is deployed: REST API {api_id}"
