"""`max_runs` is a cap, and `overlap: skip` sees what is running: also while runs are under way side by side."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model import reasons
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Overlap, RetryPolicy, Status
from chalicelib.core.timing.instants import from_iso
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import Crash, Faults
from tests.notification.world import A_MINUTE, EMAIL, World, next_run, throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chalicelib.core.model.schedule import Schedule

QUARTER = timedelta(minutes=15)


class WhileItSends(Faults):
    """Lets something happen in other environments while the first mail is being sent."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        if call == "provider.send_email" and self.meanwhile:
            self.meanwhile.pop(0)()
        with super().around(call):
            yield


@pytest.fixture
def faults() -> WhileItSends:
    return WhileItSends()


@pytest.fixture
def world(faults: WhileItSends) -> World:
    return World(faults)


def recurring(world: World, **details: Any) -> Schedule:
    return world.service.create_recurring(user_id="alice", rate="15 minutes", action=EMAIL, **details)


def events(world: World, schedule: Schedule, count: int) -> list[dict[str, Any]]:
    return [world.event(schedule, at=next_run(schedule) + number * QUARTER) for number in range(count)]


def side_by_side(world: World, faults: WhileItSends, waiting: list[dict[str, Any]]) -> None:
    """Each event is handled while the mail of the one before it is being sent."""
    now = world.clock.now + 2 * QUARTER * len(waiting)

    def handle(event: dict[str, Any]) -> None:
        world.clock.now = now
        world.a_runner().handle(event, timedelta(seconds=30))

    first, *others = waiting
    faults.meanwhile = [lambda event=event: handle(event) for event in others]  # type: ignore[misc]
    handle(first)
    while faults.meanwhile:
        faults.meanwhile.pop(0)()


def test_six_events_that_waited_side_by_side_are_no_more_mails_than_max_runs(
    world: World, faults: WhileItSends
) -> None:
    schedule = recurring(world, max_runs=2)

    side_by_side(world, faults, events(world, schedule, 6))

    after = world.service.get("alice", schedule.schedule_id)
    assert (len(world.mails()), after.run_count, after.reserved) == (2, 2, 0)
    skipped = [run.reason for run in world.runs(schedule) if run.status is RunStatus.SKIPPED]
    assert len(skipped) == 4
    assert set(skipped) <= {reasons.max_runs_reached(2), reasons.schedule_was(Status.COMPLETED)}


def test_a_run_that_is_running_in_this_second_overlaps(world: World, faults: WhileItSends) -> None:
    schedule = recurring(world, overlap=Overlap.SKIP)
    first, second = events(world, schedule, 2)

    side_by_side(world, faults, [first, second])

    skipped, done = world.runs(schedule)
    assert done.status is RunStatus.SUCCEEDED
    assert skipped.reason == reasons.overlaps(from_iso(first["scheduled_time"]))
    assert world.service.get("alice", schedule.schedule_id).running == ()


def test_a_late_delivery_overlaps_a_later_run_that_is_running(world: World, faults: WhileItSends) -> None:
    schedule = recurring(world, overlap=Overlap.SKIP)
    first, second = events(world, schedule, 2)

    side_by_side(world, faults, [second, first])

    assert len(world.mails()) == 1
    done, skipped = world.runs(schedule)
    assert done.status is RunStatus.SUCCEEDED
    assert skipped.reason == reasons.overlaps(from_iso(second["scheduled_time"]))


def test_a_later_run_that_waits_for_its_retry_does_not_overlap_a_late_delivery(world: World) -> None:
    schedule = recurring(world, overlap=Overlap.SKIP)
    first, second = events(world, schedule, 2)
    world.aws.errors.append(throttled())
    world.fire(second)

    world.fire(first, lateness=QUARTER + A_MINUTE)

    waiting, done = world.runs(schedule)
    assert (waiting.status, done.status) == (RunStatus.RETRYING, RunStatus.SUCCEEDED)


def test_after_a_run_has_ended_the_next_one_does_not_overlap(world: World) -> None:
    schedule = recurring(world, overlap=Overlap.SKIP)

    for event in events(world, schedule, 3):
        world.fire(event)

    assert len(world.mails()) == 3


def test_a_retry_keeps_its_place(world: World) -> None:
    schedule = recurring(world, max_runs=1, retry=RetryPolicy(max_retries=2))
    first, second = events(world, schedule, 2)
    world.aws.errors = [throttled()]
    world.fire(first)

    world.fire(second)

    assert world.service.get("alice", schedule.schedule_id).reserved == 1
    assert [run.status for run in world.runs(schedule)] == [RunStatus.SKIPPED, RunStatus.RETRYING]


def test_a_run_whose_process_died_keeps_its_place(world: World) -> None:
    schedule = recurring(world, max_runs=1)
    first, second = events(world, schedule, 2)
    world.faults.once("repository.finish", Crash)
    with pytest.raises(Crash):
        world.fire(first)

    world.fire(second)

    assert len(world.mails()) == 1
    assert world.service.get("alice", schedule.schedule_id).reserved == 1


def test_a_held_run_keeps_its_place(world: World) -> None:
    schedule = recurring(world, max_runs=1)
    first, second = events(world, schedule, 2)
    world.hold("SES is down")
    world.fire(first)
    world.hold(None)

    world.fire(second)

    skipped, held = world.runs(schedule)
    assert held.status is RunStatus.HELD
    assert skipped.reason == reasons.max_runs_reached(1)


def test_a_repeated_delivery_takes_no_second_place(world: World) -> None:
    schedule = recurring(world, max_runs=2)
    first, second = events(world, schedule, 2)
    world.faults.once("repository.finish", Crash)
    with pytest.raises(Crash):
        world.fire(first)
    world.fire(first, lateness=4 * A_MINUTE)

    world.fire(second)

    after = world.service.get("alice", schedule.schedule_id)
    assert (after.run_count, after.reserved) == (2, 0)


def test_a_person_may_ask_beyond_the_cap(world: World) -> None:
    schedule = recurring(world, max_runs=2)
    world.service.run_now("alice", schedule.schedule_id)
    (event,) = world.starter.events

    world.runner.handle(event, timedelta(seconds=30))

    after = world.service.get("alice", schedule.schedule_id)
    assert (len(world.mails()), after.run_count, after.reserved) == (1, 0, 0)


@pytest.mark.parametrize("limit", [{"max_runs": 1}, {"overlap": Overlap.SKIP}])
def test_a_run_of_an_earlier_schedule_with_this_id_leaves_its_place_to_the_new_one(
    world: World, limit: dict[str, Any]
) -> None:
    timing = TimingSpec(rate="15 minutes")
    earlier, _ = world.service.put("alice", "mine", timing=timing, action=EMAIL)
    world.faults.once("repository.finish", Crash)
    with pytest.raises(Crash):
        world.fire(world.event(earlier))
    world.service.cancel("alice", "mine")
    world.service.put("alice", "mine", timing=timing, action=EMAIL)

    schedule = world.service.change("alice", "mine", **limit)
    world.fire(world.event(schedule))

    done, left = world.runs(schedule)
    assert left.status is RunStatus.RUNNING
    assert (done.status, done.reason) == (RunStatus.SUCCEEDED, None)


def test_max_runs_may_be_set_below_the_runs_of_an_earlier_schedule_with_this_id(world: World) -> None:
    timing = TimingSpec(rate="15 minutes")
    earlier, _ = world.service.put("alice", "mine", timing=timing, action=EMAIL)
    for number in range(2):
        world.faults.once("repository.finish", Crash)
        with pytest.raises(Crash):
            world.fire(world.event(earlier, at=next_run(earlier) + number * QUARTER))
    world.service.cancel("alice", "mine")
    world.service.put("alice", "mine", timing=timing, action=EMAIL)

    limited = world.service.change("alice", "mine", max_runs=1)

    assert limited.max_runs == 1
