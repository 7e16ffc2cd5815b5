"""The same weeks as in test_stateful.py in a rougher world: every process has its own clock, Lambda's queue is behind,
and each part alone is off for a while.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from tests.simulation.simulator import A_MINUTE, AN_HOUR
from tests.simulation.test_stateful import Weeks

TWO_MINUTES = 2 * A_MINUTE
SECONDS_APART = st.integers(0, 120)
OUTAGES = st.integers(10, 60 * 26).map(lambda minutes: minutes * A_MINUTE)
MOST_BEHIND = 50 * A_MINUTE


class RoughWeeks(Weeks):
    """No two clocks, nor one and the true time, are further apart than two minutes."""

    clocks_differ_by = TWO_MINUTES

    @rule(slowest=SECONDS_APART, api=SECONDS_APART, sweeper=SECONDS_APART, function=SECONDS_APART)
    def clocks_are_set(self, slowest: int, api: int, sweeper: int, function: int) -> None:
        for process, ahead in (("api", api), ("sweeper", sweeper), ("lambda", function)):
            self.life.ahead[process] = timedelta(seconds=ahead - slowest)

    @rule(minutes=st.sampled_from([0, 0, 3, 6, 14, MOST_BEHIND // A_MINUTE]))
    def the_queue_is_behind(self, minutes: int) -> None:
        self.late = max(self.late, minutes * A_MINUTE + 5 * A_MINUTE)
        self.life.queue.backlog = lambda: minutes * A_MINUTE

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


def test_rough_weeks_keep_every_promise() -> None:
    small = settings(max_examples=40, stateful_step_count=25, derandomize=True, database=None)
    run_state_machine_as_test(RoughWeeks, settings=small)


@pytest.mark.long
def test_many_more_rough_weeks_keep_every_promise() -> None:
    run_state_machine_as_test(RoughWeeks, settings=settings(max_examples=300, stateful_step_count=40, print_blob=True))
