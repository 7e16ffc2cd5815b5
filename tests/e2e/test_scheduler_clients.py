"""Other people's clients against the local EventBridge Scheduler: Terraform's provider, and the AWS CLI."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from deploy.terraform.mirror import find_mirror
from deploy.terraform.provision import CLI_CONFIGURATION, cli_configuration, terraform_in
from tests.e2e.aws import client, command_line, role_for_schedules

if TYPE_CHECKING:
    from deploy.terraform.adapter import Terraform
    from local.app.stack import Stack

pytestmark = pytest.mark.e2e

CONFIGURATIONS = Path(__file__).with_name("terraform")


@pytest.fixture(scope="module")
def role(stack: Stack) -> str:
    """The stack's own may be assumed for its own group only."""
    return role_for_schedules(stack, "schedules-of-others", invokes=stack.outputs["notification_lambda_arn"])


def started(stack: Stack, directory: Path, role: str) -> Terraform:
    """Terraform with its provider in `directory`, which is made."""
    directory.mkdir()
    shutil.copy(CONFIGURATIONS / "provider.tf", directory)
    (directory / CLI_CONFIGURATION).write_text(cli_configuration(find_mirror(os.environ)))
    variables = {
        "function": stack.outputs["notification_lambda_arn"],
        "role": role,
        "queue": stack.outputs["delivery_dead_letter_queue_arn"],
        "start": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}",
    }
    (directory / "terraform.tfvars.json").write_text(json.dumps(variables))
    terraform = terraform_in(directory, environment=stack.environment)
    terraform.init()
    return terraform


def schedule_now(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = client(stack, "scheduler").get_schedule(
        GroupName="made-by-terraform", Name="monday.morning"
    )
    return found


@pytest.mark.long
def test_terraform_creates_updates_imports_and_destroys_with_nothing_left_to_change(
    stack: Stack, tmp_path: Path, role: str
) -> None:
    terraform = started(stack, tmp_path / "maker", role)
    shutil.copy(CONFIGURATIONS / "full.tf", tmp_path / "maker" / "schedule.tf")
    terraform.apply()
    assert terraform.plan() == ""
    assert schedule_now(stack)["Target"]["Input"] == '{"at": "<aws.scheduler.scheduled-time>"}'
    assert schedule_now(stack)["State"] == "DISABLED"

    shutil.copy(CONFIGURATIONS / "least.tf", tmp_path / "maker" / "schedule.tf")
    terraform.apply()
    assert terraform.plan() == ""
    assert schedule_now(stack)["State"] == "ENABLED"
    assert not {"Description", "StartDate", "EndDate"} & schedule_now(stack).keys()

    heir = started(stack, tmp_path / "heir", role)
    shutil.copy(CONFIGURATIONS / "least.tf", tmp_path / "heir")
    shutil.copy(CONFIGURATIONS / "imports.tf", tmp_path / "heir")
    assert "2 to import, 0 to add, 0 to change, 0 to destroy" in heir.plan()
    heir.apply()
    assert heir.plan() == ""

    heir.destroy()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        schedule_now(stack)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client(stack, "scheduler").get_schedule_group(Name="made-by-terraform")


@pytest.mark.long
def test_the_aws_cli_drives_each_operation(stack: Stack, role: str) -> None:
    arns = {"Arn": stack.outputs["notification_lambda_arn"], "RoleArn": role}
    where = ("--group-name", "by-hand", "--name", "typed")
    what = (*where, "--flexible-time-window", "Mode=OFF", "--target", json.dumps(arns))

    def scheduler(*arguments: str) -> Any:
        return command_line(stack, "scheduler", *arguments)

    group = scheduler("create-schedule-group", "--name", "by-hand", "--tags", "Key=Team,Value=ops")["ScheduleGroupArn"]
    assert scheduler("get-schedule-group", "--name", "by-hand")["State"] == "ACTIVE"
    assert names(scheduler("list-schedule-groups", "--name-prefix", "by-")["ScheduleGroups"]) == ["by-hand"]

    scheduler("tag-resource", "--resource-arn", group, "--tags", "Key=Cost,Value=42")
    scheduler("untag-resource", "--resource-arn", group, "--tag-keys", "Team")
    assert scheduler("list-tags-for-resource", "--resource-arn", group)["Tags"] == [{"Key": "Cost", "Value": "42"}]

    made = scheduler("create-schedule", *what, "--schedule-expression", "rate(1 hours)")
    assert made["ScheduleArn"] == f"{group.replace(':schedule-group/', ':schedule/')}/typed"
    scheduler("update-schedule", *what, "--schedule-expression", "cron(0 9 ? * MON *)")
    assert scheduler("get-schedule", *where)["ScheduleExpression"] == "cron(0 9 ? * MON *)"
    assert names(scheduler("list-schedules", "--group-name", "by-hand")["Schedules"]) == ["typed"]

    scheduler("delete-schedule", *where)
    assert scheduler("list-schedules", "--group-name", "by-hand")["Schedules"] == []
    scheduler("delete-schedule-group", "--name", "by-hand")
    assert "by-hand" not in names(scheduler("list-schedule-groups")["ScheduleGroups"])


def names(found: list[dict[str, Any]]) -> list[str]:
    return [one["Name"] for one in found]
