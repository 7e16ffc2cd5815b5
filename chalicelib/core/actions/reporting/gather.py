"""What a report tells: one user's schedules, and their runs of a period. Reading only, and within bounds.

The lists of failed and missed runs are read first, so that no number of other runs uses up a report before them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, TypeVar

from ...model.run import Run, RunStatus
from ...model.schedule import Schedule, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from ...model.ports import Page, ScheduleRepository
    from ..report_period import Period

Item = TypeVar("Item")

FAILURES = (RunStatus.FAILED, RunStatus.MISSED)

LATEST_DELIVERY = timedelta(days=1)
"""How long after its time EventBridge may still deliver: so long may a schedule that has ended get a run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one report may read and hold, and how long it may read.

    A Query takes some milliseconds, and the function has 30 seconds, also for S3 and the mail.
    """

    page: int = 100
    calls: int = 500
    runs: int = 2000
    time: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Entry:
    """One schedule with its runs of the period, newest first. Without a schedule: the failures of one that is not in
    the lists that were read.
    """

    schedule: Schedule | None
    runs: tuple[Run, ...]

    @property
    def results(self) -> Counter[str]:
        """How many runs ended how."""
        return Counter(run.status.value for run in self.runs)


@dataclass(frozen=True, slots=True)
class Report:
    """`lacks_failures` says that there are more failed and missed runs, `lacks_schedules` that there are more schedules
    than `entries`; `without_all_runs` counts those entries that lack runs of the period.
    """

    period: Period
    timezone: str
    entries: tuple[Entry, ...]
    lacks_schedules: bool = False
    without_all_runs: int = 0
    lacks_failures: bool = False

    @property
    def is_cut(self) -> bool:
        """Was there more than a report holds, or more than could be read in its time?"""
        return self.lacks_failures or self.lacks_schedules or self.without_all_runs > 0

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        return tuple(entry.schedule for entry in self.entries if entry.schedule is not None)

    @property
    def results(self) -> Counter[str]:
        return Counter(run.status.value for entry in self.entries for run in entry.runs)


class Gathering:
    """Reads what one user's report of a period needs. `now` decides what has expired.

    `clock` gives aware UTC; `limits.time` counts from the first look at it.
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
        """Raises StoreUnavailable."""
        failures = self._failures()
        lacks_failures, self._is_cut = self._is_cut, False
        # A list may repeat a schedule whose next run moved meanwhile.
        schedules = {schedule.schedule_id: schedule for schedule in self._schedules()}
        lacks_schedules = self._is_cut
        entries, cut = [], 0
        for schedule in schedules.values():
            self._is_cut = False
            known = failures.pop(schedule.schedule_id, {})
            entries.append(Entry(schedule, self._runs(schedule, known)))
            cut += self._is_cut
        entries += [Entry(None, _newest_first(left.values())) for left in failures.values()]
        return Report(self._period, timezone, tuple(entries), lacks_schedules, cut, lacks_failures)

    def _failures(self) -> dict[str, dict[str, Run]]:
        """The latest failed and missed runs, by schedule and run id."""
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
        return (run for run in self._all(of) if self._is_told(run))

    def _schedules(self) -> Iterator[Schedule]:
        """Those that may have runs in the period or after it, what still fires first."""
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

    def _runs(self, schedule: Schedule, failures: Mapping[str, Run]) -> tuple[Run, ...]:
        """`failures` are the schedule's, which count already. What its own list says of them is newer."""
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
        """The list is newest first, so it ends where the period begins."""
        runs = self._all(partial(self._repository.list_runs, self._user_id, schedule.schedule_id))
        return filter(self._is_told, takewhile(lambda run: run.scheduled_time >= self._period.start, runs))

    def _is_told(self, run: Run) -> bool:
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


def _newest_first(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(sorted(runs, key=lambda run: run.scheduled_time, reverse=True))
