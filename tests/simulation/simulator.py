"""Simulates a whole stage in one process: EventBridge, Lambda's queue, the sweeper, and one clock.

AWS's behaviour follows its documentation and measurements. Each source is named where it is used.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from chalicelib.core.dynamodb.items import action_from_item, action_key, from_item
from chalicelib.core.errors import ScheduledTasksError, StarterUnavailable
from chalicelib.core.model import ids
from chalicelib.core.timing.expressions import ceil_minute
from chalicelib.core.timing.instants import from_iso
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import Crash, Faults
from tests.notification.world import A_MINUTE, EMAIL, World, run_id_of
from tests.simulation.eventbridge import EventBridge
from tests.simulation.lambda_queue import LambdaQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Action, Schedule
    from tests.simulation.eventbridge import Beat

A_SECOND = timedelta(seconds=1)
AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
A_LEASE = timedelta(seconds=62)
"""A lease, and a little more."""

INVOCATION = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Moment:
    """All that is stored anywhere, so that it can be gone back to."""

    items: Mapping[tuple[str, str], Any]
    schedules: Mapping[str, Any]
    beats: Mapping[str, Beat]
    started: tuple[Mapping[str, Any], ...]
    sent: tuple[tuple[str, dict[str, Any]], ...]
    now: datetime


class Life(World):
    """The world in which all goes on by itself while time travels.

    `lateness` is how late EventBridge hands over each delivery, `copies` how often; `fired` are all so far,
    `ended_well` those whose invocation returned, and when.
    `ahead` is how far the clock of a process is ahead of the true time.
    """

    sweeper_class = Sweeper

    def __init__(self, faults: Faults | None = None) -> None:
        self.ahead: dict[str, timedelta] = defaultdict(timedelta)
        super().__init__(faults)
        self.bridge = cast("EventBridge", self.gateway)
        self.queue = LambdaQueue(self._invoke, self.clock)
        self.lateness = timedelta(0)
        self.copies = 1
        self.sweeps_down = False
        self.fired: list[Mapping[str, Any]] = []
        self.ended_well: list[tuple[datetime, Mapping[str, Any]]] = []
        self._swept_at = self.clock.now

    def a_gateway(self) -> EventBridge:
        return EventBridge(self.faults, self.clock)

    def clock_of(self, process: str) -> Callable[[], datetime]:
        return lambda: self.clock.now + self.ahead[process]

    def _a_sweeper(self) -> Sweeper:
        """One shard after the other: the same order in every run."""
        ids = count(1)
        return self.sweeper_class(
            self.repository,
            self.gateway,
            self.starter,
            clock=self.clock_of("sweeper"),
            sleep=self.clock.sleep,
            new_id=lambda: f"sweeper-{next(ids)}",
            shards_at_once=1,
        )

    # Time

    def travel(self, until: datetime | timedelta) -> None:
        """All that is due by then happens, in the order of time."""
        end = until if isinstance(until, datetime) else self.clock.now + until
        while (due := self._next_at()) is not None and due <= end:
            self.clock.now = max(self.clock.now, due)
            self._do_next()
        self.clock.now = max(self.clock.now, end)

    def refuse_invokes(self) -> None:
        """Lambda's own API is down: neither EventBridge nor one of ours can hand an event over."""
        self.queue.refuses_invokes = True
        self.faults.always("starter.start", StarterUnavailable)

    def sweep(self) -> None:
        """Once, as every minute. If it dies, there is the next one."""
        self._swept_at = self.clock.now
        with suppress(Crash, ScheduledTasksError):
            self.sweeper.sweep(stop_at=self.clock_of("sweeper")() + timedelta(seconds=50))

    def _next_at(self) -> datetime | None:
        self._hand_over()
        beat = self.bridge.next_beat
        moments = (beat.at if beat else None, self.queue.next_at, self._next_sweep_at())
        return min((moment for moment in moments if moment is not None), default=None)

    def _do_next(self) -> None:
        now = self.clock.now
        if (fired := self.bridge.fire_one()) is not None:
            self.fired.append(fired.event)
            for delay in self.delays():
                self.queue.add(fired.event, now + delay, max_age=fired.max_age)
        elif (at := self.queue.next_at) is not None and at <= now:
            self.queue.work()
        else:
            self.sweep()

    def delays(self) -> list[timedelta]:
        """How late each copy of the next delivery comes."""
        return [self.lateness] * self.copies

    def _hand_over(self) -> None:
        """What was started by us waits in Lambda's queue as well."""
        while self.starter.events:
            self.queue.add(self.starter.events.pop(0), self.clock.now)

    def _next_sweep_at(self) -> datetime | None:
        """The next whole minute at which something is due: the sweeps between would find nothing."""
        watches = [item["watch_at"] for item in self.repository.items.values() if "watch_at" in item]
        if not watches or self.sweeps_down:
            return None
        due = from_iso(min(watches)) - self.ahead["sweeper"]
        return ceil_minute(max(due, self._swept_at + A_SECOND, self.clock.now))

    def _invoke(self, event: Mapping[str, Any]) -> None:
        self.runner.handle(event, INVOCATION)
        self.ended_well.append((self.clock.now, event))

    def moment(self) -> Moment:
        """What is stored now."""
        return Moment(
            dict(self.repository.items),
            dict(self.bridge.schedules),
            dict(self.bridge.beats),
            tuple(self.starter.events),
            tuple(self.aws.requests),
            self.clock.now,
        )

    def restore(self, moment: Moment) -> None:
        """Goes back there; nothing is on its way to the Lambda then."""
        self.repository.items = dict(moment.items)
        self.bridge.schedules = dict(moment.schedules)
        self.bridge.beats = dict(moment.beats)
        self.starter.events = list(moment.started)
        self.aws.requests = list(moment.sent)
        self.clock.now = self._swept_at = moment.now
        self.queue.events.clear()

    # What clients do

    def one_time(self, after: timedelta = AN_HOUR, **details: Any) -> Schedule:
        """A mail of alice's, in an hour unless a test says otherwise."""
        return self.service.create_one_time(**{"user_id": "alice", "after": after, "action": EMAIL, **details})

    def recurring(self, **details: Any) -> Schedule:
        """A mail of alice's, every 15 minutes unless a test says otherwise."""
        timing = {} if "cron" in details else {"rate": "15 minutes"}
        return self.service.create_recurring(**{"user_id": "alice", "action": EMAIL, **timing, **details})

    # What can be seen

    def now_of(self, schedule: Schedule) -> Schedule:
        """The record as it stands."""
        item = self.repository.items[ids.user_pk(schedule.user_id), ids.schedule_sk(schedule.schedule_id)]
        return cast("Schedule", from_item(item))

    def action_of(self, schedule: Schedule) -> Action | None:
        """The body of its action as it stands."""
        item = self.repository.items.get((action_key(schedule)["PK"], action_key(schedule)["SK"]))
        return action_from_item(item) if item else None

    def records(self) -> list[Schedule]:
        return [cast("Schedule", from_item(item)) for item in self._items(ids.SCHEDULE_PREFIX)]

    def all_runs(self) -> list[Run]:
        return [cast("Run", from_item(item)) for item in self._items(ids.RUN_PREFIX)]

    def runs_of(self, schedule: Schedule) -> list[Run]:
        """Its runs, oldest first."""
        mine = [run for run in self.all_runs() if run.schedule_id == schedule.schedule_id]
        return sorted(mine, key=lambda run: run.scheduled_time)

    def story(self, schedule: Schedule) -> list[tuple[str, str]]:
        """Its runs in short: `("12:15", "succeeded")`, oldest first."""
        return [(f"{run.scheduled_time:%H:%M}", run.status.value) for run in self.runs_of(schedule)]

    def done(self) -> list[str]:
        """The run ids of the mails that went out, in order."""
        return [run_id_of(mail) for mail in self.mails()]

    def in_eventbridge(self, schedule: Schedule) -> dict[str, Any] | None:
        return self.bridge.find(schedule.user_id, schedule.schedule_id)

    def lose(self, schedule: Schedule) -> None:
        """EventBridge has it no more, and nobody asked for that."""
        del self.bridge.schedules[ids.scheduler_name(schedule.user_id, schedule.schedule_id)]

    def _items(self, prefix: str) -> list[dict[str, Any]]:
        return [item for (_, sk), item in self.repository.items.items() if sk.startswith(prefix)]


__all__ = ["AN_HOUR", "A_DAY", "A_MINUTE", "A_SECOND", "EMAIL", "Life"]
