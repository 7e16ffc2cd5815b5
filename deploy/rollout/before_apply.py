"""What can be known before `terraform apply`: whether this shell is set to the stage's account and Region, and whether
the account has room for the stage's concurrency.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.build.lambda_platform import lambda_platform
from deploy.operate.aws import as_deploy_errors
from deploy.rollout.concurrency import check_concurrency
from deploy.rollout.target import Target, check_python, check_target
from deploy.terraform.backend import stage_setting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import boto3

USUAL_PROJECT = "scheduled-tasks"
"""As terraform/variables.tf has it."""


def check(stage: str, folder: Path, environment: Mapping[str, str], session: boto3.Session) -> str | None:
    """What is worth a warning. `folder`: Terraform's; `environment`: has TF_VAR_….

    Raises DeployError.
    """

    def setting(name: str) -> str | None:
        return stage_setting(name, stage, folder, environment)

    check_python(lambda_platform(setting).runtime)
    region = setting("region")
    check_target(Target(region or session.region_name or "", setting("account_id")), stage, session)
    most = setting("max_concurrency")
    function = f"{setting('project') or USUAL_PROJECT}-notification-{stage}"
    with as_deploy_errors():
        return check_concurrency(int(most) if most else None, function, session.client("lambda"))
