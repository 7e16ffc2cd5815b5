"""How fast failed runs are started again when much failed at once: `python -m benchmarks.retries [MB of memory]`.

Real threads, the sweeper as it is deployed, and fakes whose every call takes what AWS takes to answer, and what boto3
takes to compute on Lambda's share of a processor. One sweep of 40 s; nothing is carried out, only started. There is a
sweep each minute, so what one starts is the pace.
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
"""Of the sweep function (.chalice/config.json)."""

ROUNDS = 3
RUNS = 20_000
RUNS_OF_A_SCHEDULE = 10
SWEEP = timedelta(seconds=40)

MB_OF_A_PROCESSOR = 1769
"""Lambda gives a function one vCPU at this memory, and of it in proportion (Developer Guide, configuration-memory)."""

SECONDS_OF_A_CALL = {"repository": 0.008, "starter": 0.020, "gateway": 0.030}
"""What DynamoDB and Lambda's asynchronous Invoke take from within the Region."""

CALLS_OF = {"repository.acquire_lease": 2}
"""A watched item is read and then moved; all other methods are one call."""


class Slow(Faults):
    """Each call computes, while no other one does, and then takes its time, while the others go on."""

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
    """Finds what is due in a shard without a look at every item; a query of the table does no more."""

    def due(self, shard: int, until: datetime, *, limit: int, cursor: str | None) -> Page[Watch]:
        self._query_takes_its_time()
        found = self._watches(shard, until)
        start = int(cursor or 0)
        return Page(found[start : start + limit], str(start + limit) if len(found) > start + limit else None)

    def index(self) -> None:
        """Sorts what is stored: a sweep goes over what stood there when it began."""
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
    print(f"boto3 computes {cpu * 1000:.2f} ms a call on this machine, and has {memory:,} of {MB_OF_A_PROCESSOR:,} MB")
    print(f"{RUNS:,} failed runs are due: {started:,.0f} started in a sweep of {SWEEP.seconds} s")
    print(f"{per_minute:,.0f} a minute while it sweeps, {calls:.1f} calls per start (medians of {ROUNDS})")


def sweep(runs: int, computing: float) -> tuple[int, float, float]:
    """How many were started in one sweep, how many seconds it took, and how many calls each start cost."""
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
    """So many runs have failed and are due for their next attempt."""
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
