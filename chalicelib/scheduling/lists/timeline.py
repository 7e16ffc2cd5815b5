"""The timeline: the runs and the planned occurrences of a page of schedules in a window of time."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from ...core.errors import InvalidInput
from ...core.model.schedule import CLOCKS_DIFFER, Schedule
from .plans import plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...core.model.ports import Page, ScheduleRepository
    from ...core.model.run import Run

MOST_LANES = 20

MOST_MARKS = 200
"""The most runs and occurrences that a lane lists. A lane with more of them has counts."""

MOST_RUNS = 1000
"""The most runs of a lane that are read, in one query: the latest ones."""

SLICES = 60

LONGEST_WINDOW = timedelta(days=35)
"""A month with the days of its first and last week."""

FURTHEST_AHEAD = timedelta(days=366)
"""How long after now a window may begin. `max_runs` needs the number of all occurrences before the window."""

DEFAULT_BEFORE = timedelta(days=1)
DEFAULT_WINDOW = timedelta(days=2)

PLANNED = "planned"

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The time from `since` until before `until`, in whole seconds."""

    since: datetime
    until: datetime

    @classmethod
    def checked(cls, since: datetime | None, until: datetime | None, now: datetime) -> Window:
        """Returns the window. Raises InvalidInput if it is empty, too long, or too far ahead."""
        since = since or now.replace(microsecond=0) - DEFAULT_BEFORE
        if since > now + FURTHEST_AHEAD:
            raise InvalidInput.of("since", f"must be at most {FURTHEST_AHEAD.days} days ahead")
        until = until or since + DEFAULT_WINDOW
        if until <= since:
            raise InvalidInput.of("until", "must be after `since`")
        if until - since > LONGEST_WINDOW:
            raise InvalidInput.of("until", f"must be at most {LONGEST_WINDOW.days} days after `since`")
        return cls(since, until)

    def edges(self) -> list[datetime]:
        """Returns the bounds of up to SLICES equal slices of whole minutes, or of whole seconds in a short window.

        The last slice may be shorter.
        """
        unit = _MINUTE if self.until - self.since > SLICES * _MINUTE else _SECOND
        width = -((self.since - self.until) // (SLICES * unit)) * unit
        found = [self.since]
        while found[-1] < self.until:
            found.append(min(found[-1] + width, self.until))
        return found


@dataclass(frozen=True, slots=True)
class Slice:
    """The number of runs of each status, and of planned occurrences (`planned`), from `since` until before `until`."""

    since: datetime
    until: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Lane:
    """One schedule of a timeline.

    `runs` and `occurrences` are ascending. If there are more than MOST_MARKS, both are empty, and `slices` has their
    numbers, without empty slices; else `slices` is None. If `is_cut`, runs before `runs_from` are missing.
    """

    schedule: Schedule
    runs: Sequence[Run]
    occurrences: Sequence[datetime]
    slices: Sequence[Slice] | None
    is_cut: bool
    runs_from: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of lanes. `searched` is the number of schedules that were read and compared for it."""

    window: Window
    items: Sequence[Lane]
    next_cursor: str | None
    searched: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """Makes the lanes of a window. It reads the runs of a lane in one query of their keys' range."""

    repository: ScheduleRepository
    window: Window
    now: datetime
    keep_records: timedelta

    def may_have(self, schedule: Schedule) -> bool:
        """Returns whether the schedule may have a run or an occurrence in the window. It reads nothing."""
        return self._may_have_runs(schedule) or self._has_occurrences(schedule)

    def lane(self, schedule: Schedule) -> Lane | None:
        """Returns the lane, or None if the schedule has nothing in the window."""
        runs, is_cut = self._read_runs(schedule)
        plan = plan_of(schedule, {run.scheduled_time for run in runs}, since=self.window.since, now=self.now)
        planned = plan.listed(self.window.until, MOST_MARKS + 1) if plan else []
        if not runs and not planned:
            return None
        runs_from = runs[0].scheduled_time if is_cut else None
        if len(runs) + len(planned) <= MOST_MARKS:
            return Lane(schedule, runs, planned, None, is_cut, runs_from)
        edges = self.window.edges()
        numbers = plan.counted(edges) if plan else [0] * (len(edges) - 1)
        return Lane(schedule, (), (), _slices(edges, runs, numbers), is_cut, runs_from)

    @property
    def _is_ahead(self) -> bool:
        """Returns whether no run can be in the window."""
        return self.window.since > self.now + CLOCKS_DIFFER

    def _may_have_runs(self, schedule: Schedule) -> bool:
        """Returns whether the record shows runs. It does not show a first run outside the timing until that ends."""
        if self._is_ahead:
            return False
        has_begun = schedule.last_run is not None or schedule.waiting_runs or schedule.reserved or schedule.running
        is_due = schedule.next_run_at is not None and schedule.next_run_at <= self.now
        if not (has_begun or is_due or schedule.pending_since):
            return False
        return schedule.status.is_live or self._ended_at(schedule) >= self.window.since

    def _ended_at(self, schedule: Schedule) -> datetime:
        """Returns an instant after which an ended schedule has no runs."""
        known = [schedule.updated_at]
        if schedule.last_run is not None:
            known.append(schedule.last_run.scheduled_time)
        if schedule.expires_at is not None:
            known.append(schedule.expires_at - self.keep_records)
        return max(known)

    def _has_occurrences(self, schedule: Schedule) -> bool:
        plan = plan_of(schedule, (), since=self.window.since, now=self.now)
        return plan is not None and plan.may_have_any(self.window.until)

    def _read_runs(self, schedule: Schedule) -> tuple[list[Run], bool]:
        """Returns the latest runs, ascending, and whether earlier runs are left out."""
        if self._is_ahead:
            return [], False
        page: Page[Run] = self.repository.list_runs_between(
            schedule.user_id,
            schedule.schedule_id,
            since=self.window.since,
            until=self.window.until,
            limit=MOST_RUNS + 1,
        )
        kept = [run for run in page.items[:MOST_RUNS] if not run.is_expired(self.now)]
        # By keys, a run outside the timing comes before the occurrence at the beginning of its second.
        kept.sort(key=lambda run: run.scheduled_time)
        return kept, len(page.items) > MOST_RUNS or page.next_cursor is not None


def _slices(edges: Sequence[datetime], runs: Sequence[Run], planned: Sequence[int]) -> list[Slice]:
    found = [Counter({PLANNED: number} if number else {}) for number in planned]
    for run in runs:
        found[bisect_right(edges, run.scheduled_time) - 1][run.status] += 1
    return [
        Slice(since, until, dict(numbers))
        for (since, until), numbers in zip(pairwise(edges), found, strict=True)
        if numbers
    ]
