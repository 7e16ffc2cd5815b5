"""Measures batches of creates when each call to AWS takes 20 ms: `python -m benchmarks batches`.

Beside `SchedulerService.create_many` a loop with boto3 that makes the same calls one after the other. Both wait most of
the time, so the wall clock is measured. The loop is timed for one batch: ten take ten times as long.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import boto3

from benchmarks.answers import OTHER, endpoint
from benchmarks.api_requests import ACTION, Recording
from benchmarks.measure import Goal, Measured, Row
from chalicelib.aws.eventbridge import EventBridgeGateway, SchedulerNames
from chalicelib.composition import PATIENCE
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.errors import ScheduledTasksError
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeStarter

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Samples

SECONDS_A_CALL = 0.02
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BATCH = 100


def rows(rounds: int, size: int = BATCH, batches: tuple[int, ...] = (1, 10)) -> list[Row]:
    with endpoint({OTHER: {"ScheduleArn": "arn"}}, after_seconds=SECONDS_A_CALL) as url:
        session = boto3.Session("key", "secret", region_name="eu-central-1")
        make: Any = session.client
        clients = [make(name, endpoint_url=url, config=PATIENCE) for name in ("dynamodb", "scheduler")]
        calls: list[Any] = []
        _create(_service([Recording(client, calls) for client in clients]), 1, size)
        service = _service(clients)

        def in_a_row() -> None:
            for client, name, arguments in calls:
                getattr(client, name)(**arguments)

        timed = [
            (_seconds(in_a_row), *(_seconds(partial(_create, service, number, size)) for number in batches))
            for _ in range(rounds)
        ]
        loop, *ours = zip(*timed, strict=True)
        return [_row(number, size, of, loop) for number, of in zip(batches, ours, strict=True)]


def _row(number: int, size: int, ours: Samples, loop: Samples) -> Row:
    peer = tuple(seconds * number for seconds in loop)
    what = f"{number * size:,} creates in {number} batch{'es' if number > 1 else ''}, 20 ms a call"
    measured = Measured("`create_many`", ours, {"boto3, one call at a time": peer})
    why = "ten creates at once wait for calls; the CPU time of ten threads is taken one after the other"
    return Row(what, "s", Goal("faster", 6), (measured,), why)


def _service(clients: list[Any]) -> SchedulerService:
    names = SchedulerNames("group", "arn:role", "arn:lambda", "arn:queue")
    repository, gateway = DynamoRepository(clients[0], "schedules"), EventBridgeGateway(clients[1], names)
    return SchedulerService(repository, gateway, FakeStarter(), clock=lambda: NOW, most_live=1_000_000)


def _create(service: SchedulerService, batches: int, size: int) -> None:
    request = {"timing": {"after": "P3D"}, "action": ACTION}
    for _ in range(batches):
        made = service.create_many("alice", [request] * size)
        if failed := [each for each in made if isinstance(each, ScheduledTasksError)]:
            raise failed[0]


def _seconds(work: Callable[[], object]) -> float:
    begin = monotonic()
    work()
    return monotonic() - begin
