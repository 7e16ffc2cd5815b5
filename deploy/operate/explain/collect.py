"""Why a schedule did not run: all that table, EventBridge, the function and both dead-letter queues say of it.

Nothing is changed. Messages of the queues are looked at and made visible again, never deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from chalicelib.aws.eventbridge import SchedulerNames
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model import ids
from chalicelib.scheduling.retention import USUAL
from deploy.operate.aws import as_deploy_errors
from deploy.operate.clock import clock_of
from deploy.operate.explain.dead_letters import about, look_into
from deploy.operate.explain.differences import differences
from deploy.operate.explain.facts import ExistingItem, Facts
from deploy.operate.explain.page import explanation
from deploy.operate.hold import PATIENCE, VARIABLE
from deploy.operate.reconcile import stage_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient

    from chalicelib.core.model.ports import ScheduleRepository
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.core.model.span import Span
    from deploy.operate.explain.facts import DeadLetterMessage

LATEST_RUNS = 10

WORK_QUEUE_URL = "WORK_DEAD_LETTER_QUEUE_URL"
"""Variable of the Notification Lambda (notification/settings.py)."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Of the services that are asked, beside the table."""

    scheduler: EventBridgeSchedulerClient
    function: LambdaClient
    queues: SQSClient


class Explainer:
    """Asks for all there is to know. `clock` gives aware UTC."""

    def __init__(
        self,
        stage: str,
        repository: ScheduleRepository,
        clients: Clients,
        names: SchedulerNames,
        clock: Callable[[], datetime],
        *,
        event_age: timedelta = USUAL.event_age,
    ) -> None:
        self._stage = stage
        self._repository = repository
        self._clients = clients
        self._names = names
        self._clock = clock
        self._event_age = event_age

    def facts(self, user_id: str, schedule_id: str) -> Facts:
        """The table and EventBridge must answer; what else cannot be read is told as such."""
        now = self._clock()
        record = self._record(user_id, schedule_id, now)
        spans = self._repository.list_spans(user_id, schedule_id)
        variables, function_unread = self._function()
        delivery, looked_at_delivery = self._dead_letters("delivery", self._delivery_url, user_id, schedule_id)
        work, looked_at_work = self._dead_letters("work", lambda: variables.get(WORK_QUEUE_URL), user_id, schedule_id)
        return Facts(
            stage=self._stage,
            user_id=user_id,
            schedule_id=schedule_id,
            now=now,
            record=record,
            existing=self._existing(user_id, schedule_id, record, now),
            runs=self._runs(user_id, schedule_id, record, spans, now),
            spans=spans,
            dead_letters=sorted([*delivery, *work], key=lambda message: message.sent_at, reverse=True),
            hold=variables.get(VARIABLE) or None,
            event_age=self._event_age,
            function_unread=function_unread,
            looked_at=(looked_at_delivery, looked_at_work),
        )

    # The table

    def _record(self, user_id: str, schedule_id: str, now: datetime) -> Schedule | None:
        record = self._repository.get(user_id, schedule_id)
        return None if record is None or record.is_expired(now) else record

    def _runs(
        self, user_id: str, schedule_id: str, record: Schedule | None, spans: Sequence[Span], now: datetime
    ) -> list[Run]:
        """The latest ones, and those that the schedule and its spans wait for, however long ago that was."""
        runs = list(self._repository.list_runs(user_id, schedule_id, limit=LATEST_RUNS, cursor=None).items)
        first = {span.since for span in spans}
        if record is not None and record.first_due is not None:
            first.add(record.first_due)
        for at in sorted(first - {run.scheduled_time for run in runs}):
            awaited = self._repository.get_run(user_id, schedule_id, ids.run_id(user_id, schedule_id, at))
            runs += [awaited] if awaited else []
        return [run for run in runs if not run.is_expired(now)]

    # EventBridge

    def _existing(self, user_id: str, schedule_id: str, record: Schedule | None, now: datetime) -> ExistingItem | None:
        client = self._clients.scheduler
        try:
            found = client.get_schedule(GroupName=self._names.group, Name=ids.scheduler_name(user_id, schedule_id))
        except client.exceptions.ResourceNotFoundException:
            return None
        action = self._repository.get_action(record) if record is not None and record.status.is_live else None
        if record is None or action is None:
            return ExistingItem(found["State"])
        return ExistingItem(found["State"], dict(differences(found, record, action, self._names, now)))

    # The function and the queues

    def _function(self) -> tuple[Mapping[str, str], str | None]:
        """Its environment, and why that cannot be read."""
        try:
            found = self._clients.function.get_function_configuration(FunctionName=self._names.target_arn)
        except ClientError as exc:
            return {}, str(exc)
        return found.get("Environment", {}).get("Variables", {}), None

    def _delivery_url(self) -> str:
        name = self._names.dead_letter_arn.rpartition(":")[2]
        return self._clients.queues.get_queue_url(QueueName=name)["QueueUrl"]

    def _dead_letters(
        self, queue: str, find_url: Callable[[], str | None], user_id: str, schedule_id: str
    ) -> tuple[list[DeadLetterMessage], str]:
        """Those about the schedule, and how many were looked at."""
        try:
            url = find_url()
            if url is None:
                return [], f"{queue} queue: the Notification Lambda does not say which it is"
            look = look_into(self._clients.queues, url)
        except ClientError as exc:
            return [], f"{queue} queue: not looked at: {exc}"
        found = list(about(look.messages, queue, user_id, schedule_id))
        return found, f"{queue} queue: {len(found)} about this schedule; {look}"


def explain(explainer: Explainer, user_id: str, schedule_id: str, write: Callable[[str], None] = print) -> bool:
    """Returns whether the table or EventBridge has the schedule. Raises DeployError."""
    with as_deploy_errors():
        found = explainer.facts(user_id, schedule_id)
    for line in explanation(found):
        # Errors and reasons are other people's texts: nothing of them may steer the terminal.
        write("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line))
    return found.record is not None or found.existing is not None


def explainer_of(stage: str, project: Path) -> Explainer:
    """For the stage as `render` wrote it into the app in `project`, with boto3's own credentials and Region.

    Raises DeployError.
    """
    variables = stage_variables(stage, project)
    names = SchedulerNames(
        group=variables["SCHEDULER_GROUP_NAME"],
        role_arn=variables["SCHEDULER_ROLE_ARN"],
        target_arn=variables["NOTIFICATION_LAMBDA_ARN"],
        dead_letter_arn=variables["DELIVERY_DEAD_LETTER_QUEUE_ARN"],
    )
    with as_deploy_errors():
        repository = DynamoRepository(boto3.client("dynamodb", config=PATIENCE), variables["TABLE_NAME"])
        clients = Clients(
            scheduler=boto3.client("scheduler", config=PATIENCE),
            function=boto3.client("lambda", config=PATIENCE),
            queues=boto3.client("sqs", config=PATIENCE),
        )
        event_age = timedelta(seconds=int(variables["EVENT_AGE_SECONDS"]))
        clock = clock_of(clients.scheduler.meta.endpoint_url)
        return Explainer(stage, repository, clients, names, clock=clock, event_age=event_age)
