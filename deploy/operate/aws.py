"""Turns errors of AWS and of this service into errors for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from chalicelib.core.errors import ScheduledTasksError
from deploy.errors import DeployError

REMEDIES: dict[type[BaseException], str] = {
    NoCredentialsError: ". Log in (aws sso login, or aws configure), or set AWS_PROFILE.",
    NoRegionError: " For example: export AWS_DEFAULT_REGION=eu-central-1",
}
"""Advice that is added to the text of an error of botocore."""


def session_of_shell() -> boto3.Session:
    """Returns a session with the shell's profile. Raises DeployError if the profile cannot be read."""
    with as_deploy_errors():
        return boto3.Session()


@contextmanager
def as_deploy_errors() -> Iterator[None]:
    """Raises DeployError, with AWS's text, for an error of AWS or of this service."""
    try:
        yield
    except (BotoCoreError, ClientError, ScheduledTasksError) as exc:
        cause = exc.__cause__ or exc
        raise DeployError(f"{cause}{REMEDIES.get(type(cause), '')}") from exc
