"""Measures the CPU time of a warm run of the Notification Lambda: `python -m benchmarks warm_run`.

The runs are those of a one-time schedule and of a cron schedule in Berlin, beside a bare handler that sends the same
two transactions. The action does nothing. A server in another process answers at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import thread_time
from typing import TYPE_CHECKING, Any, cast

import boto3

from benchmarks.answers import endpoint
from benchmarks.botocore_cpu import ANSWERS
from benchmarks.measure import Goal, Measured, Row
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.timing.instants import iso
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeGateway, FakeStarter, InMemoryRepository
from notification.action_api import REGISTERED, RegisteredAction
from notification.runner import Runner
from notification.settings import Settings
from notification.webhook_signer import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chalicelib.core.model.schedule import Schedule

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
SETTINGS = Settings(
    table_name="schedules",
    work_dead_letter_queue_url="",
    sender_address="",
    event_bus_name="",
    reports_bucket="",
    keep_runs=timedelta(days=30),
    webhook_master_secret_arn="",
    loopback_webhooks=False,
)
KINDS: Mapping[str, Mapping[str, Any]] = {
    "one-time": {"after": "P1D"},
    "cron in Berlin": {"cron": "0 9 ? * MON-FRI *", "timezone": "Europe/Berlin"},
}
WHY = (
    "boto3's two calls, which the bare handler makes too, take 80% of the time; the rest reads the event, decides, and "
    "converts the run and the schedule for the table"
)


def nothing(_run: object, _data: object) -> None:
    """Does nothing."""


@dataclass
class Recording:
    """A DynamoDB client that also notes the transactions it sends."""

    client: Any
    transactions: list[dict[str, Any]] = field(default_factory=list)

    def transact_write_items(self, **request: Any) -> Any:
        self.transactions.append(request)
        return self.client.transact_write_items(**request)


def rows(rounds: int, runs: int = 20) -> list[Row]:
    """Each round has `runs` runs of ours and of the peer, in turn."""
    REGISTERED["benchmark.nothing"] = RegisteredAction("benchmark.nothing", nothing, idempotent=False)
    try:
        with endpoint(ANSWERS) as url:
            client: Any = boto3.Session("key", "secret", region_name="eu-central-1").client(
                "dynamodb", endpoint_url=url
            )
            return [
                Row(
                    f"warm run, {kind}",
                    "µs of CPU",
                    Goal("dearer", 1.4),
                    (_compared(client, timing, rounds, runs),),
                    WHY,
                )
                for kind, timing in KINDS.items()
            ]
    finally:
        del REGISTERED["benchmark.nothing"]


def _compared(client: Any, timing: Mapping[str, Any], rounds: int, runs: int) -> Measured:
    # Each round has the same events, all of different schedules and times.
    deliveries = [_delivery(timing, NOON + day * timedelta(days=1)) for day in range(runs)]
    recording = Recording(client)
    _run(recording, deliveries[:1])
    first, second = recording.transactions

    def peer() -> None:
        client.transact_write_items(**first)
        client.transact_write_items(**second)

    def in_turn(delivery: tuple[dict[str, Any], datetime]) -> tuple[float, float]:
        # A slower moment of the machine slows both.
        return _microseconds(lambda: _run(client, [delivery])), _microseconds(peer)

    timed = [[sum(each) for each in zip(*map(in_turn, deliveries), strict=True)] for _ in range(rounds)]
    of_ours, of_peer = (tuple(each / runs for each in column) for column in zip(*timed, strict=True))
    return Measured("claim, no work, record", of_ours, {"bare handler": of_peer})


def _delivery(timing: Mapping[str, Any], created_at: datetime) -> tuple[dict[str, Any], datetime]:
    """Returns the event of the next occurrence of a new schedule with this timing, and its time."""
    gateway = FakeGateway()
    service = SchedulerService(InMemoryRepository(), gateway, FakeStarter(), clock=lambda: created_at)
    create: Callable[..., Schedule] = service.create_one_time if "after" in timing else service.create_recurring
    made = create(user_id="alice", action={"type": "benchmark.nothing"}, **timing)
    request, due = gateway.find("alice", made.schedule_id), cast("datetime", made.next_run_at)
    text = cast("dict[str, Any]", request)["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", iso(due))
    return json.loads(text), due


def _run(client: Any, deliveries: Sequence[tuple[dict[str, Any], datetime]]) -> None:
    unused: Any = None
    now = NOON
    repository = DynamoRepository(client, SETTINGS.table_name)
    runner = Runner(
        repository,
        unused,
        SETTINGS,
        aws=unused,
        signer=Signer(repository, unused, lambda: now),
        clock=lambda: now,
        new_id=lambda: "0" * 32,
    )
    for event, due in deliveries:
        now = due
        runner.handle(event, timedelta(seconds=30))


def _microseconds(work: Callable[[], object]) -> float:
    begin = thread_time()
    work()
    return (thread_time() - begin) * 1e6
