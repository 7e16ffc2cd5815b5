"""The occurrences that a schedule is going to execute: those of its timing, less what its state rules out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from ...core.model.schedule import Status
from ...core.timing.expressions import At
from .counting import counts

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence
    from datetime import datetime

    from ...core.model.schedule import Schedule
    from ...core.timing.expressions import Expression


@dataclass(frozen=True)
class Plan:
    """The planned occurrences of `schedule` from `since` on: `overdue`, if it is set, and those from `begin` on.

    `most` is the number of executions that the schedule has left, before `since` as well; None: no limit.
    `is_first_known`: the first occurrence is `overdue`, else `begin`, without a calculation.
    """

    schedule: Schedule
    since: datetime
    begin: datetime
    overdue: datetime | None
    most: int | None
    is_first_known: bool

    def may_have_any(self, until: datetime) -> bool:
        """Returns whether an occurrence is before `until`, although `max_runs` may have no execution left for it.

        It is cheap, because it is asked for each schedule that a page reads: it rarely parses the timing.
        """
        if self.is_first_known and self.since <= (self.overdue or self.begin) < until:
            return True
        return next(self._occurrences(until), None) is not None

    def listed(self, until: datetime, most: int) -> list[datetime]:
        """Returns the first occurrences before `until`, `most` at most."""
        first = [self.overdue] if self.overdue and self.since <= self.overdue < until else []
        if self._begin >= until:
            return first
        allowed = most if self._room is None else min(most, self._room)
        return [*first, *islice(self._occurrences(until), allowed)][:most]

    def counted(self, edges: Sequence[datetime]) -> list[int]:
        """Returns how many occurrences each interval has, from one of the `edges` until before the next.

        The first of the edges is `since`.
        """
        found = self._counts([max(edge, self.begin) for edge in edges])
        room = self._room
        if room is not None:
            for place, number in enumerate(found):
                found[place] = min(number, room)
                room -= found[place]
        if self.overdue is not None:
            for place, edge in enumerate(edges[1:]):
                found[place] += edges[place] <= self.overdue < edge
        return found

    def _occurrences(self, until: datetime) -> Iterator[datetime]:
        """Yields the occurrences from `_begin` until before `until`, without regard to `most`."""
        if self._begin < until:
            after = self._begin - self._begin.resolution
            found = _ended(self.schedule.timing.parsed, until).occurrences(after, without=self.schedule.excluded_days)
            yield from (at for at in found if at < until)

    @property
    def _begin(self) -> datetime:
        return max(self.since, self.begin)

    @cached_property
    def _room(self) -> int | None:
        """Returns how many of the occurrences from `_begin` on are executed. None: all."""
        if self.most is None:
            return None
        earlier = sum(self._counts([self.begin, self._begin])) if self.begin < self._begin else 0
        return max(0, self.most - (self.overdue is not None) - earlier)

    def _counts(self, edges: Sequence[datetime]) -> list[int]:
        return counts(self.schedule.timing.parsed, edges, self.schedule.excluded_days)


def plan_of(schedule: Schedule, begun: Container[datetime], *, since: datetime, now: datetime) -> Plan | None:
    """Returns the plan, or None if nothing is planned. `begun` are the scheduled times of the known runs.

    The next occurrence is planned even if it is due, as long as it has no run: EventBridge may be a minute late.
    A paused schedule has occurrences only if its pause ends by itself.
    """
    later = now + now.resolution
    most = None if schedule.max_runs is None else schedule.max_runs - schedule.run_count - schedule.reserved
    if most is not None and most <= 0:
        return None
    if schedule.status is Status.PAUSED and schedule.paused_until is not None:
        return Plan(schedule, since, max(later, schedule.paused_until), None, most, is_first_known=False)
    if schedule.status is not Status.ACTIVE or schedule.next_run_at is None:
        return None
    if schedule.next_run_at > now:
        return Plan(schedule, since, schedule.next_run_at, None, most, is_first_known=True)
    overdue = None if schedule.next_run_at in begun else schedule.next_run_at
    return Plan(schedule, since, later, overdue, most, is_first_known=overdue is not None)


def _ended(expression: Expression, until: datetime) -> Expression:
    """Returns the expression with an end, so that the search for an occurrence does not go beyond it."""
    if isinstance(expression, At):
        return expression
    return replace(expression, end_at=min(until, expression.end_at or until))
