"""Measures a page of ListSchedules in the local cloud, among few and many: `python -m benchmarks listed_schedules`."""

from __future__ import annotations

from time import process_time
from typing import Any

from benchmarks.measure import Goal, Measured, Row
from benchmarks.stored_schedules import create
from local.scheduler.service import Scheduler
from local.scheduler.testing import HOME, FakeDeadLetters, FakeTargets
from local.time.agenda import Agenda
from local.time.clock import Clock

_PAGE = {"MaxResults": "100"}


def rows(rounds: int, numbers: tuple[int, ...] = (100, 100_000)) -> list[Row]:
    """The result is the median of the measurements, which are equal if the time does not grow with the number."""
    measured = tuple(_pages(number, rounds) for number in numbers)
    return [Row("page of 100 schedules, local cloud", "ms of CPU", Goal("amount", 20), measured)]


def _pages(number: int, rounds: int) -> Measured:
    clock = Clock()
    scheduler = Scheduler(clock, Agenda(clock), FakeTargets(clock), FakeDeadLetters())
    for each in range(number):
        create(scheduler, f"sched-{each:032x}", "at(2199-06-01T00:00:00)")
    return Measured(f"among {number:,}", tuple(_milliseconds(scheduler) for _ in range(rounds)))


def _milliseconds(scheduler: Scheduler) -> float:
    query: dict[str, Any] = {**_PAGE}
    begin = process_time()
    status, _, _ = scheduler.handle("GET", "/schedules", query, b"", region=HOME.region, account=HOME.account)
    took = process_time() - begin
    if status != 200:  # noqa: PLR2004
        raise AssertionError(status)
    return took * 1000
