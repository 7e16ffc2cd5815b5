"""The whole in one process: the service, the fakes of both ports, EventBridge's firing, and the Lambda's runner."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.core.model.schedule import Action, Schedule
from chalicelib.core.timing.instants import iso
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import FakeGateway, FakeMaster, FakeStarter, Faults, InMemoryRepository, StoppedClock
from notification.dead_letters import DeadLetters
from notification.runner import Runner
from notification.settings import Settings
from notification.webhook_signer import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
EMAIL = Action("email", {"to": ["alice@example.com"], "subject": "Hello", "text": "It is time."})
SETTINGS = Settings(
    table_name="table",
    work_dead_letter_queue_url="https://queue",
    sender_address="tasks@example.com",
    event_bus_name="default",
    reports_bucket="reports",
    keep_runs=timedelta(days=90),
    webhook_master_secret_arn="arn",
    loopback_webhooks=True,
)


def throttled() -> ClientError:
    """A provider's clear no, for the moment."""
    response: Any = {"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}
    return ClientError(response, "SendEmail")


def refused() -> ClientError:
    """A provider's clear no, for good."""
    response: Any = {"Error": {"Code": "MessageRejected", "Message": "no"}}
    return ClientError(response, "SendEmail")


def no_answer() -> ReadTimeoutError:
    """Nobody knows whether the provider did it."""
    return ReadTimeoutError(endpoint_url="https://email")


@dataclass
class FakeAws:
    """Stands for SES, SNS, EventBridge, S3 and SQS: keeps each request, and raises what a test said it should.

    `error` stands until it is taken away, each one of `errors` is raised once. `faults` knows the calls to providers,
    such as `provider.send_email`.
    """

    faults: Faults = field(default_factory=Faults)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    error: BaseException | None = None
    errors: list[BaseException] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)

    def __call__(self, _service: str) -> FakeAws:
        return self

    def send_email(self, **request: Any) -> dict[str, Any]:
        return self._take("send_email", request)

    def publish(self, **request: Any) -> dict[str, Any]:
        return self._take("publish", request)

    def put_object(self, **request: Any) -> dict[str, Any]:
        return self._take("put_object", request)

    def generate_presigned_url(self, operation: str, Params: dict[str, Any], ExpiresIn: int) -> str:  # noqa: N803
        return f"https://{Params['Bucket']}/{Params['Key']}?{operation}&expires={ExpiresIn}"

    def put_events(self, **request: Any) -> dict[str, Any]:
        return self._take("put_events", request)

    def send_message(self, **request: Any) -> dict[str, Any]:
        with self.faults.around("provider.send_message"):
            self.requests.append(("send_message", request))
        return {}

    def _take(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        with self.faults.around(f"provider.{operation}"):
            if self.errors or self.error:
                raise self.errors.pop(0) if self.errors else self.error or AssertionError
            self.requests.append((operation, request))
        return self.answer

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [request for name, request in self.requests if name == operation]


class World:
    """Everything with one stopped clock. `fire` is EventBridge: it hands a schedule's Input to the Lambda."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.clock = StoppedClock(NOON)
        self.faults = faults or Faults()
        self.repository = InMemoryRepository(self.faults)
        self.gateway = self.a_gateway()
        self.starter = FakeStarter(self.faults)
        self.service = self.a_service()
        self.sweeper = self._a_sweeper()
        self.aws = FakeAws(self.faults)
        self.master = FakeMaster()
        self._claim_ids = count(1)
        self.runner = self.a_runner()

    def _a_sweeper(self) -> Sweeper:
        clock = self.clock_of("sweeper")
        return Sweeper(self.repository, self.gateway, self.starter, clock=clock, sleep=self.clock.sleep)

    def clock_of(self, process: str) -> Callable[[], datetime]:  # noqa: ARG002 - here all go by the same clock
        """What a process goes by: `api`, `sweeper` or `lambda`."""
        return self.clock

    def a_service(self) -> SchedulerService:
        """The API's process."""
        return SchedulerService(
            self.repository, self.gateway, self.starter, clock=self.clock_of("api"), sleep=self.clock.sleep
        )

    def a_runner(self, settings: Settings = SETTINGS) -> Runner:
        """One execution environment of the Lambda."""
        return Runner(
            self.repository,
            DeadLetters(lambda: self.aws, settings.work_dead_letter_queue_url),  # type: ignore[arg-type, return-value]
            settings,
            aws=self.aws,
            signer=Signer(self.repository, self.master, self.clock_of("lambda")),
            clock=self.clock_of("lambda"),
            new_id=lambda: f"claim-{next(self._claim_ids)}",
        )

    def hold(self, reason: str | None) -> None:
        """The operator's switch; None lets go."""
        self.runner = self.a_runner(replace(SETTINGS, hold=reason))

    def a_gateway(self) -> FakeGateway:
        """EventBridge as it stores; a world in which it fires by itself has one of its own."""
        return FakeGateway(self.faults)

    def a_schedule(self, **details: Any) -> Schedule:
        """A mail one minute from now, unless a test says otherwise."""
        return self.service.create_one_time(**{"user_id": "alice", "after": A_MINUTE, "action": EMAIL, **details})

    def event(self, schedule: Schedule, at: datetime | None = None) -> dict[str, Any]:
        """What EventBridge hands over for this schedule at this scheduled time."""
        request = self.gateway.find(schedule.user_id, schedule.schedule_id)
        assert request is not None
        scheduled_time = at or schedule.next_run_at
        assert scheduled_time is not None
        text = request["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", iso(scheduled_time))
        event: dict[str, Any] = json.loads(text)
        return event

    def fire(self, event: dict[str, Any], *, lateness: timedelta = timedelta(0)) -> None:
        """The Lambda gets the event at its scheduled time, or a while after it."""
        self.clock.now = datetime.fromisoformat(event["scheduled_time"]) + lateness
        self.runner.handle(event, timedelta(seconds=30))

    def mails(self) -> list[dict[str, Any]]:
        return self.aws.of("send_email")

    def events(self) -> list[dict[str, Any]]:
        return self.aws.of("put_events")

    def dead_letters(self) -> list[dict[str, Any]]:
        return [json.loads(message["MessageBody"]) for message in self.aws.of("send_message")]

    def runs(self, schedule: Schedule) -> list[Any]:
        return list(self.service.list_runs(schedule.user_id, schedule.schedule_id).items)


def run_id_of(mail: dict[str, Any]) -> str:
    """The run that sent this mail. SES takes no dot in a tag."""
    value: str = mail["EmailTags"][0]["Value"]
    return value.replace("_", ".")


def next_run(schedule: Schedule) -> datetime:
    """The occurrence it waits for; it must have one."""
    assert schedule.next_run_at is not None
    return schedule.next_run_at
