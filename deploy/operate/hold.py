"""The operator's switch: all runs are held until the release, for example while an email provider is down.

The switch is an environment variable of the Notification Lambda. Reading it costs no call, and every invocation that
begins after `hold` has returned sees it. Terraform ignores changes of this variable.
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
    """The hold of one stage. `function` is the Notification Lambda's name or ARN; `clock` returns aware UTC."""

    def __init__(
        self, client: LambdaClient, function: str, repository: ScheduleRepository, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._function = function
        self._repository = repository
        self._clock = clock

    @property
    def reason(self) -> str | None:
        """Returns why runs are held; None if they are not."""
        return self._variables(self._configuration()).get(VARIABLE)

    def hold(self, reason: str) -> None:
        """Hold every run that begins from now on. Raises DeployError if runs are held for another reason."""
        self._set(reason)

    def release(self, *, per_minute: int) -> Job:
        """End the hold. Returns the job with which the sweeper starts the held runs, `per_minute` of them."""
        self._set(None)
        job = new_job(JobKind.RELEASE, None, self._clock(), per_minute=per_minute)
        self._repository.save_job(job, replacing=None)
        return job

    def _set(self, reason: str | None) -> None:
        """Set the switch, or remove it if `reason` is None, and wait until the function has the change.

        Raises DeployError if runs are held for another reason.
        """
        found = self._configuration()
        variables = self._variables(found)
        existing = variables.get(VARIABLE)
        if existing == reason:
            return
        if existing and reason:
            raise DeployError(f"All runs are already held: {existing}. Release them first to change the reason.")
        others = {name: value for name, value in variables.items() if name != VARIABLE}
        changed = others | ({VARIABLE: reason} if reason else {})
        # AWS refuses the change if the revision has changed meanwhile. The local cloud's function has no revision.
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


def hold(switch: Switch, reason: str, *, stage: str, write: Callable[[str], None] = print) -> None:
    """Hold all runs of `stage`. Raises DeployError if the reason is unusable, another hold lasts, or AWS refuses."""
    if not reason.isprintable() or not 0 < len(reason) <= LONGEST_REASON:
        raise DeployError(f"--reason must be one line of 1 to {LONGEST_REASON} printable characters.")
    with _translated():
        switch.hold(reason)
    write(f"All runs are held from now on: {reason}")
    write("EventBridge still fires schedules; their runs are recorded as held.")
    write(f"To end the hold: python -m deploy release --stage {stage}")


def release(switch: Switch, per_minute: int, write: Callable[[str], None] = print) -> None:
    """End the hold. Raises DeployError if AWS refuses."""
    with _translated():
        job = switch.release(per_minute=per_minute)
    write("The hold has ended. Runs begin again.")
    write(f"From the next minute on, the sweeper starts {per_minute} held runs per minute: job {job.job_id}")


def switch_of(stage: str, project: Path) -> Switch:
    """Returns the switch of the stage that `render` wrote into the app in `project`, with boto3's default credentials.

    Raises DeployError if the stage was never rendered, or the credentials or the Region are missing.
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
            raise DeployError("Another process is changing the function at this moment: try again.") from exc
