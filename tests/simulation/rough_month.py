"""The month of month.py with more faults: clocks differ, Lambda's queue is late, and each part has an outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import TYPE_CHECKING

from chalicelib.core.model.schedule import DeliveryPolicy
from tests.simulation.month import Month
from tests.simulation.population import END, START, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
AT_NIGHT = timedelta(hours=1, seconds=30)

AGES = (3600, 3600, 12 * 3600, 24 * 3600)
"""How long EventBridge may try, in seconds."""

BACKLOGS = (0, 0, 0, 4, 6, 14, 50)
"""Minutes."""

OUTAGES = {
    "eventbridge": (START + 5 * A_DAY + AT_NIGHT, AN_HOUR + timedelta(minutes=5)),
    "lambda": (START + 11 * A_DAY + AT_NIGHT, 12 * AN_HOUR),
    "sweeper": (START + 17 * A_DAY + AT_NIGHT, 24 * AN_HOUR),
    "group": (START + 23 * A_DAY + AT_NIGHT, 6 * AN_HOUR),
}


class RoughMonth(Month):
    """No two clocks, nor one and the true time, are further apart than two minutes.

    `costs` has what each outage has cost: calls that failed, tries of events that were delayed, items that no sweep
    came for, occurrences that never fired.
    """

    clocks_differ_by = timedelta(minutes=2)

    def __init__(self, seed: int, size: int) -> None:
        super().__init__(seed, size)
        self._rough = Random(seed)  # noqa: S311 - a game, no secret
        self.plans = [self._with_an_age(plan) for plan in self.plans]
        self._plan_of = {plan.schedule_id: plan for plan in self.plans}
        self.life.queue.backlog = self._backlog
        self._behind = 0
        self.costs = dict.fromkeys(OUTAGES, 0)

    def _with_an_age(self, plan: Plan) -> Plan:
        return replace(plan, details=plan.details | {"delivery": DeliveryPolicy(185, self._rough.choice(AGES))})

    def _agenda(self) -> Iterator[tuple[datetime, Callable[[], object]]]:
        return chain(super()._agenda(), self._outages(), self._hours())

    def _outages(self) -> Iterator[tuple[datetime, Callable[[], object]]]:
        for part, (begin, length) in OUTAGES.items():
            yield begin, lambda part=part: self._switch(part, off=True)  # type: ignore[misc]
            yield begin + length, lambda part=part: self._switch(part, off=False)  # type: ignore[misc]

    def _hours(self) -> Iterator[tuple[datetime, Callable[[], object]]]:
        at = START + AN_HOUR / 2
        while at < END:
            yield at, self._roll
            at += 3 * AN_HOUR
        yield END, self._settle

    def _switch(self, part: str, *, off: bool) -> None:
        if not off:
            self.costs[part] = self._cost(part)
        match part:
            case "eventbridge":
                (self.life.chaos.down.add if off else self.life.chaos.down.discard)("gateway")
            case "lambda":
                self.life.queue.is_down = off
            case "sweeper":
                self.life.sweeps_down = off
            case _ if off:
                self.life.bridge.lose_group()
            case _:
                self.life.bridge.restore_group()
                self._reconcile()

    def _cost(self, part: str) -> int:
        now = self.life.clock.now
        match part:
            case "eventbridge":
                return self.life.chaos.failed_by_outage
            case "lambda":
                return self.life.queue.delayed_by_outage
            case "sweeper":
                return self.life.table.overdue(now - AN_HOUR)
            case _:
                return sum(beat.at <= now for beat in self.life.bridge.lost)

    def _reconcile(self) -> None:
        """As `python -m deploy reconcile --apply`: what nobody would miss before its next occurrence is put back."""
        for plan in self.plans:
            self._ask(
                lambda plan=plan: self.life.service.change(plan.user_id, plan.schedule_id, name="again")  # type: ignore[misc]
            )

    def _roll(self) -> None:
        """The clocks and the queue, for the next hours."""
        slowest = self._rough.randrange(-120, 1)
        for process in ("api", "sweeper", "lambda"):
            self.life.ahead[process] = timedelta(seconds=slowest + self._rough.randrange(121))
        self._behind = self._rough.choice(BACKLOGS)

    def _settle(self) -> None:
        self.life.ahead.clear()
        self._behind = 0

    def _backlog(self) -> timedelta:
        """Events overtake each other."""
        return timedelta(seconds=self._rough.randrange(self._behind * 60 + 1))
