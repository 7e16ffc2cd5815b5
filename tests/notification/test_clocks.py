"""The clocks of two processes differ by up to two minutes, and neither knows."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model.payload import read
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import OnUnknown
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Faults
from notification.guard import Do, Invocation, judge
from tests.notification.world import EMAIL, NOON, World, next_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AHEAD = timedelta(minutes=2)


def test_a_run_asked_for_by_a_process_behind_the_creators_clock_is_done(world: World) -> None:
    schedule = world.a_schedule()
    world.clock.now = NOON - AHEAD
    world.service.run_now("alice", schedule.schedule_id)
    (event,) = world.starter.events

    world.runner.handle(event, timedelta(seconds=30))

    (run,) = world.runs(schedule)
    assert run.status is RunStatus.SUCCEEDED


def test_a_run_of_an_earlier_schedule_under_the_same_id_is_superseded_whatever_the_clocks_say(world: World) -> None:
    timing = TimingSpec(after=timedelta(hours=1))
    world.service.put("alice", "s1", timing=timing, action=EMAIL)
    world.service.run_now("alice", "s1")
    (event,) = world.starter.events
    world.service.cancel("alice", "s1")
    world.clock.now = NOON - timedelta(seconds=1)
    world.service.put("alice", "s1", timing=timing, action=EMAIL)

    world.runner.handle(event, timedelta(seconds=30))

    assert world.mails() == []


def test_an_occurrence_of_the_old_timing_shortly_after_the_change_is_done_if_it_is_delivered(world: World) -> None:
    schedule = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    event, due = world.event(schedule), next_run(schedule)
    world.clock.now = due - AHEAD
    world.service.change("alice", schedule.schedule_id, timing=TimingSpec(cron="0 20 * * ? *", timezone="UTC"))

    world.fire(event)

    (run,) = world.runs(schedule)
    assert (run.scheduled_time, run.status) == (due, RunStatus.SUCCEEDED)


def test_a_rename_by_a_process_ahead_leaves_the_occurrence_that_is_still_to_come(world: World) -> None:
    schedule = world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL)
    due = next_run(schedule)
    world.clock.now = due + timedelta(seconds=2)
    world.service.change("alice", schedule.schedule_id, name="renamed")

    request = world.gateway.find("alice", schedule.schedule_id)
    assert request is not None
    assert request["StartDate"] == due


class Meanwhile(Faults):
    """Lets something happen right before the second claim."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = 0
        self.before_second: Callable[[], object] = lambda: None

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        self.claims += call == "repository.claim"
        if call == "repository.claim" and self.claims == 2:
            self.before_second()
        with super().around(call):
            yield


@pytest.mark.parametrize("on_unknown", OnUnknown)
def test_an_environment_past_a_live_lease_does_not_undo_what_ended_meanwhile(on_unknown: OnUnknown) -> None:
    faults = Meanwhile()
    world = World(faults)
    schedule = world.service.create_recurring(
        user_id="alice", rate="15 minutes", action=EMAIL, on_unknown=on_unknown, max_runs=5
    )
    event = world.event(schedule)
    invoked = Invocation(next_run(schedule), next_run(schedule) + timedelta(seconds=35), "first", timedelta(days=90))
    running = judge(read(event), schedule, None, invoked)
    assert isinstance(running, Do)
    world.repository.claim(running.run, expecting=schedule, replacing=None)
    ended = running.run.ended(RunStatus.SUCCEEDED, invoked.started_at)
    faults.claims = 0
    faults.before_second = lambda: world.repository.finish(
        ended, replacing=running.run, expecting=schedule, updated=None
    )

    world.fire(event, lateness=AHEAD)

    assert world.runs(schedule) == [ended]
