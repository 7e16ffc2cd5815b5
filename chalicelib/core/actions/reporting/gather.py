"""Reads the data of a report: one user's schedules and their runs in a period, within limits of size and time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ...model.schedule import Schedule, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from ...model.ports import Page, ScheduleRepository
    from ...model.run import Run
    from ..report_period import Period

Item = TypeVar("Item")

LATEST_DELIVERY = timedelta(days=1)
"""How long after an occurrence EventBridge may deliver it. Until then an ended schedule may get another run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one report: items per page, calls to the table, runs, and the time for reading.

    The function's 30 seconds must suffice for S3 and the email as well. A Query takes a few milliseconds.
    """

    page: int = 100
    calls: int = 500
    runs: int = 2000
    time: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Entry:
    """One schedule and its runs in the period, newest first."""

    schedule: Schedule
    runs: tuple[Run, ...]

    @property
    def results(self) -> Counter[str]:
        """Returns the number of runs by status."""
        return Counter(run.status.value for run in self.runs)


@dataclass(frozen=True, slots=True)
class Report:
    """The data of a report. `lacks_schedules`: not every schedule is in `entries`. `without_all_runs` is the number of
    entries that do not have all of their runs.
    """

    period: Period
    timezone: str
    entries: tuple[Entry, ...]
    lacks_schedules: bool = False
    without_all_runs: int = 0

    @property
    def is_cut(self) -> bool:
        """Returns whether the limits left out schedules or runs."""
        return self.lacks_schedules or self.without_all_runs > 0

    @property
    def results(self) -> Counter[str]:
        return Counter(run.status.value for entry in self.entries for run in entry.runs)


class Gathering:
    """Reads the data of one user's report of a period. Items that expire by `now` are left out.

    `clock` returns aware UTC. `limits.time` begins when this object is made.
    """

    def __init__(
        self,
        repository: ScheduleRepository,
        user_id: str,
        period: Period,
        *,
        now: datetime,
        clock: Callable[[], datetime],
        limits: Limits = Limits(),
    ) -> None:
        self._repository = repository
        self._user_id = user_id
        self._period = period
        self._now = now
        self._clock = clock
        self._limits = limits
        self._stop_at = clock() + limits.time
        self._calls = 0
        self._found = 0
        self._is_cut = False

    def report(self, timezone: str) -> Report:
        """Returns the data. Raises StoreUnavailable if the table cannot be read."""
        # A list may contain a schedule twice if its next run changes between two pages.
        schedules = {schedule.schedule_id: schedule for schedule in self._schedules()}
        lacks_schedules = self._is_cut
        entries, cut = [], 0
        for schedule in schedules.values():
            self._is_cut = False
            entries.append(Entry(schedule, tuple(self._runs(schedule))))
            cut += self._is_cut
        return Report(self._period, timezone, tuple(entries), lacks_schedules, cut)

    def _schedules(self) -> Iterator[Schedule]:
        """Yields the schedules that may have runs in the period or after it, active ones first."""
        for status in Status:
            for schedule in self._all(partial(self._repository.list_by_user, self._user_id, status)):
                if self._concerns(schedule):
                    yield schedule

    def _concerns(self, schedule: Schedule) -> bool:
        if schedule.created_at >= self._period.end or schedule.is_expired(self._now):
            return False
        last_run_at = schedule.last_run.scheduled_time if schedule.last_run else schedule.updated_at
        ended_at = max(schedule.updated_at, last_run_at)
        return schedule.status.is_live or ended_at >= self._period.start - LATEST_DELIVERY

    def _runs(self, schedule: Schedule) -> Iterator[Run]:
        """Yields the runs in the period. The list is newest first, so reading ends at the period's start."""
        for run in self._all(partial(self._repository.list_runs, self._user_id, schedule.schedule_id)):
            if run.scheduled_time < self._period.start:
                return
            if run.scheduled_time in self._period and not run.is_expired(self._now):
                if self._found == self._limits.runs:
                    self._is_cut = True
                    return
                self._found += 1
                yield run

    def _all(self, list_page: Callable[..., Page[Item]]) -> Iterator[Item]:
        cursor: str | None = None
        while self._may_ask():
            page = list_page(limit=self._limits.page, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _may_ask(self) -> bool:
        self._calls += 1
        may_ask = self._calls <= self._limits.calls and self._clock() < self._stop_at
        self._is_cut |= not may_ask
        return may_ask
