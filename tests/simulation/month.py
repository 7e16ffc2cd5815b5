"""A month of many schedules: every request, its time and its answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from chalicelib.core.errors import InvalidInput, RunNotRedrivable, ScheduledTasksError, ScheduleEnded
from chalicelib.core.model.codec import schedule_from_plain
from chalicelib.core.model.ids import schedule_sk, user_pk
from chalicelib.core.model.job import JobKind, Selection
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.jobs import new_job
from tests.simulation.breaker import AGAIN
from tests.simulation.chaos import ChaoticLife, paused_itself
from tests.simulation.population import CREATED_BY, END, REST, START, USERS, Plan, Wish, population

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

ASKS_AGAIN_AFTER = timedelta(seconds=5)
A_DAY = timedelta(days=1)

HELD_FROM = START + timedelta(days=9, seconds=30)
RELEASED_AT = HELD_FROM + timedelta(hours=5)
NOT_SWEPT_FROM = START + timedelta(days=14, seconds=30)
SWEPT_AGAIN_AT = NOT_SWEPT_FROM + timedelta(hours=6)
REDRIVEN_AT = START + timedelta(days=20, seconds=30)
BROKEN = 0.03
"""How many schedules ask for what their provider refuses for good, until somebody mends it."""


@dataclass(frozen=True)
class Fulfilled:
    """A wish, when it was first asked for, and when the answer was yes."""

    asked: datetime
    answered: datetime
    wish: Wish


class Month:
    """Everything that happens, by one seed. `fulfilled` has what each schedule's user asked for and got, in order.
    `redrives` and `resumes` (after a schedule paused itself) count the requests that were accepted.

    `clocks_differ_by` is how far those of two processes are apart: so near to a change, nothing is certain.
    """

    clocks_differ_by = timedelta(0)

    def __init__(self, seed: int, size: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a game, no secret
        self.plans = population(self._random, size)
        self.life = ChaoticLife(self._random, START)
        self.fulfilled: dict[str, list[Fulfilled]] = defaultdict(list)
        self.redrives = 0
        self.resumes = 0
        self._resumed: set[tuple[str, int]] = set()
        self._plan_of = {plan.schedule_id: plan for plan in self.plans}
        self.life.provider.broken = {
            plan.schedule_id for plan in self.plans if not plan.is_one_time and self._random.random() < BROKEN
        }

    def pass_by(self) -> None:
        """From the first create to the rest behind the last fault."""
        order = count()
        for at, _, act in sorted((at, next(order), act) for at, act in self._agenda()):
            self.life.travel(max(at, self.life.clock.now))
            act()
        self.life.calm_down()
        self.life.travel(END + REST - timedelta(seconds=30))

    def _agenda(self) -> Iterator[tuple[datetime, Callable[[], object]]]:
        for plan in self.plans:
            for wish in plan.wishes:
                yield wish.at, lambda plan=plan, wish=wish: self._fulfil(plan, wish)  # type: ignore[misc]
        yield HELD_FROM, lambda: self.life.hold("the provider is down")
        yield RELEASED_AT, self._release
        yield NOT_SWEPT_FROM, lambda: self._let_sweep(down=True)
        yield SWEPT_AGAIN_AT, lambda: self._let_sweep(down=False)
        yield REDRIVEN_AT, self._redrive_missed
        for day in range(1, (END - CREATED_BY).days):
            yield CREATED_BY + day * A_DAY + timedelta(seconds=30), self._visit
        yield END, self.life.calm_down

    # What users do

    def _fulfil(self, plan: Plan, wish: Wish) -> bool:
        """Returns whether it was asked for and answered with yes."""
        history = self.fulfilled[plan.schedule_id]
        if wish.verb == "wakes":
            if history[-1].wish.verb == "pause":
                history.append(Fulfilled(wish.at, wish.at, wish))
            return False
        asked = self.life.clock.now
        if answered := self._ask(lambda: self._do(plan, wish)):
            history.append(Fulfilled(asked, self.life.clock.now, wish))
        return answered

    def _do(self, plan: Plan, wish: Wish) -> None:
        service, whose = self.life.service, (plan.user_id, plan.schedule_id)
        if wish.verb == "put" and wish.calendar is not None:
            service.put(*whose, timing=wish.calendar.spec, action=plan.action, **plan.details)
        elif wish.verb == "change" and wish.calendar is not None:
            service.change(*whose, timing=wish.calendar.spec)
        elif wish.verb == "rename":
            service.change(*whose, name="renamed")
        else:
            getattr(service, wish.verb)(*whose, **wish.arguments)

    def _ask(self, act: Callable[[], object]) -> bool:
        """Until it is answered. False if it can not be any more: it is over, or nothing of it is left."""
        while True:
            try:
                act()
            except AGAIN:
                self.life.travel(ASKS_AGAIN_AFTER)
            except (ScheduleEnded, InvalidInput, RunNotRedrivable):
                return False
            else:
                return True

    def _visit(self) -> None:
        """Once a day: what paused itself is mended and resumed, and some of what failed is done again."""
        for schedule_id, paused in list(self.life.table.paused_themselves.items()):
            if (schedule_id, len(paused)) not in self._resumed:
                self._resumed.add((schedule_id, len(paused)))
                self._mend(self._plan_of[schedule_id])
        for user in self._random.sample(range(USERS), 5):
            self._redrive_some(f"user-{user}")

    def _mend(self, plan: Plan) -> None:
        self.life.provider.broken.discard(plan.schedule_id)
        record = self._record(plan)
        if record.status is Status.PAUSED and paused_itself(record.reason):
            self.resumes += self._fulfil(plan, Wish(self.life.clock.now, "resume", None))

    def _redrive_some(self, user_id: str) -> None:
        failed: list[Run] = []
        self._ask(lambda: failed.extend(self.life.service.list_runs_of_user(user_id, limit=3).items))
        for run in failed:
            self.redrives += self._ask(
                lambda run=run: self.life.service.redrive(run.user_id, run.schedule_id, run.run_id)  # type: ignore[misc]
            )

    def _record(self, plan: Plan) -> Schedule:
        item = self.life.repository.items[user_pk(plan.user_id), schedule_sk(plan.schedule_id)]
        return schedule_from_plain(item)

    # What operators do

    def _release(self) -> None:
        self.life.hold(None)
        job = new_job(JobKind.RELEASE, None, self.life.clock.now, per_minute=60)
        # Its own id, so that every run of the same seed sweeps in the same order.
        self._ask(lambda: self.life.repository.save_job(replace(job, job_id="release"), replacing=None))

    def _redrive_missed(self) -> None:
        for user in range(0, USERS, 10):
            user_id = f"user-{user}"
            selection = Selection(user_id=user_id, status=RunStatus.MISSED, since=START, until=self.life.clock.now)
            job = new_job(JobKind.REDRIVE, user_id, self.life.clock.now, selection=selection)
            named = replace(job, job_id=f"redrive-{user}")
            self._ask(lambda named=named: self.life.repository.save_job(named, replacing=None))  # type: ignore[misc]

    def _let_sweep(self, *, down: bool) -> None:
        self.life.sweeps_down = down


__all__ = ["Fulfilled", "Month", "ScheduledTasksError"]
