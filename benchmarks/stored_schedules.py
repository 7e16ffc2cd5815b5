"""Measures the memory of each schedule that the local cloud stores: `python -m benchmarks stored_schedules`."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import TYPE_CHECKING

from benchmarks.measure import Goal, Measured, Row
from local.scheduler.service import Scheduler
from local.scheduler.testing import HOME, FakeDeadLetters, FakeTargets
from local.time.agenda import Agenda
from local.time.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

_KB = 1000
_EXPRESSIONS: dict[str, tuple[float, Callable[[int], str]]] = {
    "at": (1.5, lambda number: f"at(2199-06-{number % 30 + 1:02}T{number // 30 % 24:02}:{number % 60:02}:00)"),
    "cron": (2.0, lambda number: f"cron({number % 60} {number // 60 % 24} ? * MON-FRI *)"),
}
_TARGET = {
    "Arn": "arn:aws:lambda:eu-central-1:123456789012:function:tasks-notification-dev",
    "RoleArn": "arn:aws:iam::123456789012:role/tasks-scheduler-dev",
    "RetryPolicy": {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600},
    "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-central-1:123456789012:tasks-dead-letters-dev"},
}


def rows(rounds: int, stored: int = 2_000) -> list[Row]:
    """Of 100,000 it takes minutes to trace the allocations."""
    return [
        Row(
            f"memory of a stored `{kind}` schedule, of {stored:,}",
            "KB",
            Goal("amount", bound),
            (Measured(f"`{expression(0)}`", tuple(_kilobytes(expression, stored) for _ in range(rounds))),),
        )
        for kind, (bound, expression) in _EXPRESSIONS.items()
    ]


def _kilobytes(expression: Callable[[int], str], stored: int) -> float:
    """Returns the allocated KB for each schedule, with its place on the agenda."""
    clock = Clock()
    agenda = Agenda(clock)
    scheduler = Scheduler(clock, agenda, FakeTargets(clock), FakeDeadLetters())
    create(scheduler, "first", expression(0))  # loads the model of the service and the time zone
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(stored):
            create(scheduler, f"sched-{number:032x}", expression(number))
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / stored / _KB
    finally:
        tracemalloc.stop()


def create(scheduler: Scheduler, name: str, expression: str) -> None:
    body = {
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {**_TARGET, "Input": json.dumps({"user_id": "alice", "schedule_id": name})},
    }
    answer = scheduler.handle(
        "POST", f"/schedules/{name}", {}, json.dumps(body).encode(), region=HOME.region, account=HOME.account
    )
    if answer[0] != 200:  # noqa: PLR2004
        raise AssertionError(answer)
