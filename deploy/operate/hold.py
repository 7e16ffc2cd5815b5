"""The operator's switch: all runs are held until they are let go, say while a mail provider is down.

The switch is an environment variable of the Notification Lambda, so the guard reads it at no cost, and every invocation
that begins after `hold` has returned sees it. Terraform leaves that variable alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.core.aws_errors import error_code
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.job import JobKind
from chalicelib.scheduling.jobs import new_job
from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors
from deploy.operate.clock import clock_of
from deploy.operate.reconcile import stage_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

    from chalicelib.core.model.job import Job
    from chalicelib.core.model.ports import ScheduleRepository

VARIABLE = "HOLD"
LONGEST_REASON = 200
PATIENCE = Config(retries={"mode": "standard", "total_max_attempts": 5})


class Switch:
    """The hold of one stage. `function` is the Notification Lambda's name or ARN; `clock` gives aware UTC."""

    def __init__(
        self, client: LambdaClient, function: str, repository: ScheduleRepository, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._function = function
        self._repository = repository
        self._clock = clock

    @property
    def reason(self) -> str | None:
        """Why runs are held; None if they are not."""
        return self._variables(self._configuration()).get(VARIABLE)

    def hold(self, reason: str) -> None:
        """Every run that begins from now on is recorded as held. Raises DeployError if another reason is set."""
        self._set(reason)

    def release(self, *, per_minute: int) -> Job:
        """Runs begin again, and those that were held are done by the sweeper, `per_minute`."""
        self._set(None)
        job = new_job(JobKind.RELEASE, None, self._clock(), per_minute=per_minute)
        self._repository.save_job(job, replacing=None)
        return job

    def _set(self, reason: str | None) -> None:
        """Back when the function has it. Raises DeployError if somebody else changes the function meanwhile."""
        found = self._configuration()
        variables = self._variables(found)
        existing = variables.get(VARIABLE)
        if existing == reason:
            return
        if existing and reason:
            raise DeployError(f"All runs are held already. The reason is kept: {existing}")
        others = {name: value for name, value in variables.items() if name != VARIABLE}
        changed = others | ({VARIABLE: reason} if reason else {})
        # The revision keeps two changes apart on AWS; the local cloud's function has none.
        revision = found.get("RevisionId")
        unchanged: Any = {"RevisionId": revision} if revision else {}
        self._client.update_function_configuration(
            FunctionName=self._function, Environment={"Variables": changed}, **unchanged
        )
        self._client.get_waiter("function_updated_v2").wait(FunctionName=self._function)

    def _configuration(self) -> FunctionConfigurationResponseTypeDef:
        return self._client.get_function_configuration(FunctionName=self._function)

    def _variables(self, found: FunctionConfigurationResponseTypeDef) -> Mapping[str, str]:
        return found["Environment"]["Variables"]


def hold(switch: Switch, reason: str, write: Callable[[str], None] = print) -> None:
    """Raises DeployError."""
    if not reason.isprintable() or not 0 < len(reason) <= LONGEST_REASON:
        raise DeployError(f"A reason is one line of 1 to {LONGEST_REASON} characters: people read it in each held run.")
    with _translated():
        switch.hold(reason)
    write(f"All runs are held from now on: {reason}")
    write("EventBridge goes on firing; what it fires is recorded as held. Let go with python -m deploy release.")


def release(switch: Switch, per_minute: int, write: Callable[[str], None] = print) -> None:
    """Raises DeployError."""
    with _translated():
        job = switch.release(per_minute=per_minute)
    write("Runs begin again.")
    write(f"Those that were held are done from the next minute on, {per_minute} a minute: job {job.job_id}")


def switch_of(stage: str, project: Path) -> Switch:
    """For the stage as `render` wrote it into the app in `project`, with boto3's own credentials and Region.

    Raises DeployError.
    """
    names = stage_variables(stage, project)
    with _translated():
        repository = DynamoRepository(boto3.client("dynamodb", config=PATIENCE), names["TABLE_NAME"])
        client = boto3.client("lambda", config=PATIENCE)
        return Switch(client, names["NOTIFICATION_LAMBDA_ARN"], repository, clock_of(client.meta.endpoint_url))


@contextmanager
def _translated() -> Iterator[None]:
    with as_deploy_errors():
        try:
            yield
        except ClientError as exc:
            if error_code(exc) not in ("PreconditionFailedException", "ResourceConflictException"):
                raise
            raise DeployError("Somebody else is changing the function at this moment: try again.") from exc
