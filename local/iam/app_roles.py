"""The roles of the app's own functions under `make run`: made from the rendered policy, as `chalice deploy` makes them.

The API and the sweeper run under these roles, so they have exactly the permissions in .chalice/policy-{stage}.json.
"""

import json
import os
from pathlib import Path
from typing import Any

import boto3
from chalice.config import Config
from chalice.constants import LAMBDA_TRUST_POLICY

_LONGEST_SESSION_SECONDS = 43_200


def assume_role(config: Config, function: str) -> None:
    """Make the role of one of the app's functions, and set its credentials in this process's environment.

    Call it before the app is imported. Without a policy file it does nothing.
    """
    policy_file = config.scope(config.chalice_stage, function).iam_policy_file
    if policy_file is None:
        return
    policy = (Path(config.project_dir) / ".chalice" / policy_file).read_text()
    # Not boto3's default session, which would keep the credentials of this moment.
    session = boto3.Session()
    role_arn = _made(session.client("iam"), f"{config.app_name}-{config.chalice_stage}-{function}", policy)
    assumed = session.client("sts").assume_role(
        RoleArn=role_arn, RoleSessionName=function, DurationSeconds=_LONGEST_SESSION_SECONDS
    )
    credentials = assumed["Credentials"]
    os.environ["AWS_ACCESS_KEY_ID"] = credentials["AccessKeyId"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = credentials["SecretAccessKey"]
    os.environ["AWS_SESSION_TOKEN"] = credentials["SessionToken"]


def _made(iam: Any, name: str, policy: str) -> str:
    """Make the role, unless an earlier process of the app made it. Returns its ARN."""
    try:
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST_POLICY))["Role"]
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName=name)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy)
    arn: str = role["Arn"]
    return arn
