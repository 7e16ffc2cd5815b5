"""Jobs on lists are complete although each read of a list lags by a different time, up to nearly a minute.

Reads by id are consistent. Although a list may omit an item or show it too long, a job changes every item that was
asked for once, and reports how many.
"""

from __future__ import annotations

from datetime import timedelta
from operator import itemgetter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.model.job import JobKind, JobStatus
from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.jobs import new_job
from tests.notification.world import refused
from tests.simulation.agreement import disagreements
from tests.simulation.simulator import A_MINUTE, A_SECOND, AN_HOUR, Life

if TYPE_CHECKING:
    from chalicelib.core.model.job import Job
    from chalicelib.core.model.schedule import Schedule

LAGS = (timedelta(0), timedelta(milliseconds=200), A_SECOND, 20 * A_SECOND, 55 * A_SECOND)
SEEDS = range(6)
SOON = 10 * A_MINUTE
"""In which a job of a few items is done."""

every_seed = pytest.mark.parametrize("seed", SEEDS)


class LaggingLife(Life):
    """Lists are behind, each read by a time of its own."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)  # noqa: S311 - a game, no secret
        self.repository.lag_behind(self.clock, lambda: self.random.choice(LAGS))

    def some_time(self) -> None:
        self.travel(timedelta(seconds=self.random.randrange(90)))

    def some(self, number: int, **details: Any) -> list[Schedule]:
        return [self.recurring(rate="1 hour", resource_id="contract-42", **details) for _ in range(number)]

    def ended(self, job: Job) -> Job:
        self.travel(SOON)
        return self.service.get_job(job.job_id)

    def statuses(self) -> set[Status]:
        return {record.status for record in self.records()}


@every_seed
def test_all_of_a_users_schedules_are_cancelled_and_counted_once(seed: int) -> None:
    life = LaggingLife(seed)
    life.some(3)
    life.some_time()
    life.some(2)
    job = life.service.cancel_all("alice")
    life.travel(A_SECOND)
    after = life.one_time(after=AN_HOUR)

    ended = life.ended(job)

    assert (ended.status, ended.done) == (JobStatus.COMPLETED, 5)
    assert {record.schedule_id for record in life.records() if record.status.is_live} == {after.schedule_id}


@every_seed
def test_all_are_cancelled_though_each_moves_once_from_one_list_to_the_other(seed: int) -> None:
    """A walk may meet it in neither: a pause ends, or its user pauses or resumes it."""
    life = LaggingLife(seed)
    schedules = life.some(6)
    for schedule in schedules[:3]:
        life.service.pause("alice", schedule.schedule_id, until=life.clock.now + life.random.randrange(4, 9) * A_MINUTE)
    life.travel(2 * A_MINUTE)
    job = life.service.cancel_all("alice")

    move_each_once(life, schedules[2:])
    life.ended(job)

    assert life.statuses() == {Status.CANCELLED}
    assert disagreements(life) == []


@every_seed
def test_an_erasure_leaves_nothing(seed: int) -> None:
    life = LaggingLife(seed)
    schedules = life.some(3)
    life.travel(AN_HOUR)
    job = life.service.erase("alice")
    schedules += life.some(1)
    move_each_once(life, schedules)

    ended = life.ended(job)

    assert ended.status is JobStatus.COMPLETED
    assert [key for key in life.repository.items if "alice" in key[0]] == []
    assert not life.bridge.schedules


@every_seed
def test_all_that_failed_is_done_again_once(seed: int) -> None:
    life = LaggingLife(seed)
    life.aws.error = refused()
    life.some(4)
    life.travel(AN_HOUR + A_MINUTE)
    failed = {run.run_id for run in life.all_runs()}
    life.aws.error = None
    job = life.service.redrive_all("alice")

    ended = life.ended(job)

    assert (ended.status, ended.done) == (JobStatus.COMPLETED, 4)
    assert sorted(life.done()) == sorted(failed)
    assert {run.status for run in life.all_runs()} == {RunStatus.SUCCEEDED}


@every_seed
def test_all_that_was_held_is_released_once(seed: int) -> None:
    life = LaggingLife(seed)
    life.some(4)
    life.hold("the provider is down")
    life.travel(AN_HOUR)
    held = {run.run_id for run in life.all_runs()}
    life.hold(None)
    job = new_job(JobKind.RELEASE, None, life.clock.now)
    life.repository.save_job(job, replacing=None)

    ended = life.ended(job)

    assert (ended.status, ended.done) == (JobStatus.COMPLETED, 4)
    assert sorted(life.done()) == sorted(held)


@every_seed
def test_whoever_cancels_a_resource_twice_a_minute_apart_leaves_nothing_of_it(seed: int) -> None:
    life = LaggingLife(seed)
    life.some(5)
    life.some_time()
    counts = [life.service.cancel_for_resource("contract-42").count]
    life.travel(A_SECOND)
    counts.append(life.service.cancel_for_resource("contract-42").count)
    life.travel(A_MINUTE)
    counts.append(life.service.cancel_for_resource("contract-42").count)

    assert life.statuses() == {Status.CANCELLED}
    assert sum(counts) == 5


def move_each_once(life: LaggingLife, schedules: list[Schedule]) -> None:
    """Within the next minutes, each at a time of its own; and each runs once."""
    began_at = life.clock.now
    moves = [(life.random.randrange(180), move, schedule) for move in (toggle, run_now) for schedule in schedules]
    for second, move, schedule in sorted(moves, key=itemgetter(0)):
        life.travel(max(life.clock.now, began_at + second * A_SECOND))
        if any(each.schedule_id == schedule.schedule_id and each.status.is_live for each in life.records()):
            move(life, schedule)


def toggle(life: LaggingLife, schedule: Schedule) -> None:
    is_paused = life.now_of(schedule).status is Status.PAUSED
    change = life.service.resume if is_paused else life.service.pause
    change("alice", schedule.schedule_id)


def run_now(life: LaggingLife, schedule: Schedule) -> None:
    life.service.run_now("alice", schedule.schedule_id)
