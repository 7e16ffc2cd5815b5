"""The occurrences that a schedule is going to execute: those of its timing, less what its state rules out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from ...core.model.schedule import Status
from ...core.timing.expressions import At
from .counting import counts

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime

    from ...core.model.schedule import Schedule
    from ...core.timing.expressions import Expression


@dataclass(frozen=True, slots=True)
class Plan:
    """The planned occurrences of `schedule`: `overdue`, if it is set, and those from `begin` on; `most` at most.

    `is_begin_planned`: the first of them is known, without a calculation, to be `overdue` or else `begin`.
    """

    schedule: Schedule
    begin: datetime
    overdue: datetime | None
    most: int | None
    is_begin_planned: bool = False

    def has_any(self, since: datetime, until: datetime) -> bool:
        """Returns whether an occurrence is from `since` until before `until`. It rarely parses the timing."""
        if since <= (self.overdue or self.begin) < until and self.is_begin_planned:
            return True
        return bool(self.listed(since, until, 1))

    def listed(self, since: datetime, until: datetime, most: int) -> list[datetime]:
        """Returns the first occurrences from `since` until before `until`, `most` at most."""
        first = [self.overdue] if self.overdue and since <= self.overdue < until else []
        begin = max(since, self.begin)
        if begin >= until:
            return first[:most]
        expression = _ended(self.schedule.timing.parsed, until)
        found = expression.occurrences(begin - begin.resolution, without=self.schedule.excluded_days)
        room = self._room(begin)
        allowed = most if room is None else min(most, room)
        return [*first, *islice((at for at in found if at < until), allowed)][:most]

    def counted(self, edges: Sequence[datetime]) -> list[int]:
        """Returns how many occurrences each interval has, from one of the `edges` until before the next."""
        found = self._counts([max(edge, self.begin) for edge in edges])
        room = self._room(max(edges[0], self.begin))
        if room is not None:
            for place, number in enumerate(found):
                found[place] = min(number, room)
                room -= found[place]
        if self.overdue is not None:
            for place, edge in enumerate(edges[1:]):
                found[place] += edges[place] <= self.overdue < edge
        return found

    def _room(self, begin: datetime) -> int | None:
        """Returns how many of the occurrences from `begin` on are executed. None: all."""
        if self.most is None:
            return None
        earlier = sum(self._counts([self.begin, begin])) if self.begin < begin else 0
        return max(0, self.most - (self.overdue is not None) - earlier)

    def _counts(self, edges: Sequence[datetime]) -> list[int]:
        return counts(self.schedule.timing.parsed, edges, self.schedule.excluded_days)


def plan_of(schedule: Schedule, begun: Container[datetime], now: datetime) -> Plan | None:
    """Returns the plan, or None if nothing is planned. `begun` are the scheduled times of the known runs.

    The next occurrence is planned even if it is due, as long as it has no run: EventBridge may be a minute late.
    A paused schedule has occurrences only if its pause ends by itself.
    """
    later = now + now.resolution
    most = None if schedule.max_runs is None else schedule.max_runs - schedule.run_count - schedule.reserved
    if most is not None and most <= 0:
        return None
    if schedule.status is Status.PAUSED and schedule.paused_until is not None:
        return Plan(schedule, max(later, schedule.paused_until), None, most)
    if schedule.status is not Status.ACTIVE or schedule.next_run_at is None:
        return None
    if schedule.next_run_at > now:
        return Plan(schedule, schedule.next_run_at, None, most, is_begin_planned=True)
    overdue = None if schedule.next_run_at in begun else schedule.next_run_at
    return Plan(schedule, later, overdue, most, is_begin_planned=overdue is not None)


def _ended(expression: Expression, until: datetime) -> Expression:
    """Returns the expression with an end, so that the search for an occurrence does not go beyond it."""
    if isinstance(expression, At):
        return expression
    return replace(expression, end_at=min(until, expression.end_at or until))
