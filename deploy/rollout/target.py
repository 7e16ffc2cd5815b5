"""Compares the stage's account, Region and Python with those of this shell before anything is changed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

RUNNING = f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Target:
    """Where a stage is. `account`: None if it is not known."""

    region: str
    account: str | None
    partition: str = "aws"


def target_of(outputs: Mapping[str, str]) -> Target:
    """Returns the target in Terraform's outputs: that of the Notification Lambda's ARN."""
    _, partition, _, region, account, *_ = outputs["notification_lambda_arn"].split(":")
    return Target(region, account, partition)


def check_target(target: Target, stage: str, session: boto3.Session) -> str:
    """Returns the account. Raises DeployError unless the session's Region and credentials are those of the stage."""
    if session.region_name != target.region:
        raise DeployError(
            f"Stage {stage} is in {target.region}, and this shell is set to {session.region_name or 'no Region'}. "
            f"Nothing was changed. Set it: export AWS_DEFAULT_REGION={target.region}"
        )
    with as_deploy_errors():
        account: str = session.client("sts").get_caller_identity()["Account"]
    if target.account not in (None, account):
        raise DeployError(
            f"Stage {stage} is in account {target.account}, and this shell's credentials are for account {account}. "
            "Nothing was changed. Use credentials of the stage's account, for example: export AWS_PROFILE=NAME"
        )
    return account


def check_python(runtime: str, running: str = RUNNING) -> None:
    """Raises DeployError if this Python is not that of the stage's functions. `runtime`: such as python3.11.

    Chalice gives the API the runtime of the Python that runs it, with packages for that runtime.
    """
    if runtime != running:
        raise DeployError(
            f"The stage's functions run on {runtime} (lambda_runtime), but this is {running}. Nothing was changed. "
            f"Make .venv again with {runtime}: rm -r .venv, then make with PYTHON={runtime}."
        )
