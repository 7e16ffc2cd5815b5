"""Errors of AWS and of this service, as one that the operator reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.errors import ScheduledTasksError
from deploy.errors import DeployError


@contextmanager
def as_deploy_errors() -> Iterator[None]:
    """Raises DeployError with the text of what AWS answered."""
    try:
        yield
    except (BotoCoreError, ClientError, ScheduledTasksError) as exc:
        raise DeployError(f"{exc.__cause__ or exc}") from exc
