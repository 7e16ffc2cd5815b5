"""All orders of two deliveries of one schedule, the sweeper and a client, with clocks that differ.

`max_runs` is never exceeded, runs do not overlap where that is not allowed, the counter equals the number of runs that
were carried out, and the last occurrence is never lost. Each test has at most four actors and a bounded number of
states.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model import ids
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnMissed, OnUnknown, Overlap, Status
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.notification.world import EMAIL, NOON
from tests.simulation import actors
from tests.simulation.agreement import disagreements
from tests.simulation.explorer import Explorer
from tests.simulation.promised import CARRIED_OUT, Promised, broken
from tests.simulation.simulator import A_LEASE, A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalicelib.core.model.schedule import Schedule
    from tests.promises import Promise
    from tests.simulation.explorer import Actor, State

ONE, TWO = NOON + AN_HOUR, NOON + 2 * AN_HOUR
QUEUE_IS_BEHIND = 6 * A_MINUTE
SETTLED_AFTER = 6 * AN_HOUR
MOST_STATES = 40_000
AHEAD, BEHIND = 2 * A_MINUTE, -2 * A_MINUTE
HOURLY = TimingSpec(rate="1 hour")
UNTIL_TWO = TimingSpec(rate="1 hour", end_at=TWO)

Faults = Counter[str]


@dataclass
class Meeting:
    """Who meets when: the events wait in Lambda's queue, each for an environment of its own.

    `clocks` are those of the environments and of the others, by name, `most` is how many mails may go out.
    """

    name: str
    timing: TimingSpec = HOURLY
    options: Mapping[str, Any] = field(default_factory=dict)
    delivered: tuple[Any, ...] = (ONE, TWO)
    change: Callable[[Any], object] | None = None
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    most: int | None = None
    sweeps: bool = True


MEETINGS = [
    Meeting("two runs where one is allowed", options={"max_runs": 1}, most=1),
    Meeting("two runs that must not overlap", options={"overlap": Overlap.SKIP}),
    Meeting("the last occurrence and the one before", UNTIL_TWO),
    Meeting("a run and its duplicate", delivered=(ONE, ONE), change=actors.rename),
    Meeting(
        "a run and its duplicate, whose clock is ahead",
        options={"on_unknown": OnUnknown.STOP},
        delivered=(ONE, ONE),
        clocks={"delivery-2": AHEAD},
    ),
    Meeting(
        "the last occurrence, a rename, and clocks that differ",
        UNTIL_TWO,
        {"on_missed": OnMissed.SKIP},
        delivered=(TWO,),
        change=actors.rename,
        clocks={"client": BEHIND, "sweeper": AHEAD},
    ),
    Meeting(
        "run now, and two deliveries where one is allowed",
        options={"max_runs": 1},
        change=actors.run_now,
        most=1,
        sweeps=False,
    ),
]

TAKES_LONG = {
    "a run and its duplicate",
    "two runs where one is allowed",
    "the last occurrence, a rename, and clocks that differ",
}
MEETINGS_BY_COST = [
    pytest.param(meeting, id=meeting.name, marks=[pytest.mark.long] if meeting.name in TAKES_LONG else [])
    for meeting in MEETINGS
]


@pytest.mark.parametrize("meeting", MEETINGS_BY_COST)
def test_in_no_order_is_a_promise_broken(meeting: Meeting, promise: Promise) -> None:
    _explore(meeting, promise, crashes=0)


@pytest.mark.long
@pytest.mark.parametrize("meeting", MEETINGS, ids=lambda meeting: meeting.name)
def test_nor_is_it_when_one_of_them_dies(meeting: Meeting, promise: Promise) -> None:
    _explore(meeting, promise, crashes=1)


def _explore(meeting: Meeting, promise: Promise, *, crashes: int) -> None:
    end = End(meeting)
    explorer = Explorer(end.life, tick=A_LEASE, rest=end.look, watch=end.watch)
    orders = explorer.explore(tuple(end.actors), crashes=crashes, ticks=0)

    assert end.faults == Counter()
    assert end.count
    assert explorer.states < MOST_STATES
    promise(2, f"{orders:,} orders of {meeting.name} ({explorer.states:,} states): nothing doubled, nothing lost")


class End:
    """The world of a meeting, looked at in each state, and when all actors have ended and time has gone on."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.life = Life()
        self.schedule = self._prepared()
        self.events = {f"delivery-{number}": self._event(at) for number, at in enumerate(meeting.delivered, 1)}
        self.actors = list(self._actors())
        self.count = 0
        self.faults: Faults = Counter()

    def _prepared(self) -> Schedule:
        """It has fired, and nothing came of it yet."""
        options = {"action": EMAIL, **self.meeting.options}
        schedule, _ = self.life.service.put("alice", "s1", timing=self.meeting.timing, **options)
        self.life.sweeps_down, self.life.copies = True, 0
        self.life.travel(max(self.meeting.delivered) + QUEUE_IS_BEHIND)
        self.life.sweeps_down, self.life.copies = False, 1
        return schedule

    def _event(self, at: Any) -> Mapping[str, Any]:
        return next(event for event in self.life.fired if event["scheduled_time"] == f"{at:%Y-%m-%dT%H:%M:%SZ}")

    def _actors(self) -> list[Actor]:
        clocks = {"client": timedelta(0), "sweeper": timedelta(0), **self.meeting.clocks}
        deliveries = [
            actors.delivery(event, name=name, ahead=clocks.get(name, timedelta(0)))
            for name, event in self.events.items()
        ]
        change = self.meeting.change
        clients = [actors.client(change, ahead=clocks["client"])] if change else []
        sweepers = [actors.sweeper(ahead=clocks["sweeper"])] if self.meeting.sweeps else []
        return [*deliveries, *clients, *sweepers]

    def watch(self, state: State) -> None:
        """What must hold at every moment."""
        if self.meeting.options.get("overlap") is not Overlap.SKIP:
            return
        at_work = [
            item
            for (_, sk), item in state.moment.items.items()
            if sk.startswith(ids.RUN_PREFIX) and item["status"] == RunStatus.RUNNING
        ]
        if len(at_work) > 1 and not any(actor.ended == "died" for actor in state.actors):
            self.faults["two are at work at the same time"] += 1

    def look(self, state: State) -> None:
        self.count += 1
        self.life.restore(state.moment)
        self.life.ended_well.clear()
        for actor in state.actors:
            if actor.name in self.events and actor.ended != "done":
                # Lambda tries again.
                self.life.queue.add(self.events[actor.name], state.moment.now + A_MINUTE)
        self.life.travel(SETTLED_AFTER)
        self.faults.update(self._faults(is_calm=all(actor.ended != "died" for actor in state.actors)))

    def _faults(self, *, is_calm: bool) -> list[str]:
        due = [ONE, TWO] if TWO in self.meeting.delivered else [ONE]
        also = [NOON + number * AN_HOUR for number in range(1, 12)]
        mails = len(self.life.done()) - sum(not run.is_occurrence for run in self.life.runs_of(self.schedule))
        found = [*disagreements(self.life), *broken(self.life, Promised(self.schedule, due=due, also=also))]
        if self.meeting.most is not None and is_calm and mails != self.meeting.most:
            found.append(f"{mails} mails of {self.meeting.most}")
        return found + (self._lost() if is_calm else [])

    def _lost(self) -> list[str]:
        """Whatever was delivered was carried out, or something is allowed to stand against it."""
        runs = {run.scheduled_time: run for run in self.life.runs_of(self.schedule) if run.is_occurrence}
        may_be_skipped = {"max_runs", "overlap"} & self.meeting.options.keys()
        lost = [
            f"{at:%H:%M} was lost: {runs[at].status}"
            for at in set(self.meeting.delivered)
            if at in runs and runs[at].status not in CARRIED_OUT and not may_be_skipped
        ]
        record = self.life.now_of(self.schedule)
        is_over = self.meeting.timing is UNTIL_TWO and record.status is not Status.COMPLETED
        return lost + ([f"it is {record.status}"] if is_over else [])
