"""Delivers a firing to its target: payload, attempts, and a dead-letter message when they are used up."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from json import dumps
from random import Random
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from chalicelib.core.timing.instants import iso
from local.scheduler.engine import Firing
from local.scheduler.models import RetryPolicy, Schedule
from local.time.agenda import Agenda
from local.time.clock import Clock

_logger = logging.getLogger(__name__)
_random = Random()  # noqa: S311 - no secrets, and the system's would switch threads at each one of a burst

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)
_KEYWORD = "<aws.scheduler."  # begins each keyword that is replaced in an input
_LARGEST_MESSAGE = 262_144  # bytes of an SQS message, attributes included


@dataclass(frozen=True)
class Invocation:
    """One attempt to deliver a payload. Each attempt has its own `execution_id`; `attempt` counts from 1."""

    schedule_arn: str
    scheduled_time: datetime
    execution_id: str
    attempt: int
    payload: str
    target_arn: str
    role_arn: str
    parameters: Mapping[str, Any]
    region: str
    account: str


class TargetError(Exception):
    """The target refused an invocation. `retryable`: another attempt may succeed."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.retryable = code, message, retryable


class Targets(Protocol):
    def deliver(self, invocation: Invocation) -> None:
        """Invoke the target. Raises TargetError."""


class DeadLetters(Protocol):
    def send(self, invocation: Invocation, queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send a message about the invocation to the queue, as the role, with attributes of type String.

        Raises an exception if the queue refuses it.
        """


@dataclass(frozen=True)
class _Task:
    """A firing that is being delivered."""

    schedule: Schedule
    scheduled_time: datetime
    first_tried_at: datetime
    attempt: int
    ended: Callable[[], None]


class Delivery:
    """Attempts a delivery until the target accepts it or the retry policy is used up. Retries are agenda entries.

    An update or deletion of the schedule does not cancel its attempts: AWS gives no such promise (UG:troubleshooting).
    """

    def __init__(self, clock: Clock, agenda: Agenda, targets: Targets, dead_letters: DeadLetters) -> None:
        self._clock = clock
        self._agenda = agenda
        self._targets = targets
        self._dead_letters = dead_letters

    def begin(self, firing: Firing, ended: Callable[[], None]) -> None:
        """Make the first attempt now. `ended` is called after the last attempt, successful or not."""
        self._attempt(_Task(firing.schedule, firing.scheduled_time, self._clock.now(), 1, ended))

    def _attempt(self, task: _Task) -> None:
        invocation = _invocation(task)
        error = self._deliver(invocation)
        if error is None:
            task.ended()
        elif not error.retryable:
            self._give_up(task, invocation, error, None)
        else:
            self._retry_later(task, invocation, error)

    def _deliver(self, invocation: Invocation) -> TargetError | None:
        try:
            self._targets.deliver(invocation)
        except TargetError as error:
            return error
        except Exception:  # the service's own fault; it must not lose the occurrence
            _logger.exception("the delivery to %s failed", invocation.target_arn)
            return TargetError(
                "AWS.Scheduler.InternalServerError",
                "Unexpected error occurred while processing the request",
                retryable=True,
            )
        return None

    def _retry_later(self, task: _Task, invocation: Invocation, error: TargetError) -> None:
        next_try = self._clock.now() + _pause(task)
        used_up = _used_up(task.schedule.target.retry, task.attempt, next_try - task.first_tried_at)
        if used_up is None:
            self._agenda.call_at(next_try, partial(self._attempt, replace(task, attempt=task.attempt + 1)))
        else:
            self._give_up(task, invocation, error, used_up)

    def _give_up(self, task: _Task, invocation: Invocation, error: TargetError, used_up: str | None) -> None:
        _logger.warning("%s gave up on %s: %s", invocation.schedule_arn, invocation.target_arn, error)
        if queue_arn := task.schedule.target.dead_letter_arn:
            self._send_to_dead_letter_queue(queue_arn, invocation, error, used_up)
        task.ended()

    def _send_to_dead_letter_queue(
        self, queue_arn: str, invocation: Invocation, error: TargetError, used_up: str | None
    ) -> None:
        body, attributes = dead_letter(invocation, error, used_up)
        try:
            self._dead_letters.send(invocation, queue_arn, body, attributes)
        except Exception:  # on AWS a metric counts it, and the message is lost (UG:dlq)
            _logger.exception("the dead-letter message could not be sent to %s", queue_arn)


def dead_letter(invocation: Invocation, error: TargetError, used_up: str | None) -> tuple[str, dict[str, str]]:
    """Returns body and attributes as in AWS's message (UG:dlq). `used_up` names the exhausted condition, if any."""
    attributes = {
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message,
        "EXECUTION_ID": invocation.execution_id,
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(invocation.attempt - 1),
        "SCHEDULED_TIME": iso(invocation.scheduled_time),
        "SCHEDULE_ARN": invocation.schedule_arn,
        "TARGET_ARN": invocation.target_arn,
    }
    if used_up:
        attributes["EXHAUSTED_RETRY_CONDITION"] = used_up
    room = _LARGEST_MESSAGE - sum(len(f"{name}String{value}".encode()) for name, value in attributes.items())
    body = invocation.payload.encode()
    if len(body) <= room:
        return invocation.payload, attributes
    return body[:room].decode(errors="ignore"), {**attributes, "IS_PAYLOAD_TRUNCATED": "true"}


def _invocation(task: _Task) -> Invocation:
    schedule = task.schedule
    execution_id = f"{_random.getrandbits(64):016x}"
    return Invocation(
        schedule_arn=schedule.arn,
        scheduled_time=task.scheduled_time,
        execution_id=execution_id,
        attempt=task.attempt,
        payload=_payload(task, execution_id),
        target_arn=schedule.target.arn,
        role_arn=schedule.target.role_arn,
        parameters=schedule.target.parameters,
        region=schedule.home.region,
        account=schedule.home.account,
    )


def _payload(task: _Task, execution_id: str) -> str:
    if task.schedule.target.input is None:
        return _default_event(task.schedule, task.scheduled_time)
    if _KEYWORD not in task.schedule.target.input:
        return task.schedule.target.input
    values = {
        "schedule-arn": task.schedule.arn,
        "scheduled-time": iso(task.scheduled_time),
        "execution-id": execution_id,
        "attempt-number": str(task.attempt),
    }
    return re.sub(
        rf"{re.escape(_KEYWORD)}({'|'.join(values)})>", lambda token: values[token[1]], task.schedule.target.input
    )


def _default_event(schedule: Schedule, scheduled_time: datetime) -> str:
    """Returns the payload of a schedule without Input. `detail` is a string, as captured on AWS."""
    event = {
        "version": "0",
        "id": str(uuid5(NAMESPACE_URL, f"{schedule.arn} {iso(scheduled_time)}")),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": schedule.home.account,
        "time": iso(scheduled_time),
        "region": schedule.home.region,
        "resources": [schedule.arn],
        "detail": "{}",
    }
    return dumps(event)


def _pause(task: _Task) -> timedelta:
    """Returns the delay of the next attempt: doubles from one second to five minutes; half of it is stable jitter."""
    longest = min(_FIRST_PAUSE * (1 << min(task.attempt - 1, 16)), _LONGEST_PAUSE)
    digest = sha256(f"{task.schedule.arn} {task.scheduled_time.isoformat()} {task.attempt}".encode()).digest()
    return longest * (0.5 + digest[0] / 512)


def _used_up(policy: RetryPolicy, attempt: int, age_at_next_try: timedelta) -> str | None:
    """Returns the condition of the policy that forbids another attempt, or None."""
    if attempt > policy.maximum_retry_attempts:
        return "MaximumRetryAttempts"
    if age_at_next_try > policy.maximum_event_age:
        return "MaximumEventAgeInSeconds"
    return None
