"""A whole life in one process: EventBridge that fires, Lambda's queue, the sweeper, and one clock that travels.

What AWS does is taken from its documentation and from measurements; each source stands where it is used.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from chalicelib.aws.eventbridge import schedule_request
from chalicelib.core.dynamodb.items import action_from_item, action_key, from_item
from chalicelib.core.errors import ScheduledTasksError, SchedulerRefused
from chalicelib.core.model import ids
from chalicelib.core.timing.expressions import ceil_minute, parse
from chalicelib.core.timing.instants import EPOCH, from_iso, iso
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import Crash, FakeGateway, Faults
from chalicelib.testing.gateway import NAMES
from tests.notification.world import A_MINUTE, EMAIL, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Action, Schedule
    from chalicelib.core.timing.expressions import Expression
    from chalicelib.testing import StoppedClock

A_SECOND = timedelta(seconds=1)
AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
A_LEASE = timedelta(seconds=62)
"""A lease, and a little more."""

OVERDUE_FIRES_AFTER = timedelta(seconds=41)
"""A past `at()` is accepted and fires about that long after Create- or UpdateSchedule (measured on AWS)."""

OLDEST_START = timedelta(minutes=5)
"""AWS refuses a StartDate that is older."""

LAMBDA_PAUSES = (timedelta(minutes=1), timedelta(minutes=2))
"""Before the second and the third try of an asynchronous invocation (Lambda guide, invocation-async)."""

INVOCATION = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, order=True)
class Beat:
    """The next time that a schedule of EventBridge fires: when, for which scheduled time."""

    at: datetime
    name: str
    scheduled_time: datetime


class EventBridge(FakeGateway):
    """EventBridge Scheduler that fires. It goes by what each stored request says, and by nothing else."""

    def __init__(self, faults: Faults, clock: Callable[[], datetime]) -> None:
        super().__init__(faults)
        self._clock = clock
        self.beats: dict[str, Beat] = {}

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        self._check_start(schedule, action, now)
        name = ids.scheduler_name(schedule.user_id, schedule.schedule_id)
        before = self.schedules.get(name)
        try:
            super().put(schedule, action, now=now)
        finally:
            if (stored := self.schedules.get(name)) is not None and stored is not before:
                self._arm(name, stored)

    def _check_start(self, schedule: Schedule, action: Action, now: datetime) -> None:
        """Only a request that was long on its way can be too old."""
        oldest = self._clock() - OLDEST_START
        if now < oldest and schedule_request(schedule, action, NAMES, now=now).get("StartDate", oldest) < oldest:
            raise SchedulerRefused("The StartDate you specify cannot be earlier than 5 minutes ago.")

    @property
    def next_beat(self) -> Beat | None:
        return min((beat for name, beat in self.beats.items() if name in self.schedules), default=None)

    def fire(self) -> dict[str, Any] | None:
        """Invokes the target of a schedule that is due, if there is one: the event that it gets."""
        beat = self.next_beat
        if beat is None or beat.at > self._clock():
            return None
        request = self.schedules[beat.name]
        following = next(_calendar(request).occurrences(beat.scheduled_time), None)
        if following is not None:
            self.beats[beat.name] = Beat(following, beat.name, following)
        else:
            self._complete(beat.name, request)
        return self._event(request, beat.scheduled_time)

    def _arm(self, name: str, request: dict[str, Any]) -> None:
        now = self._clock()
        self.beats.pop(name, None)
        if request["State"] == "ENABLED":
            self._beat(name, _calendar(request), now)

    def _beat(self, name: str, calendar: Expression, now: datetime) -> None:
        first = next(calendar.occurrences(now), None)
        if first is not None:
            self.beats[name] = Beat(first, name, first)
        elif calendar.kind == "at":
            self.beats[name] = Beat(now + OVERDUE_FIRES_AFTER, name, next(calendar.occurrences(EPOCH)))

    def _complete(self, name: str, request: Mapping[str, Any]) -> None:
        del self.beats[name]
        if request["ActionAfterCompletion"] == "DELETE":
            del self.schedules[name]

    def _event(self, request: Mapping[str, Any], scheduled_time: datetime) -> dict[str, Any]:
        """The Input with its context attributes, replaced as plain text."""
        attributes = {
            "scheduled-time": iso(scheduled_time),
            "schedule-arn": request["Name"],
            "execution-id": f"{scheduled_time:%Y%m%d%H%M%S}00",
            "attempt-number": "1",
        }
        text: str = request["Target"]["Input"]
        for attribute, value in attributes.items():
            text = text.replace(f"<aws.scheduler.{attribute}>", value)
        event: dict[str, Any] = json.loads(text)
        return event


def _calendar(request: Mapping[str, Any]) -> Expression:
    return parse(
        request["ScheduleExpression"],
        request["ScheduleExpressionTimezone"],
        start_at=request.get("StartDate"),
        end_at=request.get("EndDate"),
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """All that is stored anywhere, so that it can be gone back to."""

    items: Mapping[tuple[str, str], Any]
    schedules: Mapping[str, Any]
    beats: Mapping[str, Beat]
    started: tuple[Mapping[str, Any], ...]
    sent: tuple[tuple[str, dict[str, Any]], ...]
    now: datetime


class LambdaQueue:
    """Lambda's asynchronous queue: an event that fails is tried twice more, then it goes to `on_failure`."""

    def __init__(self, handle: Callable[[Mapping[str, Any]], None], clock: StoppedClock) -> None:
        self._handle = handle
        self._clock = clock
        self._order = count()
        self.events: list[tuple[datetime, int, int, Mapping[str, Any]]] = []
        self.on_failure: list[Mapping[str, Any]] = []

    def add(self, event: Mapping[str, Any], at: datetime, *, failed: int = 0) -> None:
        heappush(self.events, (at, next(self._order), failed, event))

    @property
    def next_at(self) -> datetime | None:
        return self.events[0][0] if self.events else None

    def work(self) -> None:
        """The next event, once."""
        *_, failed, event = heappop(self.events)
        try:
            self._handle(event)
        except (Crash, ScheduledTasksError):
            if failed < len(LAMBDA_PAUSES):
                self.add(event, self._clock() + LAMBDA_PAUSES[failed], failed=failed + 1)
            else:
                self.on_failure.append(event)


class Life(World):
    """The world in which all goes on by itself while time travels.

    `lateness` is how late each delivery reaches the Lambda, `copies` how often it does; `fired` are all so far.
    """

    sweeper_class = Sweeper

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__(faults)
        self.bridge = cast("EventBridge", self.gateway)
        self.queue = LambdaQueue(self._invoke, self.clock)
        self.lateness = timedelta(0)
        self.copies = 1
        self.sweeps_down = False
        self.fired: list[Mapping[str, Any]] = []
        self._swept_at = self.clock.now

    def a_gateway(self) -> EventBridge:
        return EventBridge(self.faults, self.clock)

    def _a_sweeper(self) -> Sweeper:
        """One shard after the other: the same order in every run."""
        ids = count(1)
        return self.sweeper_class(
            self.repository,
            self.gateway,
            self.starter,
            clock=self.clock,
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

    def sweep(self) -> None:
        """Once, as every minute. If it dies, there is the next one."""
        self._swept_at = self.clock.now
        with suppress(Crash, ScheduledTasksError):
            self.sweeper.sweep(stop_at=self.clock.now + timedelta(seconds=50))

    def _next_at(self) -> datetime | None:
        self._hand_over()
        beat = self.bridge.next_beat
        moments = (beat.at if beat else None, self.queue.next_at, self._next_sweep_at())
        return min((moment for moment in moments if moment is not None), default=None)

    def _do_next(self) -> None:
        now = self.clock.now
        if (event := self.bridge.fire()) is not None:
            self.fired.append(event)
            for _ in range(self.copies):
                self.queue.add(event, now + self.lateness)
        elif (at := self.queue.next_at) is not None and at <= now:
            self.queue.work()
        else:
            self.sweep()

    def _hand_over(self) -> None:
        """What was started by us waits in Lambda's queue as well."""
        while self.starter.events:
            self.queue.add(self.starter.events.pop(0), self.clock.now)

    def _next_sweep_at(self) -> datetime | None:
        """The next whole minute at which something is due: the sweeps between would find nothing."""
        watches = [item["watch_at"] for item in self.repository.items.values() if "watch_at" in item]
        if not watches or self.sweeps_down:
            return None
        return ceil_minute(max(from_iso(min(watches)), self._swept_at + A_SECOND, self.clock.now))

    def _invoke(self, event: Mapping[str, Any]) -> None:
        self.runner.handle(event, INVOCATION)

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
        return [mail["EmailTags"][0]["Value"] for mail in self.mails()]

    def in_eventbridge(self, schedule: Schedule) -> dict[str, Any] | None:
        return self.bridge.find(schedule.user_id, schedule.schedule_id)

    def lose(self, schedule: Schedule) -> None:
        """EventBridge has it no more, and nobody asked for that."""
        del self.bridge.schedules[ids.scheduler_name(schedule.user_id, schedule.schedule_id)]

    def _items(self, prefix: str) -> list[dict[str, Any]]:
        return [item for (_, sk), item in self.repository.items.items() if sk.startswith(prefix)]


__all__ = ["AN_HOUR", "A_DAY", "A_MINUTE", "A_SECOND", "EMAIL", "EventBridge", "LambdaQueue", "Life"]
