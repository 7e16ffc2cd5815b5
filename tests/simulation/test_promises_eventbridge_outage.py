"""A change answered with 202 is applied after EventBridge's outage, and occurrences during the outage are on time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import SchedulerUnavailable
from chalicelib.core.model.schedule import OnMissed, RetryPolicy
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Faults
from tests.notification.world import NOON, throttled
from tests.simulation.promised import Promised, broken
from tests.simulation.simulator import A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST = range(70, 121, 10)
A_CALL_TIMES_OUT_AFTER = 8.0


@pytest.mark.parametrize("minutes", FIRST)
def test_eventbridge_was_down_for_65_minutes_and_what_comes_first_after_that_is_on_time(
    life: Life, minutes: int
) -> None:
    life.faults.always("gateway.*", SchedulerUnavailable)
    at = NOON + minutes * A_MINUTE
    once = life.one_time(minutes * A_MINUTE, on_missed=OnMissed.SKIP)
    often = life.recurring(rate="6 hours", start_at=at, on_missed=OnMissed.SKIP)
    assert (once.confirmed, often.confirmed) == (False, False)

    life.travel(65 * A_MINUTE)
    life.faults.clear()
    life.travel(at + 4 * AN_HOUR)

    assert [broken(life, Promised(schedule, due=[at])) for schedule in (once, often)] == [[], []]
    assert len(life.done()) == 2
    assert all(run.lateness is not None and run.lateness < A_MINUTE for run in life.all_runs())


@pytest.mark.parametrize("minutes", [5, 17, 36])
def test_a_change_that_was_accepted_meanwhile_is_tried_again_soon(life: Life, minutes: int) -> None:
    schedule = life.recurring(rate="24 hours")
    life.faults.always("gateway.*", SchedulerUnavailable)
    at = NOON + (65 + minutes) * A_MINUTE
    life.service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="24 hours", start_at=at))

    life.travel(65 * A_MINUTE)
    life.faults.clear()
    life.travel(at + A_MINUTE)

    assert [(run.scheduled_time, run.status.value) for run in life.runs_of(schedule)] == [(at, "succeeded")]


def test_no_open_intent_waits_for_longer_than_five_minutes(life: Life) -> None:
    life.faults.always("gateway.*", SchedulerUnavailable)
    schedule = life.one_time(48 * AN_HOUR)
    life.travel(5 * AN_HOUR)
    assert not life.now_of(schedule).confirmed

    life.faults.clear()
    life.travel(6 * A_MINUTE)

    assert life.now_of(schedule).confirmed


class Unreachable(Faults):
    """Each call to EventBridge hangs and then fails, while `sleep` is set."""

    sleep: Callable[[float], None] | None = None
    tries = 0

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        if self.sleep is not None and call.startswith("gateway."):
            self.tries += 1
            self.sleep(A_CALL_TIMES_OUT_AFTER)
            raise SchedulerUnavailable
        yield


@pytest.mark.parametrize("intents", [100, pytest.param(10_000, marks=pytest.mark.long)])
def test_due_retries_stay_on_time_behind_all_the_intents_that_eventbridge_cannot_take(intents: int) -> None:
    faults = Unreachable()
    life = Life(faults)
    failing = [life.one_time(90 * A_MINUTE, retry=RetryPolicy(3, 120)) for _ in range(5)]
    life.travel(NOON + 85 * A_MINUTE)
    faults.sleep = _no_time_passes
    for number in range(intents):
        life.one_time(48 * AN_HOUR, user_id=f"user-{number // 500}")
    faults.sleep = life.clock.sleep
    life.aws.errors = [throttled() for _ in failing]

    life.travel(NOON + 97 * A_MINUTE)
    done = len(life.done())
    faults.sleep = None

    assert done == len(failing)


@pytest.mark.parametrize("others", ["overdue", "resumed"])
def test_due_retries_stay_on_time_behind_all_that_eventbridge_is_asked_about_in_vain(others: str) -> None:
    faults = Unreachable()
    life = Life(faults)
    failing = [life.one_time(90 * A_MINUTE, retry=RetryPolicy(3, 120)) for _ in range(5)]
    lost = [life.one_time(86 * A_MINUTE) for _ in range(100)]
    if others == "overdue":
        for schedule in lost:
            life.lose(schedule)
    else:
        for schedule in lost:
            life.service.pause("alice", schedule.schedule_id, until=NOON + 92 * A_MINUTE)
    life.travel(NOON + 85 * A_MINUTE)
    faults.sleep = life.clock.sleep
    life.aws.errors = [throttled() for _ in failing]

    life.travel(NOON + 97 * A_MINUTE)
    done = len(life.done())
    faults.sleep = None

    assert done == len(failing)


def _no_time_passes(_: float) -> None:
    """A client that asks for nothing else."""
