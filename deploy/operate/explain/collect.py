"""Reads the facts about one schedule from table, EventBridge, function and dead-letter queues; changes nothing."""

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
from deploy.operate.explain.dead_letters import dead_letters
from deploy.operate.explain.differences import differences
from deploy.operate.explain.facts import DeadLetterMessage, ExistingItem, Facts
from deploy.operate.explain.page import explanation
from deploy.operate.hold import PATIENCE, VARIABLE
from deploy.operate.reconcile import stage_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient

    from chalicelib.core.model.ports import ScheduleRepository
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.core.model.span import Span

LATEST_RUNS = 10

WORK_QUEUE_URL = "WORK_DEAD_LETTER_QUEUE_URL"
"""Variable of the Notification Lambda (notification/settings.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Collects the facts of one schedule. `clock` returns aware UTC."""

    stage: str
    repository: ScheduleRepository
    scheduler: EventBridgeSchedulerClient
    function: LambdaClient
    queues: SQSClient
    names: SchedulerNames
    clock: Callable[[], datetime]
    event_age: timedelta = USUAL.event_age

    def facts(self, user_id: str, schedule_id: str) -> Facts:
        """Returns the facts. The function and the queues may be unreadable: the facts then say so.

        Raises the clients' errors if the table or EventBridge cannot be read.
        """
        now = self.clock()
        found = self.repository.get(user_id, schedule_id)
        record = None if found is None or found.is_expired(now) else found
        spans = self.repository.list_spans(user_id, schedule_id)
        variables, function_unread = self._function()
        urls = {"delivery": self._delivery_url, "work": lambda: variables.get(WORK_QUEUE_URL)}
        looks = [self._dead_letters(queue, url, user_id, schedule_id) for queue, url in urls.items()]
        messages = [message for found, _ in looks for message in found]
        return Facts(
            stage=self.stage,
            user_id=user_id,
            schedule_id=schedule_id,
            now=now,
            record=record,
            existing=self._existing(user_id, schedule_id, record, now),
            runs=[run for run in self._runs(user_id, schedule_id, record, spans) if not run.is_expired(now)],
            spans=spans,
            dead_letters=sorted(messages, key=lambda message: message.sent_at, reverse=True),
            hold=variables.get(VARIABLE) or None,
            event_age=self.event_age,
            function_unread=function_unread,
            looked_at=[looked_at for _, looked_at in looks],
        )

    def _runs(self, user_id: str, schedule_id: str, record: Schedule | None, spans: Sequence[Span]) -> Iterator[Run]:
        """Yields the latest runs, and those that the schedule and its spans wait for, even if they are older."""
        latest = list(self.repository.list_runs(user_id, schedule_id, limit=LATEST_RUNS, cursor=None).items)
        yield from latest
        awaited = {span.since for span in spans} | ({record.first_due} if record and record.first_due else set())
        for at in sorted(awaited - {run.scheduled_time for run in latest}):
            if run := self.repository.get_run(user_id, schedule_id, ids.run_id(user_id, schedule_id, at)):
                yield run

    def _existing(self, user_id: str, schedule_id: str, record: Schedule | None, now: datetime) -> ExistingItem | None:
        name = ids.scheduler_name(user_id, schedule_id)
        try:
            found = self.scheduler.get_schedule(GroupName=self.names.group, Name=name)
        except self.scheduler.exceptions.ResourceNotFoundException:
            return None
        action = self.repository.get_action(record) if record is not None and record.status.is_live else None
        if record is None or action is None:
            return ExistingItem(found["State"])
        return ExistingItem(found["State"], dict(differences(found, record, action, self.names, now)))

    def _function(self) -> tuple[Mapping[str, str], str | None]:
        """Returns the Notification Lambda's environment, and why it cannot be read, or None."""
        try:
            found = self.function.get_function_configuration(FunctionName=self.names.target_arn)
        except ClientError as exc:
            return {}, str(exc)
        return found.get("Environment", {}).get("Variables", {}), None

    def _delivery_url(self) -> str:
        return self.queues.get_queue_url(QueueName=self.names.dead_letter_arn.rpartition(":")[2])["QueueUrl"]

    def _dead_letters(
        self, queue: str, find_url: Callable[[], str | None], user_id: str, schedule_id: str
    ) -> tuple[list[DeadLetterMessage], str]:
        try:
            if url := find_url():
                return dead_letters(self.queues, queue, url, user_id, schedule_id)
        except ClientError as exc:
            return [], f"{queue} queue: not read: {exc}"
        return [], f"{queue} queue: not read: the Notification Lambda has no {WORK_QUEUE_URL}"


def explain(explainer: Explainer, user_id: str, schedule_id: str, write: Callable[[str], None] = print) -> bool:
    """Prints the explanation. Returns whether the table or EventBridge has the schedule.

    Raises DeployError if the table or EventBridge cannot be read.
    """
    with as_deploy_errors():
        facts = explainer.facts(user_id, schedule_id)
    for line in explanation(facts):
        # Errors and reasons come from users and providers: their control characters must not reach the terminal.
        write("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line))
    return facts.record is not None or facts.existing is not None


def explainer_of(stage: str, project: Path) -> Explainer:
    """Returns an explainer for the stage that `render` wrote into the app in `project`, with boto3's own credentials.

    Raises DeployError if the stage was never rendered, or the credentials or the Region are missing.
    """
    variables = stage_variables(stage, project)
    with as_deploy_errors():
        scheduler = boto3.client("scheduler", config=PATIENCE)
        return Explainer(
            stage=stage,
            repository=DynamoRepository(boto3.client("dynamodb", config=PATIENCE), variables["TABLE_NAME"]),
            scheduler=scheduler,
            function=boto3.client("lambda", config=PATIENCE),
            queues=boto3.client("sqs", config=PATIENCE),
            names=SchedulerNames(
                group=variables["SCHEDULER_GROUP_NAME"],
                role_arn=variables["SCHEDULER_ROLE_ARN"],
                target_arn=variables["NOTIFICATION_LAMBDA_ARN"],
                dead_letter_arn=variables["DELIVERY_DEAD_LETTER_QUEUE_ARN"],
            ),
            clock=clock_of(scheduler.meta.endpoint_url),
            event_age=timedelta(seconds=int(variables["EVENT_AGE_SECONDS"])),
        )
