"""Measures how fast failed runs are retried after many failures: `python -m benchmarks.retries [MB of memory]`.

The sweeper and its threads are the deployed ones. Each call of a fake takes the response time of AWS, plus boto3's CPU
time on Lambda's share of a processor. One sweep of 40 s starts runs but does not do their work. There is one sweep a
minute, so the runs started in one sweep are the rate per minute.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from threading import Lock
from typing import TYPE_CHECKING

from benchmarks.botocore_cpu import seconds_of_a_call
from chalicelib.core.dynamodb import items
from chalicelib.core.model import ids
from chalicelib.core.model.ports import Page, Watch
from chalicelib.core.model.run import Attempt, Run, RunStatus
from chalicelib.core.model.schedule import Action
from chalicelib.core.timing.instants import iso
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import FakeGateway, FakeStarter, Faults, InMemoryRepository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.model.schedule import Schedule

MEMORY = 1769
"""The memory of the sweep function in MB (.chalice/config.json)."""

ROUNDS = 3
RUNS = 20_000
RUNS_OF_A_SCHEDULE = 10
SWEEP = timedelta(seconds=40)

MB_OF_A_PROCESSOR = 1769
"""At this memory a function has one vCPU; CPU is proportional to memory (Developer Guide, configuration-memory)."""

SECONDS_OF_A_CALL = {"repository": 0.008, "starter": 0.020, "gateway": 0.030}
"""Response times of the services from within the Region: DynamoDB, Lambda's asynchronous Invoke, EventBridge."""

CALLS_OF = {"repository.acquire_lease": 2}
"""`acquire_lease` reads the item and then updates it. Every other method makes one call."""


class Slow(Faults):
    """Delays each call: first by its CPU time, one call at a time, then by its response time, in parallel."""

    def __init__(self, computing: float) -> None:
        super().__init__()
        self.made = 0
        self._computing = computing
        self._processor = Lock()

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        calls = CALLS_OF.get(call, 1)
        self.made += calls
        with self._processor:
            time.sleep(calls * self._computing)
        time.sleep(calls * SECONDS_OF_A_CALL[call.partition(".")[0]])
        yield


class SortedRepository(InMemoryRepository):
    """Finds due items by an index per shard, as a query of the table does, not by a scan of all items."""

    def due(self, shard: int, until: datetime, *, limit: int, cursor: str | None) -> Page[Watch]:
        self._query_takes_its_time()
        found = self._watches(shard, until)
        start = int(cursor or 0)
        return Page(found[start : start + limit], str(start + limit) if len(found) > start + limit else None)

    def index(self) -> None:
        """Builds the index. Call it before the sweep, which then reads the items of this moment."""
        self._by_shard: dict[str, list[Watch]] = {}
        for item in sorted(self.items.values(), key=lambda item: item.get("watch_at", "")):
            if "watch_at" in item:
                self._by_shard.setdefault(item["watch_pk"], []).append(Watch(item["PK"], item["SK"], item["watch_at"]))

    def _query_takes_its_time(self) -> None:
        with self.faults.around("repository.due"):
            return

    def _watches(self, shard: int, until: datetime) -> list[Watch]:
        return [watch for watch in self._by_shard.get(ids.watch_shard_pk(shard), []) if watch.at <= iso(until)]


def main() -> None:
    memory = int(sys.argv[1]) if len(sys.argv) > 1 else MEMORY
    cpu = mean(seconds_of_a_call().values())
    rounds = [sweep(RUNS, cpu * max(1, MB_OF_A_PROCESSOR / memory)) for _ in range(ROUNDS)]
    started = median(started for started, _, _ in rounds)
    per_minute = median(started / seconds * 60 for started, seconds, _ in rounds)
    calls = median(calls for _, _, calls in rounds)
    print(f"boto3 needs {cpu * 1000:.2f} ms of CPU per call on this machine; memory is {memory:,} MB")
    print(f"{RUNS:,} failed runs are due: {started:,.0f} started in a sweep of {SWEEP.seconds} s")
    print(f"{per_minute:,.0f} per minute of sweeping, {calls:.1f} calls per start (medians of {ROUNDS})")


def sweep(runs: int, computing: float) -> tuple[int, float, float]:
    """Returns the runs started in one sweep, the sweep's seconds, and the calls per started run."""
    faults = Faults()
    repository, starter = SortedRepository(faults), FakeStarter(faults)
    gateway = FakeGateway(faults)
    service = SchedulerService(repository, gateway, starter)
    fail(service, repository, runs)
    repository.index()
    slow = repository.faults = starter.faults = Slow(computing)
    begin = time.perf_counter()
    Sweeper(repository, gateway, starter).sweep(stop_at=datetime.now(UTC) + SWEEP)
    seconds = time.perf_counter() - begin
    return len(starter.events), seconds, slow.made / len(starter.events)


def fail(service: SchedulerService, repository: InMemoryRepository, runs: int) -> None:
    """Stores this number of failed runs whose next attempt is due."""
    mail = Action("email", {"to": ["a@example.com"], "subject": "Hello", "text": "It is time."})
    for user in range(runs // RUNS_OF_A_SCHEDULE):
        schedule = service.create_recurring(user_id=f"user-{user}", rate="1 hour", action=mail)
        for number in range(RUNS_OF_A_SCHEDULE):
            item = items.run_item(failed(schedule, number))
            repository.items[item["PK"], item["SK"]] = item


def failed(schedule: Schedule, number: int) -> Run:
    at = schedule.created_at.replace(microsecond=0) + timedelta(minutes=number - 60)
    run = Run(
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        scheduled_time=at,
        delivered_for=at,
        status=RunStatus.RUNNING,
        revision=schedule.revision,
        action_type=schedule.action_type,
        claim_id="claim",
        lease_until=at,
        attempts=(Attempt(at),),
        tries=1,
    )
    return replace(run.to_be_retried(at, error="SES ThrottlingException", next_attempt_at=at))


if __name__ == "__main__":
    main()
