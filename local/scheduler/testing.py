"""Test support for the scheduler and its users: fakes of its two ports, and boto3 without a network."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from local.scheduler.delivery import Invocation, TargetError
from local.scheduler.models import Home, Schedule
from local.scheduler.service import Lateness, Scheduler
from local.scheduler.validation import schedule_from
from local.time.agenda import Agenda
from local.time.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

HOME = Home(region="eu-central-1", account="123456789012")


@dataclass
class FakeTargets:
    """Raises `failures` first, one per attempt, then accepts all. `invocations` contains failed attempts, too."""

    clock: Clock
    failures: list[Exception] = field(default_factory=list)
    invocations: list[tuple[datetime, Invocation]] = field(default_factory=list)

    def deliver(self, invocation: Invocation) -> None:
        self.invocations.append((self.clock.now(), invocation))
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class FakeDeadLetters:
    """Keeps each message as (queue ARN, body, attributes)."""

    messages: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def send(self, invocation: Invocation, queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the port's signature
        self.messages.append((queue_arn, body, attributes))


@dataclass(frozen=True)
class Stage:
    """A scheduler with its clock, agenda and fakes. The clock is stopped until the first `agenda.advance`."""

    clock: Clock
    agenda: Agenda
    targets: FakeTargets
    dead_letters: FakeDeadLetters
    scheduler: Scheduler
    client: "EventBridgeSchedulerClient"

    def create(self, **members: Any) -> str:
        """CreateSchedule with `a_request(**members)`; returns the ARN."""
        return self.client.create_schedule(**a_request(**members))["ScheduleArn"]

    def names(self) -> list[str]:
        """Returns the names of the existing schedules."""
        return [summary["Name"] for summary in self.client.list_schedules()["Schedules"]]

    def attempts(self) -> list[tuple[datetime, datetime, int]]:
        """Returns (time, scheduled time, attempt) of each invocation, in order."""
        seen = self.targets.invocations
        return [(when, invocation.scheduled_time, invocation.attempt) for when, invocation in seen]


@contextmanager
def stage(now: datetime, lateness: Lateness = "none", workers: int = 16) -> Iterator[Stage]:
    clock = Clock()
    clock.stand_at(now)
    agenda = Agenda(clock, workers)
    targets, dead_letters = FakeTargets(clock), FakeDeadLetters()
    scheduler = Scheduler(clock, agenda, targets, dead_letters, lateness)
    try:
        yield Stage(clock, agenda, targets, dead_letters, scheduler, client(scheduler))
    finally:
        agenda.stop()


def a_request(**members: Any) -> dict[str, Any]:
    """CreateSchedule's parameters: a valid schedule on a Lambda function, with these members."""
    return {
        "Name": "s1",
        "ScheduleExpression": "at(2027-03-01T13:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": a_target(),
        **members,
    }


def a_target(**members: Any) -> dict[str, Any]:
    return {
        "Arn": "arn:aws:lambda:eu-central-1:123456789012:function:notify",
        "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
        "Input": "{}",
        **members,
    }


def a_schedule(now: datetime, **members: Any) -> Schedule:
    """The schedule that `a_request(**members)` makes at `now`."""
    return schedule_from(a_request(**members), HOME, now, created_at=now)


def a_refusal(*, retryable: bool = True) -> TargetError:
    """The error of a target that refuses an invocation."""
    return TargetError("TooManyRequestsException", "Rate exceeded", retryable=retryable)


def client(scheduler: Scheduler, *, checks_parameters: bool = True) -> "EventBridgeSchedulerClient":
    """A boto3 client whose requests `scheduler` answers in process; real are the signing, the wire and the parsing."""
    made = boto3.client(
        "scheduler",
        region_name=HOME.region,
        endpoint_url="http://localhost",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  the scheduler asks for none
        config=Config(parameter_validation=checks_parameters, retries={"total_max_attempts": 1}),
    )

    def answer(request: AWSPreparedRequest, **_: object) -> Any:
        return _answer(scheduler, request)

    made.meta.events.register("before-send", answer)
    return made


def _answer(scheduler: Scheduler, request: AWSPreparedRequest) -> AWSResponse:
    url = urlsplit(request.url)
    query = parse_qs(url.query, keep_blank_values=True)
    body = cast("bytes | None", request.body) or b""
    status, headers, content = scheduler.handle(
        request.method, url.path, query, body, region=HOME.region, account=HOME.account
    )
    return AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), _Raw(content))


class _Raw:
    """What AWSResponse reads its content from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterable[bytes]:
        return [self._content]
