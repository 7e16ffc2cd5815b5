"""Compares a year of daily schedules in travelled time with APScheduler's: `python -m benchmarks travelled_year`.

The local cloud's scheduler delivers to a target that only notes the invocation. APScheduler calls a job that only
counts, on its default pool of threads or in its own thread, and its loop travels with time-machine instead of waiting.
Both wait for the jobs of an instant before time moves on. Each call travels one more year.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import time_machine

from benchmarks.measure import Goal, Measured, Row, cpu_time
from local.scheduler.testing import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BEGIN = datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)
YEAR = timedelta(days=365)
EXECUTORS = {"APScheduler": "pool:ThreadPoolExecutor", "APScheduler in one thread": "debug:DebugExecutor"}


def rows(rounds: int, number: int = 50, shortest: float = 0.005) -> list[Row]:
    """Raises RuntimeError if a year has not one firing per schedule and day."""
    what = f"{number:,} schedules, {365 * number:,} firings"
    with ExitStack() as open_until_measured:
        peers = {
            name: open_until_measured.enter_context(apscheduler_years(number, executor))
            for name, executor in EXECUTORS.items()
            if find_spec("apscheduler")
        }
        ours = open_until_measured.enter_context(our_years(number))
        measured = cpu_time(what, ours, peers, rounds, shortest)
    return [_in_seconds(measured)]


@contextmanager
def our_years(number: int) -> Iterator[Callable[[], None]]:
    """A call advances the clock of `number` daily schedules by one more year."""
    with stage(BEGIN) as on:
        for each in range(number):
            on.create(Name=f"daily-{each}", ScheduleExpression=f"cron({each % 60} {each // 60 % 24} * * ? *)")
        end = BEGIN

        def travel() -> None:
            nonlocal end
            end += YEAR
            on.agenda.advance(end)
            _check(len(on.targets.invocations), number)
            on.targets.invocations.clear()

        yield travel


@contextmanager
def apscheduler_years(number: int, executor: str) -> Iterator[Callable[[], None]]:
    """The same for APScheduler, with the `module:class` of its executor."""
    scheduler = _travelling_scheduler(executor)
    ran: SimpleQueue[None] = SimpleQueue()
    trigger = import_module("apscheduler.triggers.cron").CronTrigger
    with time_machine.travel(BEGIN, tick=False):
        for each in range(number):
            daily = trigger(hour=each // 60 % 24, minute=each % 60, timezone=UTC)
            scheduler.add_job(ran.put, daily, args=[None])
        scheduler.start(paused=True)
    end = BEGIN

    def travel() -> None:
        nonlocal end
        begin, end = end, end + YEAR
        scheduler.travel(begin, end)
        _check(ran.qsize(), number)
        while not ran.empty():
            ran.get()

    try:
        yield travel
    finally:
        scheduler.shutdown()


def _travelling_scheduler(executor: str) -> Any:
    base = import_module("apscheduler.schedulers.base")
    events = import_module("apscheduler.events")
    module, _, name = executor.partition(":")

    class Travelling(base.BaseScheduler):  # type: ignore[misc, name-defined]
        """Like BlockingScheduler, whose loop waits for the seconds that `_process_jobs` returns."""

        def __init__(self) -> None:
            super().__init__(
                executors={"default": getattr(import_module(f"apscheduler.executors.{module}"), name)()}, timezone=UTC
            )
            self.submitted = 0
            self.ended: SimpleQueue[object] = SimpleQueue()
            self.add_listener(self.count, events.EVENT_JOB_SUBMITTED)
            self.add_listener(self.ended.put, events.EVENT_JOB_EXECUTED)

        def count(self, _: object) -> None:
            self.submitted += 1

        def travel(self, begin: datetime, end: datetime) -> None:
            with time_machine.travel(begin, tick=False) as traveller:
                self.state = base.STATE_RUNNING
                now = begin.timestamp()
                while now <= end.timestamp():
                    traveller.move_to(now)
                    now += self._process_jobs()
                    for _ in range(self.submitted):
                        self.ended.get()
                    self.submitted = 0

        def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - APScheduler's signature
            super().shutdown(wait)

        def wakeup(self) -> None:
            """The loop does not wait."""

    return Travelling()


def _check(firings: int, number: int) -> None:
    if firings != 365 * number:
        raise RuntimeError(f"{firings} firings of {number} daily schedules in 365 days")


def _in_seconds(measured: Measured) -> Row:
    peers = {name: tuple(each / 1e6 for each in samples) for name, samples in measured.peers.items()}
    seconds = Measured(measured.what, tuple(each / 1e6 for each in measured.ours), peers)
    return Row("a travelled year of daily schedules, local cloud", "s of CPU", Goal("faster", 1.8), (seconds,))
