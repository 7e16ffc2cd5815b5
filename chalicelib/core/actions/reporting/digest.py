"""What a report says about its runs: groups of failures, lateness by slot and by day, and the runs in folded lines."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from ...frozen import Frozen, replace
from ...model.run import RunStatus
from . import wording
from .gather import FAILURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from ...model.run import Run
    from .gather import Entry, Report

MOST_SLOTS = 48
SLOTS = tuple(timedelta(hours=hours) for hours in (0.5, 1, 2, 4, 8, 12, 24, 48, 24 * 7, 24 * 14, 24 * 31))


class Group(Frozen):
    """Failed or missed runs of one schedule with one reason, newest first."""

    name: str
    status: str
    reason: str
    runs: tuple[Run, ...]


class Lateness(Frozen):
    """How late runs began, ascending, and the number of all runs by status. Missed and skipped runs never began."""

    late: list[timedelta]
    results: Counter[str]

    @classmethod
    def of(cls, runs: Iterable[Run]) -> Lateness:
        every = list(runs)
        late = sorted(run.lateness for run in every if run.lateness is not None)
        return cls(late, Counter(run.status.value for run in every))

    @property
    def on_time(self) -> list[timedelta]:
        return [late for late in self.late if late <= wording.ON_TIME]


class Line(Frozen):
    """Runs that follow each other, newest first: successes of any schedules, or runs of one with the same result."""

    name: str | None
    status: str
    reason: str
    newest: Run
    oldest: Run
    number: int
    latest: timedelta | None


def needs_you(report: Report) -> list[Group]:
    """Returns the failed and missed runs, failed ones first, and then the largest groups."""
    found: dict[tuple[str, str, str], list[Run]] = {}
    names = {}
    for name, run in _every(report):
        if run.status in FAILURES:
            key = (run.schedule_id, run.status.value, run.reason or "")
            names[key] = name
            found.setdefault(key, []).append(run)
    groups = [Group(names[key], key[1], key[2], tuple(runs)) for key, runs in found.items()]
    return sorted(groups, key=lambda group: (wording.NEED_YOU.index(group.status), -len(group.runs)))


def by_need(report: Report) -> list[Entry]:
    """Returns the entries of read schedules: those that need the reader first, then those with the most runs."""
    shown = [entry for entry in report.entries if entry.schedule is not None]
    return sorted(shown, key=_need)


def _need(entry: Entry) -> tuple[int, ...]:
    results = entry.results
    return (*(-results[status] for status in wording.ORDER[:-1]), -results.total())


def lateness(report: Report) -> Lateness:
    return Lateness.of(run for _, run in _every(report))


def slots(report: Report) -> tuple[timedelta, dict[int, Lateness]]:
    """Returns the length of a slot, and the slots that have runs by their number from the period's start."""
    start, whole = report.period.start, report.period.end - report.period.start
    length = min(whole, next((length for length in SLOTS if whole / length <= MOST_SLOTS), whole / MOST_SLOTS))
    found: dict[int, list[Run]] = {}
    for _, run in _every(report):
        found.setdefault((run.scheduled_time - start) // length, []).append(run)
    return length, {number: Lateness.of(runs) for number, runs in found.items()}


def days(report: Report) -> list[tuple[date, Lateness]]:
    """Returns the days that have runs, on the clocks of the report's zone, newest first."""
    runs = groupby((run for _, run in _every(report)), key=lambda run: wording.wall(run.scheduled_time, report).date())
    return [(day, Lateness.of(of_day)) for day, of_day in runs]


def history(report: Report) -> Iterator[Line]:
    """Yields the runs, newest first. Successes in a row are one line, as are equal other results of one schedule."""
    line: Line | None = None
    for name, run in _every(report):
        following = _line(name, run)
        if line is not None and _is_like(line, following):
            line = _joined(line, following)
            continue
        if line is not None:
            yield line
        line = following
    if line is not None:
        yield line


def _line(name: str, run: Run) -> Line:
    succeeded = run.status is RunStatus.SUCCEEDED
    reason = "" if succeeded else run.reason or ""
    return Line(name, run.status.value, reason, newest=run, oldest=run, number=1, latest=run.lateness)


def _is_like(line: Line, following: Line) -> bool:
    if line.status == following.status == RunStatus.SUCCEEDED:
        return True
    same_schedule = line.newest.schedule_id == following.newest.schedule_id
    return same_schedule and (line.status, line.reason) == (following.status, following.reason)


def _joined(line: Line, following: Line) -> Line:
    name = line.name if line.newest.schedule_id == following.newest.schedule_id else None
    latest = max((late for late in (line.latest, following.latest) if late is not None), default=None)
    return replace(line, name=name, oldest=following.oldest, number=line.number + 1, latest=latest)


def _every(report: Report) -> list[tuple[str, Run]]:
    """Returns the runs with the names of their schedules, newest first."""
    found = [(wording.name_of(entry), run) for entry in report.entries for run in entry.runs]
    return sorted(found, key=lambda pair: pair[1].scheduled_time, reverse=True)


def instants(group: Group) -> list[datetime]:
    return [run.scheduled_time for run in group.runs]
