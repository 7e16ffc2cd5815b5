"""How many live schedules a user may have, and how often a recurring one may fire."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import InvalidInput, TooManySchedules
from chalicelib.core.model.job import JobStatus
from chalicelib.core.model.ports import LiveCount
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.scheduling.timing_spec import TimingSpec
from chalicelib.testing import FakeStarter
from tests.builders import DAY, MINUTE, NOW, SECOND, an_action

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.testing import FakeGateway, Faults, InMemoryRepository, StoppedClock

MOST = 3


@pytest.fixture
def service(repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock) -> SchedulerService:
    return SchedulerService(
        repository,
        gateway,
        FakeStarter(),
        clock=clock,
        sleep=clock.sleep,
        most_live=MOST,
        min_period=timedelta(minutes=15),
    )


def create(service: SchedulerService, **only_what_matters: Any) -> Schedule:
    usual: dict[str, Any] = {"user_id": "alice", "action": an_action(), "at": NOW + DAY}
    return service.create_one_time(**usual | only_what_matters)


def fill(service: SchedulerService, clock: StoppedClock) -> list[Schedule]:
    """As many as there may be, and the lists have settled."""
    made = [create(service) for _ in range(MOST)]
    clock.now += MINUTE
    return made


def test_there_is_a_most_for_each_user(service: SchedulerService, clock: StoppedClock) -> None:
    fill(service, clock)

    with pytest.raises(TooManySchedules, match="the limit of 3 active and paused"):
        create(service)
    assert create(service, user_id="bob").status is Status.ACTIVE


def test_a_paused_schedule_counts(service: SchedulerService, clock: StoppedClock) -> None:
    first, *_ = fill(service, clock)
    service.pause("alice", first.schedule_id)

    with pytest.raises(TooManySchedules):
        create(service)


def test_what_has_ended_makes_room(service: SchedulerService, clock: StoppedClock) -> None:
    first, *_ = fill(service, clock)
    service.cancel("alice", first.schedule_id)

    assert create(service).status is Status.ACTIVE


def test_it_counts_anew_only_at_the_cap(service: SchedulerService, clock: StoppedClock, faults: Faults) -> None:
    fill(service, clock)

    assert "repository.get_count" not in faults.calls


def test_a_recount_waits_for_no_quiet(service: SchedulerService) -> None:
    for _ in range(MOST * 10):
        made = create(service)
        service.cancel("alice", made.schedule_id)

    assert create(service).status is Status.ACTIVE


def test_the_count_is_raised_before_the_create(service: SchedulerService, faults: Faults) -> None:
    create(service)

    assert faults.calls[:2] == ["repository.raise_count", "repository.create"]


def test_a_put_in_the_place_of_an_ended_one_needs_room(service: SchedulerService, clock: StoppedClock) -> None:
    timing = TimingSpec(at=NOW + DAY)
    service.put("alice", "mine", timing=timing, action=an_action())
    service.cancel("alice", "mine")
    for _ in range(MOST):
        clock.now += MINUTE
        create(service)

    with pytest.raises(TooManySchedules):
        service.put("alice", "mine", timing=timing, action=an_action())


def test_the_same_request_again_needs_no_room(service: SchedulerService, clock: StoppedClock) -> None:
    first = create(service, idempotency_key="order-7")
    fill_up = [create(service) for _ in range(MOST - 1)]
    clock.now += MINUTE

    assert create(service, idempotency_key="order-7").schedule_id == first.schedule_id
    assert len(fill_up) == MOST - 1


def test_a_batch_is_counted_at_once(service: SchedulerService, repository: InMemoryRepository) -> None:
    request = {"timing": TimingSpec(at=NOW + DAY), "action": an_action()}
    service.create_many("alice", [request] * MOST)

    assert repository.get_count("alice") == LiveCount(MOST)
    assert repository.faults.calls.count("repository.raise_count") == 1


def test_of_a_batch_that_has_no_room_as_many_are_made_as_have(service: SchedulerService) -> None:
    request = {"timing": TimingSpec(at=NOW + DAY), "action": an_action()}

    outcomes = service.create_many("alice", [request] * (MOST + 2))

    assert sum(isinstance(outcome, TooManySchedules) for outcome in outcomes) == 2


def test_an_erased_user_leaves_no_count(
    service: SchedulerService, repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock
) -> None:
    sweeper = Sweeper(repository, gateway, FakeStarter(), clock=clock, sleep=clock.sleep)
    fill(service, clock)
    job = service.erase("alice")
    for _ in range(3):
        sweeper.sweep(stop_at=clock.now + 40 * SECOND)
        clock.now += MINUTE

    assert service.get_job(job.job_id).status is JobStatus.COMPLETED
    assert repository.get_count("alice") is None


@pytest.mark.parametrize(
    ("timing", "field"),
    [
        ({"rate": "14 minutes"}, "timing.rate"),
        ({"cron": "0,10 9 * * ? *", "timezone": "Europe/Berlin"}, "timing.cron"),
        ({"cron": "55,5 * * * ? *", "timezone": "Europe/Berlin"}, "timing.cron"),
    ],
)
def test_what_would_fire_too_often_is_refused(service: SchedulerService, timing: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput, match="the shortest allowed period is 0:15:00") as refused:
        service.create(user_id="alice", timing=TimingSpec(**timing), action=an_action())
    assert refused.value.errors[0].field == field


def test_a_change_may_not_fire_too_often_either(service: SchedulerService) -> None:
    schedule = create(service)

    with pytest.raises(InvalidInput, match="the shortest allowed period is"):
        service.change("alice", schedule.schedule_id, timing=TimingSpec(rate="1 minute"))


@pytest.mark.parametrize("timing", [{"rate": "15 minutes"}, {"cron": "0/15 9 * * ? *", "timezone": "Europe/Berlin"}])
def test_what_fires_just_as_often_as_it_may_is_taken(service: SchedulerService, timing: dict[str, str]) -> None:
    schedule = service.create(user_id="alice", timing=TimingSpec(**timing), action=an_action())

    assert schedule.status is Status.ACTIVE
