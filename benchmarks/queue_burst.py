"""Measures the lateness of schedules that are due in the same second, in the local cloud.

`python -m benchmarks queue_burst`. The schedules are created and the messages are read in the cloud's own process, so
neither costs the cloud a request. A function has accepted an event when it is in Lambda's asynchronous queue.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from moto.sqs.models import sqs_backends

from benchmarks import ministack
from benchmarks.measure import Goal, Measured, Row
from local.environment import ACCOUNT
from local.testing import REGION, running_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Samples
    from local.testing import RunningCloud

MOST_SECONDS = 120
ADDS_A_SECOND = 2_500
FAR = datetime(2199, 6, 1, tzinfo=UTC)
FUNCTION = "no-op"
CODE = "def handle(event, context): print(event)"
FIRST = 1_000
MOST_ROUNDS = 2

Late = list[float]
"""How late each schedule was delivered, in milliseconds, ascending."""


def rows(
    rounds: int, number: int = 1_000, many: int = 10_000, stored: int = 100_000, *, with_peers: bool = True
) -> list[Row]:
    """At most two rounds have many schedules: the function needs a while to run all events.

    Each round of MiniStack is late by up to ten seconds by chance. The best one counts.
    """
    few_rounds = min(rounds, MOST_ROUNDS)
    few, many_to_queue = _to_queue(rounds, number), _to_queue(few_rounds, many)
    many_to_function = list(_to_function(few_rounds, many))
    empty, full = _beside_others(rounds, number, stored)
    peers, peers_of_many = _peers(few_rounds, number, many) if with_peers else ({}, {})
    return [
        Row(
            f"{number:,} due in one second, to SQS, local cloud",
            "ms late",
            Goal("amount", 250),
            (Measured(f"the 99th percentile of {number:,}", tuple(map(_percentile, few)), peers),),
        ),
        Row(
            f"{many:,} due in one second, local cloud",
            "ms late",
            Goal("amount", 5_000),
            (
                Measured("the last one, to SQS", tuple(late[-1] for late in many_to_queue), peers_of_many),
                Measured("the last one, to Lambda's queue", tuple(late[-1] for late in many_to_function)),
            ),
        ),
        Row(
            f"the first {FIRST:,} of {many:,} due in one second, local cloud",
            "ms late",
            Goal("amount", 250),
            (
                Measured("to SQS", tuple(late[:FIRST][-1] for late in many_to_queue)),
                Measured("to Lambda's queue", tuple(late[:FIRST][-1] for late in many_to_function)),
            ),
            "each firing takes about 0.2 ms of the one interpreter that all threads share",
        ),
        Row(
            f"{number:,} due in one second beside {stored:,} others, local cloud",
            "ms late",
            Goal("dearer", 1.25),
            (Measured("the 99th percentile", full, {"without the others": empty}),),
            "the lateness of a burst differs by more than this between two rounds",
        ),
    ]


def _percentile(late: Late) -> float:
    return late[len(late) * 99 // 100 - 1]


def _to_queue(rounds: int, number: int) -> list[Late]:
    """Each round has a cloud of its own."""
    found = []
    for _ in range(rounds):
        with TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
            found.append(burst_to_queue(cloud, number))
    return found


def _to_function(rounds: int, number: int) -> Iterator[Late]:
    for _ in range(rounds):
        with TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
            yield burst_to_function(cloud, number)


def _beside_others(rounds: int, number: int, stored: int) -> tuple[Samples, Samples]:
    """Returns the 99th percentiles in a cloud that stores no other schedules, and in the same cloud with them."""
    with TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
        empty = tuple(_percentile(burst_to_queue(cloud, number)) for _ in range(rounds))
        create(cloud, cloud.queue("others"), FAR, "other", stored)
        full = tuple(_percentile(burst_to_queue(cloud, number)) for _ in range(rounds))
    return empty, full


def _peers(rounds: int, number: int, many: int) -> tuple[dict[str, Samples], dict[str, Samples]]:
    """Returns the figures of the installed peers, for few and for many schedules."""
    few_of: dict[str, Samples] = {}
    many_of: dict[str, Samples] = {}
    if ministack.PROGRAM.exists():
        with ministack.running() as cloud:
            few_of["MiniStack"] = (min(_percentile(ministack.burst(cloud, number)) for _ in range(rounds)),)
            many_of["MiniStack"] = (ministack.burst(cloud, many)[-1],)
    with suppress(ImportError):
        many_of["APScheduler, which only appends to a list"] = tuple(in_process(many)[-1] for _ in range(rounds))
    return few_of, many_of


def create(cloud: RunningCloud, target: str, due: datetime, name: str, number: int) -> None:
    """Creates schedules whose inputs are the numbers from zero. Raises RuntimeError if one is refused."""
    for each in range(number):
        body = ministack.one_time(due, target, each)
        status, _, answer = cloud.scheduler.handle(
            "POST", f"/schedules/{name}-{each}", {}, json.dumps(body).encode(), region=REGION, account=ACCOUNT
        )
        if status != 200:  # noqa: PLR2004
            raise RuntimeError(answer)


def _create_due(cloud: RunningCloud, target: str, number: int) -> datetime:
    """Creates schedules while the cloud's clock is stopped. Returns when they are due by it: in a second."""
    due = (cloud.clock.now() + timedelta(seconds=2)).replace(microsecond=0)
    cloud.clock.stand_at(due - timedelta(seconds=1))
    create(cloud, target, due, "burst", number)
    cloud.clock.run_on()
    return due


def burst_to_queue(cloud: RunningCloud, number: int) -> Late:
    """Raises RuntimeError if a message is missing or was sent twice."""
    queue = cloud.queue("burst")
    queues = sqs_backends[ACCOUNT][REGION]
    due = _create_due(cloud, queue, number)
    due += datetime.now(UTC) - cloud.clock.now()  # moto has the real time
    messages = queues.queues["burst"]._messages  # noqa: SLF001 - moto has no other way
    deadline = monotonic() + MOST_SECONDS
    while len(messages) < number and monotonic() < deadline:
        sleep(0.05)
    _check([message.body for message in messages], number)
    late = sorted(float(str(message.sent_timestamp)) - due.timestamp() * 1000 for message in messages)
    queues.delete_queue("burst")
    return late


def burst_to_function(cloud: RunningCloud, number: int) -> Late:
    """Raises RuntimeError if an event is missing or was run twice."""
    function = cloud.deploy(FUNCTION, CODE)
    with urlopen(Request(f"{cloud.endpoint}/_local/calls", method="DELETE"), timeout=60):  # noqa: S310 - a loopback URL
        pass
    due = _create_due(cloud, function, number)
    deadline = monotonic() + MOST_SECONDS
    while len(_printed(cloud)) < number and monotonic() < deadline:
        sleep(0.2)
    _check(_printed(cloud), number)
    with urlopen(f"{cloud.endpoint}/_local/calls?operation=lambda:Invoke", timeout=60) as answer:  # noqa: S310
        calls = json.load(answer)["calls"]
    _check([str(each) for each in range(len(calls))], number)
    return sorted((datetime.fromisoformat(call["time"]) - due).total_seconds() * 1000 for call in calls)


def _printed(cloud: RunningCloud) -> list[str]:
    """Returns the inputs that the function has printed."""
    return [line for name, line in list(cloud.lines) if name == FUNCTION and line.isdigit()]


def _check(inputs: list[str], number: int) -> None:
    if sorted(map(int, inputs)) != list(range(number)):
        raise RuntimeError(f"{len(inputs)} deliveries, {len(set(inputs))} different ones, of {number} schedules")


def in_process(number: int) -> Late:
    """The same in APScheduler, without a cloud: a job appends the time to a list. Raises ImportError without it."""
    at: list[float] = []
    scheduler = import_module("apscheduler.schedulers.background").BackgroundScheduler(timezone=UTC)
    scheduler.start(paused=True)
    due = (datetime.now(UTC) + timedelta(seconds=2 + number / ADDS_A_SECOND)).replace(microsecond=0)
    for _ in range(number):
        scheduler.add_job(
            lambda: at.append(datetime.now(UTC).timestamp()), "date", run_date=due, misfire_grace_time=None
        )
    scheduler.resume()
    deadline = monotonic() + MOST_SECONDS
    while len(at) < number and monotonic() < deadline:
        sleep(0.05)
    scheduler.shutdown()
    if len(at) != number:
        raise RuntimeError(f"{len(at)} runs of {number} jobs")
    return sorted((each - due.timestamp()) * 1000 for each in at)
