"""Reads the data of a report: one user's schedules and their runs in a period, within limits of size and time.

The lists of failed and missed runs are read first, so that other runs cannot use up the limits before them.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, TypeVar

from ...frozen import Frozen
from ...model.run import Run, RunStatus
from ...model.schedule import Schedule, Status
from ...timing.instants import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from ...model.ports import Page, ScheduleRepository
    from ..report_period import Period

Item = TypeVar("Item")

FAILURES = (RunStatus.FAILED, RunStatus.MISSED)

LATEST_DELIVERY = timedelta(days=1)
"""How long after an occurrence EventBridge may deliver it. Until then an ended schedule may get another run."""


class Limits(Frozen):
    """Limits of one report: items per page, calls to the table, runs, and the time for reading.

    The function's 30 seconds must suffice for S3 and the email as well. A Query takes a few milliseconds.
    """

    page: int = 100
    calls: int = 500
    runs: int = 2000
    time: timedelta = timedelta(seconds=10)


DEFAULT_LIMITS = Limits()


class Entry(Frozen):
    """One schedule and its runs in the period, newest first.

    `schedule` is None if it was not read: then `runs` are only failed and missed runs.
    """

    schedule: Schedule | None
    runs: tuple[Run, ...]

    @property
    def results(self) -> Counter[str]:
        """Returns the number of runs by status."""
        return Counter(run.status.value for run in self.runs)


class Report(Frozen):
    """The data of a report.

    `lacks_failures`: not every failed and missed run is in `entries`. `lacks_schedules`: not every schedule is.
    `without_all_runs` is the number of entries that do not have all of their runs.
    """

    period: Period
    timezone: str
    entries: tuple[Entry, ...]
    lacks_schedules: bool = False
    without_all_runs: int = 0
    lacks_failures: bool = False

    @property
    def is_cut(self) -> bool:
        """Returns whether the limits left out schedules or runs."""
        return self.lacks_failures or self.lacks_schedules or self.without_all_runs > 0

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        return tuple(entry.schedule for entry in self.entries if entry.schedule is not None)

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
        limits: Limits = DEFAULT_LIMITS,
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
        failures = self._failures()
        lacks_failures, self._is_cut = self._is_cut, False
        # A list may contain a schedule twice if its next run changes between two pages.
        schedules = {schedule.schedule_id: schedule for schedule in self._schedules()}
        lacks_schedules = self._is_cut
        entries, cut = [], 0
        for schedule in schedules.values():
            self._is_cut = False
            known = failures.pop(schedule.schedule_id, {})
            runs = self._runs(schedule, known)
            if runs or self._is_cut or not _hides_its_end(schedule):
                entries.append(Entry(schedule, runs))
            cut += self._is_cut
        entries += [Entry(None, _newest_first(left.values())) for left in failures.values()]
        return Report(self._period, timezone, tuple(entries), lacks_schedules, cut, lacks_failures)

    def _failures(self) -> dict[str, dict[str, Run]]:
        """Returns the latest failed and missed runs, by schedule and run id."""
        failed = [run for status in FAILURES for run in islice(self._listed(status), self._limits.runs + 1)]
        self._is_cut |= len(failed) > self._limits.runs
        found: dict[str, dict[str, Run]] = {}
        for run in _newest_first(failed)[: self._limits.runs]:
            found.setdefault(run.schedule_id, {})[run.run_id] = run
            self._found += 1
        return found

    def _listed(self, status: RunStatus) -> Iterator[Run]:
        period = self._period
        of = partial(self._repository.list_runs_of_user, self._user_id, status, since=period.start, until=period.end)
        return (run for run in self._all(of) if self._is_included(run))

    def _schedules(self) -> Iterator[Schedule]:
        """Yields the schedules that may have runs in the period or after it, active ones first."""
        for status in Status:
            for schedule in self._all(partial(self._repository.list_by_user, self._user_id, status)):
                if self._concerns(schedule):
                    yield schedule

    def _concerns(self, schedule: Schedule) -> bool:
        if schedule.created_at >= self._period.end or schedule.is_expired(self._now):
            return False
        if schedule.status.is_live or _hides_its_end(schedule):
            return True
        last_run_at = schedule.last_run.scheduled_time if schedule.last_run else schedule.updated_at
        # The last run is the one that ended last: that of a one-time schedule may be a "run now" before its time.
        occurrence = schedule.timing.next_occurrence(EPOCH) if schedule.timing.is_one_time else None
        ended_at = max(schedule.updated_at, last_run_at, occurrence or last_run_at)
        return ended_at >= self._period.start - LATEST_DELIVERY

    def _runs(self, schedule: Schedule, failures: Mapping[str, Run]) -> tuple[Run, ...]:
        """Returns the runs in the period. `failures` are counted already; the schedule's own list is newer."""
        found = dict(failures)
        for run in self._of_period(schedule):
            if run.run_id not in failures:
                if self._found == self._limits.runs:
                    self._is_cut = True
                    break
                self._found += 1
            found[run.run_id] = run
        return _newest_first(found.values())

    def _of_period(self, schedule: Schedule) -> Iterator[Run]:
        """Yields the schedule's runs in the period. The list is newest first, so reading ends at the period's start."""
        runs = self._all(partial(self._repository.list_runs, self._user_id, schedule.schedule_id))
        return filter(self._is_included, takewhile(lambda run: run.scheduled_time >= self._period.start, runs))

    def _is_included(self, run: Run) -> bool:
        return run.scheduled_time in self._period and not run.is_expired(self._now)

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


def _hides_its_end(schedule: Schedule) -> bool:
    """Returns whether only the runs show when the schedule ended: a recurring one that completed.

    Its record has the run that ended last. After a redrive, that is not the latest one.
    """
    return schedule.status is Status.COMPLETED and not schedule.timing.is_one_time


def _newest_first(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(sorted(runs, key=lambda run: run.scheduled_time, reverse=True))
