"""The weeks of test_stateful.py with more faults: each process has its own clock, Lambda's queue is late, and each part
has an outage.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from chalicelib.core.model.run import RunStatus
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.simulation.promised import came_in_time
from tests.simulation.simulator import A_MINUTE, AN_HOUR
from tests.simulation.test_stateful import IDS, PLANS, Every, Plan, Weeks

if TYPE_CHECKING:
    from collections.abc import Iterator

TWO_MINUTES = 2 * A_MINUTE
SECONDS_APART = st.integers(0, 120)
OUTAGES = st.integers(10, 60 * 26).map(lambda minutes: minutes * A_MINUTE)
MOST_BEHIND = 50 * A_MINUTE


@dataclass(frozen=True)
class Ending:
    """Each so many minutes, counted from the next whole one, up to an end."""

    minutes: int
    end_at: datetime

    @property
    def spec(self) -> TimingSpec:
        return TimingSpec(rate=f"{self.minutes} minutes", end_at=self.end_at)

    @property
    def period(self) -> int:
        return self.minutes

    def times(self, begun: datetime) -> Iterator[datetime]:
        return takewhile(lambda at: at <= self.end_at, Every(self.minutes).times(begun))


class RoughWeeks(Weeks):
    """No two clocks, nor one and the true time, are further apart than two minutes."""

    clocks_differ_by = TWO_MINUTES

    @initialize(first=PLANS, second=PLANS, calm=st.sampled_from([True, True, False]))
    def there_are_two(self, first: Plan, second: Plan, calm: bool) -> None:  # noqa: FBT001 - hypothesis names it
        self.calm = calm
        self.put("s1", first)
        self.put("s2", second)

    @rule(slowest=SECONDS_APART, api=SECONDS_APART, sweeper=SECONDS_APART, function=SECONDS_APART)
    def clocks_are_set(self, slowest: int, api: int, sweeper: int, function: int) -> None:
        for process, ahead in (("api", api), ("sweeper", sweeper), ("lambda", function)):
            self.life.ahead[process] = timedelta(seconds=ahead - slowest)

    @rule(minutes=st.sampled_from([0, 0, 3, 6, 14, MOST_BEHIND // A_MINUTE]))
    def the_queue_is_behind(self, minutes: int) -> None:
        self.late = max(self.late, minutes * A_MINUTE + 5 * A_MINUTE)
        self.life.queue.backlog = lambda: minutes * A_MINUTE

    @rule(schedule_id=IDS, minutes=st.sampled_from([5, 15, 40]), number=st.integers(1, 4), rests=st.booleans())
    def one_that_ends(self, schedule_id: str, minutes: int, number: int, rests: bool) -> None:  # noqa: FBT001 - hypothesis names it
        """It is left alone to its end, or not."""
        end_at = self.life.clock.now.replace(second=0, microsecond=0) + (minutes * number + 4) * A_MINUTE
        self.put(schedule_id, Ending(minutes, end_at))
        if rests:
            self.life.travel(end_at + 2 * AN_HOUR)

    @precondition(lambda self: self.life.bridge.next_beat)
    @rule(before=st.sampled_from([1, 3, 30, 100]), ahead=st.sampled_from([0, 5, 60, 120]))
    def a_rename_just_before_the_next_one(self, before: int, ahead: int) -> None:
        """By a process whose clock is ahead."""
        beat = self.life.bridge.next_beat
        assert beat is not None
        schedule_id = self.life.bridge.schedules[beat.name]["Description"].split(" / ")[1]
        self.the_next_one_is_about_to_fire(timedelta(seconds=before))
        self.clocks_are_set(0, ahead, 0, 0)
        self.rename(schedule_id)

    @precondition(lambda self: self.life.bridge.next_beat)
    @rule(schedule_id=IDS, before=st.sampled_from([1, 3, 30, 100]), plan=PLANS)
    def another_timing_just_before_the_next_one(self, schedule_id: str, before: int, plan: Plan) -> None:
        self.the_next_one_is_about_to_fire(timedelta(seconds=before))
        self.retime(schedule_id, plan)

    @precondition(lambda self: not self.calm)
    @rule(length=OUTAGES)
    def no_sweeps(self, length: timedelta) -> None:
        self.life.sweeps_down = True
        self.life.travel(length)
        self.life.sweeps_down = False

    @precondition(lambda self: not self.calm)
    @rule(length=OUTAGES)
    def no_lambda(self, length: timedelta) -> None:
        self.life.queue.is_down = True
        self.life.travel(length)
        self.life.queue.is_down = False

    @precondition(lambda self: not self.calm)
    @rule(hours=st.integers(1, 6))
    def no_group(self, hours: int) -> None:
        self.life.bridge.lose_group()
        self.life.travel(hours * AN_HOUR)
        self.life.bridge.restore_group()
        # What is due in a week only would be found missing then.
        self.rename("s1")
        self.rename("s2")

    @precondition(lambda self: not self.calm)
    @rule(down=st.sampled_from(["sweeps", "lambda", "nothing", "nothing"]))
    def something_is_off_from_now_on(self, down: str) -> None:
        """So that clients make changes meanwhile."""
        self.life.sweeps_down = down == "sweeps"
        self.life.queue.is_down = down == "lambda"

    def teardown(self) -> None:
        self.life.ahead.clear()
        self.life.queue.backlog = lambda: timedelta(0)
        self.life.sweeps_down = self.life.queue.is_down = False
        super().teardown()
        assert self._missed_though_delivered() == []

    def _missed_though_delivered(self) -> list[str]:
        missed = (run for run in self.life.all_runs() if run.status is RunStatus.MISSED)
        records = {record.schedule_id: record for record in self.life.records()}
        return [run.run_id for run in missed if came_in_time(self.life, records[run.schedule_id], run)]


@pytest.mark.long
def test_rough_weeks_keep_every_promise() -> None:
    # What fails is made smaller in the long one: here that would take minutes.
    small = settings(max_examples=15, stateful_step_count=25, derandomize=True, database=None, phases=[Phase.generate])
    run_state_machine_as_test(RoughWeeks, settings=small)


@pytest.mark.long
def test_many_more_rough_weeks_keep_every_promise() -> None:
    run_state_machine_as_test(RoughWeeks, settings=settings(max_examples=100, stateful_step_count=40, print_blob=True))
