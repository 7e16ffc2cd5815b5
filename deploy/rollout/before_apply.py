"""Checks before `terraform apply`: this shell's account and Region must be the stage's, and the account must have room
for the stage's concurrency.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deploy.build.lambda_platform import terraform_default
from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors
from deploy.rollout.concurrency import check_concurrency
from deploy.rollout.target import Target, check_target
from deploy.terraform.backend import stage_setting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import boto3


def check(stage: str, folder: Path, environment: Mapping[str, str], session: boto3.Session) -> list[str]:
    """Returns warnings. `folder`: Terraform's. `environment`: its TF_VAR_… are read.

    Raises DeployError if Region or account differ from the stage's, a setting cannot be read, or Lambda would refuse
    the concurrency.
    """

    def setting(name: str) -> str | None:
        return stage_setting(name, stage, folder, environment)

    expected = setting("account_id")
    account = check_target(Target(_region(setting("region"), stage, folder), expected), stage, session)
    most = _whole_number("max_concurrency", setting("max_concurrency"))
    function = f"{setting('project') or terraform_default('project')}-notification-{stage}"
    with as_deploy_errors():
        concurrency = check_concurrency(most, function, session.client("lambda"))
    return [warning for warning in (_unnamed_account(expected, account, stage), concurrency) if warning]


def _whole_number(name: str, value: str | None) -> int | None:
    """Returns the number, such as 14 for `14.0`. Raises DeployError if it is not a whole number."""
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]+(\.0*)?", value):
        raise DeployError(f"{name} is {value}, and must be a whole number.")
    return int(value.partition(".")[0])


def _region(region: str | None, stage: str, folder: Path) -> str:
    if region is None:
        raise DeployError(
            f'{folder / "envs" / stage}.tfvars has no line region = "…", and TF_VAR_region is not set, so this '
            "shell's Region cannot be compared with the stage's. Set one of them."
        )
    return region


def _unnamed_account(expected: str | None, account: str, stage: str) -> str | None:
    if expected is not None:
        return None
    return (
        f"account_id is not set for stage {stage}, so the account is not checked. This shell's account is {account}. "
        f'If this is the right one, write account_id = "{account}" into envs/{stage}.tfvars.'
    )
