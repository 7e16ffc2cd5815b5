"""Weeks of client requests, late and repeated deliveries, sweeps and faults in any order agree with a simple model.

The model knows the requests and has its own calendar. It reads from a record only whether and when a request was
applied. Each promised occurrence has one finished run, nothing else is carried out, and in weeks without faults every
occurrence is carried out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, takewhile
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from chalicelib.core.errors import ScheduledTasksError, SchedulerUnavailable
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash
from tests.notification.world import EMAIL, NOON
from tests.simulation.agreement import disagreements
from tests.simulation.breaker import Breaker, Kind
from tests.simulation.simulator import A_DAY, A_MINUTE, A_SECOND, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule

BERLIN = ZoneInfo("Europe/Berlin")
FOREVER = datetime.max.replace(tzinfo=UTC) - 2 * A_DAY
MAY_BE_LATE = 5 * A_MINUTE
SETTLED_AFTER = 6 * AN_HOUR


class Plan(Protocol):
    """A timing, as the model understands it."""

    @property
    def spec(self) -> TimingSpec: ...

    @property
    def period(self) -> int | None:
        """In minutes, of a rate."""

    def times(self, begun: datetime) -> Iterator[datetime]:
        """All of them, if it was asked for at `begun`."""


@dataclass(frozen=True)
class Once:
    """After some minutes, at the next whole second."""

    minutes: int

    @property
    def spec(self) -> TimingSpec:
        return TimingSpec(after=self.minutes * A_MINUTE)

    @property
    def period(self) -> None:
        return None

    def times(self, begun: datetime) -> Iterator[datetime]:
        yield _ceil(begun, A_SECOND) + self.minutes * A_MINUTE


@dataclass(frozen=True)
class Every:
    """Each so many minutes, counted from the next whole one."""

    minutes: int

    @property
    def spec(self) -> TimingSpec:
        return TimingSpec(rate=f"{self.minutes} minutes")

    @property
    def period(self) -> int:
        return self.minutes

    def times(self, begun: datetime) -> Iterator[datetime]:
        return (_ceil(begun, A_MINUTE) + number * self.minutes * A_MINUTE for number in count(1))


@dataclass(frozen=True)
class InBerlin:
    """At 20 past these hours there, each day or on Mondays only."""

    hours: tuple[int, ...]
    mondays: bool = False

    @property
    def spec(self) -> TimingSpec:
        days = "? * MON" if self.mondays else "* * ?"
        return TimingSpec(cron=f"20 {','.join(map(str, self.hours))} {days} *", timezone="Europe/Berlin")

    @property
    def period(self) -> None:
        return None

    def times(self, begun: datetime) -> Iterator[datetime]:
        days = (begun.date() + number * A_DAY for number in count(-1))
        return (self._at(day, hour) for day in days for hour in self.hours if not self.mondays or day.weekday() == 0)

    def _at(self, day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour, 20), BERLIN).astimezone(UTC)


@dataclass
class Span:
    """While a plan held: what lies after `after`, and not after `until`."""

    plan: Plan
    begun: datetime
    after: datetime
    until: datetime = FOREVER

    def occurrences(self, now: datetime, margin: timedelta) -> list[datetime]:
        """Without those that lie within `margin` of its ends; with a negative one, and those beyond them."""
        times = takewhile(lambda at: at <= min(self.until - margin, now), self.plan.times(self.begun))
        return [at for at in times if at > self.after + margin]


@dataclass
class Promises:
    """What the schedule of one id promises.

    `quiet_until` is the end of the last pause; `stops` may overtake a run. What begins anew under the id of one that
    has ended knows nothing of what that one would still have skipped: its own spans are those from `first` on.
    `margin` is how far clocks differ: so near to a change, an occurrence may be the one's or the other's.
    """

    margin: timedelta = timedelta(0)
    spans: list[Span] = field(default_factory=list)
    stops: list[datetime] = field(default_factory=list)
    quiet_until: datetime = NOON
    first: int = 0

    def begin(self, plan: Plan, now: datetime) -> None:
        self.quiet_until, self.first = now, len(self.spans)
        self._open(plan, now, now)

    def retime(self, plan: Plan, now: datetime) -> None:
        """The same rate keeps its phase."""
        last = self.spans[-1]
        keeps_phase = plan.period is not None and plan.period == last.plan.period
        self._open(plan, last.begun if keeps_phase else now, now)

    def pause(self, until: datetime | None, now: datetime) -> None:
        self.stops.append(now)
        self.quiet_until = until or FOREVER
        self._go_on(now)

    def resume(self, now: datetime) -> None:
        self.quiet_until = now
        self._go_on(now)

    def cancel(self, now: datetime) -> None:
        self.stops.append(now)
        self.spans[-1].until = now

    def allowed(self, now: datetime) -> set[datetime]:
        return {at for span in self.spans for at in span.occurrences(now, -self.margin)}

    def promised(self, now: datetime) -> set[datetime]:
        return {at for span in self.spans[self.first :] for at in span.occurrences(now, self.margin)}

    def is_overtaken(self, occurrence: datetime, late: timedelta) -> bool:
        """Was it stopped before it may have been delivered?"""
        first, last = occurrence - self.margin, occurrence + late + self.margin
        return any(first <= stop <= last for stop in self.stops)

    def _go_on(self, now: datetime) -> None:
        self._open(self.spans[-1].plan, self.spans[-1].begun, now)

    def _open(self, plan: Plan, begun: datetime, now: datetime) -> None:
        if self.spans:
            self.spans[-1].until = min(self.spans[-1].until, now)
        # What is due at the very end of a pause is done.
        self.spans.append(Span(plan, begun, max(now, self.quiet_until - A_SECOND)))


IDS = st.sampled_from(["s1", "s2"])
PLANS: st.SearchStrategy[Plan] = st.one_of(
    # What is lost is waited for for two hours: these are due again in that time, so they are tried most.
    st.sampled_from([Every(50), Every(55)]),
    st.sampled_from([Every(40), Every(50), Every(300), Every(24 * 60)]),
    st.integers(1, 600).map(Once),
    st.sampled_from([InBerlin((1, 5, 9, 13, 17, 21)), InBerlin((9,)), InBerlin((18,), mondays=True)]),
)
WHILES = st.one_of(
    st.integers(1, 300).map(lambda seconds: seconds * A_SECOND),
    st.integers(1, 300).map(lambda minutes: minutes * A_MINUTE),
    st.integers(5, 40).map(lambda hours: hours * AN_HOUR),
)
LAGS = st.sampled_from([timedelta(0), A_SECOND, 20 * A_SECOND, 50 * A_SECOND])
LATENESSES = st.sampled_from([timedelta(0), 40 * A_SECOND, 4 * A_MINUTE])


class Weeks(RuleBasedStateMachine):
    """Two schedules of one user, and all that can happen to them."""

    clocks_differ_by = timedelta(0)

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.life = Life(self.breaker)
        self.breaker.sleep = self.life.clock.sleep
        self.lag = timedelta(0)
        self.life.repository.lag_behind(self.life.clock, lambda: self.lag)
        self.model: dict[str, Promises] = {}
        self.calm = True
        self.late = MAY_BE_LATE

    # Clients

    @initialize(first=PLANS, second=PLANS, calm=st.sampled_from([True, False, False]))
    def there_are_two(self, first: Plan, second: Plan, calm: bool) -> None:  # noqa: FBT001 - hypothesis names it
        self.calm = calm
        self.put("s1", first)
        self.put("s2", second)

    @rule(schedule_id=IDS, plan=PLANS)
    def put(self, schedule_id: str, plan: Plan) -> None:
        before = self._record(schedule_id)
        now = self._ask(
            schedule_id, lambda: self.life.service.put("alice", schedule_id, timing=plan.spec, action=EMAIL)
        )
        if now is not None and before is not None and before.status.is_live:
            self.model[schedule_id].retime(plan, now)
        elif now is not None:
            self.model.setdefault(schedule_id, Promises(self.clocks_differ_by)).begin(plan, now)

    @rule(schedule_id=IDS, plan=PLANS)
    def retime(self, schedule_id: str, plan: Plan) -> None:
        now = self._ask(schedule_id, lambda: self.life.service.change("alice", schedule_id, timing=plan.spec))
        if now is not None:
            self.model[schedule_id].retime(plan, now)

    @rule(schedule_id=IDS)
    def rename(self, schedule_id: str) -> None:
        self._ask(schedule_id, lambda: self.life.service.change("alice", schedule_id, name="other"))

    @rule(schedule_id=IDS, length=st.none() | WHILES)
    def pause(self, schedule_id: str, length: timedelta | None) -> None:
        until = None if length is None else self.life.clock.now + length
        now = self._ask(schedule_id, lambda: self.life.service.pause("alice", schedule_id, until=until))
        if now is not None:
            self.model[schedule_id].pause(until, now)

    @rule(schedule_id=IDS)
    def resume(self, schedule_id: str) -> None:
        now = self._ask(schedule_id, lambda: self.life.service.resume("alice", schedule_id))
        if now is not None:
            self.model[schedule_id].resume(now)

    @rule(schedule_id=IDS)
    def cancel(self, schedule_id: str) -> None:
        now = self._ask(schedule_id, lambda: self.life.service.cancel("alice", schedule_id))
        if now is not None:
            self.model[schedule_id].cancel(now)

    @rule(schedule_id=IDS)
    def run_now(self, schedule_id: str) -> None:
        self._is_answered(lambda: self.life.service.run_now("alice", schedule_id))

    # The world

    @rule(length=WHILES)
    def time_passes(self, length: timedelta) -> None:
        self.life.travel(length)

    @precondition(lambda self: self.life.bridge.next_beat)
    @rule(after=st.sampled_from([timedelta(0), 20 * A_SECOND, 2 * A_MINUTE]))
    def the_next_one_has_just_fired(self, after: timedelta) -> None:
        beat = self.life.bridge.next_beat
        assert beat is not None
        self.life.travel(beat.at + after)

    @precondition(lambda self: self.life.bridge.next_beat)
    @rule(before=st.sampled_from([A_SECOND, 30 * A_SECOND, 3 * A_MINUTE]))
    def the_next_one_is_about_to_fire(self, before: timedelta) -> None:
        beat = self.life.bridge.next_beat
        assert beat is not None
        self.life.travel(max(beat.at - before, self.life.clock.now))

    @precondition(lambda self: not self.calm and self.life.bridge.next_beat)
    @rule(after=st.sampled_from([timedelta(0), 20 * A_SECOND, 2 * A_MINUTE]), fires_again=st.booleans())
    def one_delivery_is_lost(self, after: timedelta, fires_again: bool) -> None:  # noqa: FBT001 - hypothesis names it
        """And all are good again, be it for a change or for the next one."""
        self.life.copies = 0
        self.the_next_one_has_just_fired(after)
        self.life.copies = 1
        if fires_again:
            self.life.travel(AN_HOUR)

    @rule(lateness=LATENESSES, copies=st.integers(1, 2))
    def deliveries_become(self, lateness: timedelta, copies: int) -> None:
        self.life.lateness, self.life.copies = lateness, copies

    @rule(lag=LAGS)
    def lists_are_behind(self, lag: timedelta) -> None:
        self.lag = lag

    @precondition(lambda self: not self.calm)
    @rule()
    def deliveries_are_lost(self) -> None:
        self.life.copies = 0

    @precondition(lambda self: self.life.fired)
    @rule(back=st.integers(1, 5))
    def an_old_delivery_comes_again(self, back: int) -> None:
        self.life.queue.add(self.life.fired[-back:][0], self.life.clock.now)

    @precondition(lambda self: not self.calm)
    @rule(number=st.integers(1, 12), kind=st.sampled_from(Kind))
    def a_call_will_break(self, number: int, kind: Kind) -> None:
        self.breaker.break_call(number, kind)

    @precondition(lambda self: not self.calm)
    @rule(length=st.integers(1, 200))
    def eventbridge_is_down(self, length: int) -> None:
        self.breaker.always("gateway.*", SchedulerUnavailable)
        self.life.travel(length * A_MINUTE)
        self.breaker.clear()

    # What must hold

    def teardown(self) -> None:
        self.breaker.mend()
        self.life.lateness, self.life.copies = timedelta(0), 1
        self.life.travel(SETTLED_AFTER)
        self.life.travel(self.life.clock.now.replace(second=30, microsecond=0) + A_MINUTE)

        assert disagreements(self.life) == []
        for schedule_id, promises in self.model.items():
            assert (schedule_id, self._broken(schedule_id, promises)) == (schedule_id, [])
        assert self._repeated() == []

    def _broken(self, schedule_id: str, promises: Promises) -> list[str]:
        runs = self._runs(schedule_id)
        promised = promises.promised(self.life.clock.now - self.late)
        allowed = promises.allowed(self.life.clock.now + self.clocks_differ_by)
        undone = (at for at in promised & runs.keys() if not _is_done(runs[at]))
        neglected = (at for at in undone if not promises.is_overtaken(at, self.late))
        return [
            *(f"{at}: nothing is known of it" for at in promised - runs.keys()),
            *(f"{at}: carried out, and not promised" for at in runs.keys() - allowed if _is_done(runs[at])),
            *(f"{at}: {runs[at].reason}" for at in neglected if self.calm),
        ]

    def _repeated(self) -> list[str]:
        """What was done twice. A process that dies after the work, and before it is recorded, may cause that."""
        return [run for run, times in Counter(self.life.done()).items() if self.calm and times > 1]

    # Asking

    def _ask(self, schedule_id: str, request: Callable[[], object]) -> datetime | None:
        """When the request came to be, if it did. One without an answer may have; one that failed is withdrawn."""
        before = self._record(schedule_id)
        is_answered = self._is_answered(request)
        after = self._record(schedule_id)
        is_new = after is not None and (before is None or before.revision != after.revision)
        assert is_new or not is_answered or (after is not None and not after.status.is_live)
        if after is None or not is_new or after.status is Status.FAILED:
            return None
        # A change by a clock that is behind has an earlier time than `updated_at`, which never goes back.
        timings = [(record.timing, record.timing_changed_at) for record in (before, after) if record is not None]
        has_new_timing = before is None or timings[0] != timings[1]
        return after.timing_changed_at if has_new_timing else after.updated_at

    def _is_answered(self, request: Callable[[], object]) -> bool:
        try:
            request()
        except (Crash, ScheduledTasksError):
            return False
        return True

    def _record(self, schedule_id: str) -> Schedule | None:
        return next((record for record in self.life.records() if record.schedule_id == schedule_id), None)

    def _runs(self, schedule_id: str) -> dict[datetime, Run]:
        runs = (run for run in self.life.all_runs() if run.schedule_id == schedule_id and run.is_occurrence)
        return {run.scheduled_time: run for run in runs}


def _ceil(at: datetime, step: timedelta) -> datetime:
    return NOON - (NOON - at) // step * step


def _is_done(run: Run) -> bool:
    return run.status is RunStatus.SUCCEEDED


def test_weeks_of_anything_keep_every_promise() -> None:
    small = settings(max_examples=20, stateful_step_count=25, derandomize=True, database=None)
    run_state_machine_as_test(Weeks, settings=small)


@pytest.mark.long
def test_many_more_weeks_of_anything_keep_every_promise() -> None:
    run_state_machine_as_test(Weeks, settings=settings(max_examples=400, stateful_step_count=50, print_blob=True))
