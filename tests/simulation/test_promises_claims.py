"""A claim never overwrites a run that has ended or a run that another invocation holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnUnknown
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import InMemoryRepository
from tests.notification.world import EMAIL, NOON
from tests.simulation import actors
from tests.simulation.explorer import play
from tests.simulation.promised import Promised, broken
from tests.simulation.simulator import A_LEASE, A_MINUTE, AN_HOUR, Life

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule
    from tests.simulation.explorer import Actor

ONE = NOON + AN_HOUR
HOURLY = TimingSpec(rate="1 hour")
AHEAD = 2 * A_MINUTE


@pytest.mark.parametrize("on_unknown", OnUnknown)
def test_an_environment_whose_clock_is_past_a_live_lease_does_not_touch_what_has_ended(on_unknown: OnUnknown) -> None:
    life, schedule, everybody = _a_run_and_its_duplicate(on_unknown)

    play(life, everybody, "run run duplicate run duplicate duplicate duplicate duplicate", tick=A_LEASE)

    (run,) = life.runs_of(schedule)
    assert (run.status, life.now_of(schedule).run_count) == (RunStatus.SUCCEEDED, 1)
    assert broken(life, Promised(schedule, due=[ONE])) == []


@pytest.mark.parametrize("on_unknown", OnUnknown)
def test_where_it_takes_a_run_over_that_is_at_work_the_run_counts_once_and_says_so(on_unknown: OnUnknown) -> None:
    life, schedule, everybody = _a_run_and_its_duplicate(on_unknown)

    play(life, everybody, "run run duplicate duplicate run duplicate duplicate duplicate run run", tick=A_LEASE)
    life.travel(10 * A_MINUTE)

    assert life.now_of(schedule).run_count == 1
    assert broken(life, Promised(schedule, due=[ONE])) == []


def _a_run_and_its_duplicate(on_unknown: OnUnknown) -> tuple[Life, Schedule, dict[str, Actor]]:
    life = Life()
    schedule, _ = life.service.put("alice", "s1", timing=HOURLY, action=EMAIL, on_unknown=on_unknown)
    life.clock.now = ONE
    event = life.event(schedule, ONE)
    return life, schedule, {"run": actors.run(), "duplicate": actors.delivery(event, ahead=AHEAD)}


class SdkThatRepeats(InMemoryRepository):
    """Each write is sent twice: the answer to the first one was lost, and the SDK tried again."""

    def claim(self, *args: Any, **kwargs: Any) -> Any:
        super().claim(*args, **kwargs)
        return super().claim(*args, **kwargs)

    def finish(self, *args: Any, **kwargs: Any) -> Any:
        super().finish(*args, **kwargs)
        return super().finish(*args, **kwargs)


def test_the_repeat_of_our_own_write_finds_its_result_and_counts_nothing_twice() -> None:
    life = Life()
    life.repository = SdkThatRepeats(life.faults)
    life.service, life.runner, life.sweeper = life.a_service(), life.a_runner(), life._a_sweeper()
    schedule = life.recurring(max_runs=3)

    life.travel(2 * AN_HOUR)

    assert (len(life.done()), life.now_of(schedule).run_count) == (3, 3)
    due = [NOON + number * 15 * A_MINUTE for number in (1, 2, 3)]
    assert broken(life, Promised(schedule, due=due)) == []
