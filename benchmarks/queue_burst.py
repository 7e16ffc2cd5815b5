"""Measures the lateness of schedules that are due in the same second and send to SQS, in the local cloud.

`python -m benchmarks queue_burst`. The messages are read from the queue's own memory, so reading costs the cloud
nothing.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING

from moto.sqs.models import sqs_backends

from benchmarks.measure import Goal, Measured, Row
from local.environment import ACCOUNT
from local.testing import REGION, running_cloud

if TYPE_CHECKING:
    from local.testing import RunningCloud

MOST_SECONDS = 120
CREATES_A_SECOND = 50


def rows(rounds: int, number: int = 1_000) -> list[Row]:
    """Each round has a cloud of its own."""
    late = tuple(_latest(number) for _ in range(rounds))
    measured = Measured(f"the 99th percentile of {number:,}", late)
    return [Row(f"{number:,} due in one second, to SQS, local cloud", "ms late", Goal("amount", 250), (measured,))]


def _latest(number: int) -> float:
    with TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
        return burst(cloud, number)[number * 99 // 100 - 1]


def burst(cloud: RunningCloud, number: int) -> list[float]:
    """Returns how late each message was sent, in milliseconds, ascending.

    Raises RuntimeError if the machine is too slow to create the schedules before they are due, or if a message is
    missing or was sent twice.
    """
    queue = cloud.queue("burst")
    due = (cloud.clock.now() + timedelta(seconds=2 + number / CREATES_A_SECOND)).replace(microsecond=0)
    scheduler = cloud.client("scheduler")
    for each in range(number):
        scheduler.create_schedule(
            Name=f"burst-{each}",
            ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": queue, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any", "Input": str(each)},
        )
    seconds = (due - cloud.clock.now()).total_seconds()
    if seconds < 0:
        raise RuntimeError(f"the schedules were created {-seconds:.1f} s too late")
    sleep(seconds)
    messages = sqs_backends[ACCOUNT][REGION].queues["burst"]._messages  # noqa: SLF001 - moto has no other way
    deadline = monotonic() + MOST_SECONDS
    while len(messages) < number and monotonic() < deadline:
        sleep(0.05)
    if {message.body for message in messages} != set(map(str, range(number))) or len(messages) != number:
        raise RuntimeError(f"{len(messages)} messages of {number} schedules after {MOST_SECONDS} s")
    return sorted(message.sent_timestamp - due.timestamp() * 1000 for message in messages)  # type: ignore[operator]
