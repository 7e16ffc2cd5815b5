"""What Terraform was given holds for the API and the sweeper as well."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import DeliveryPolicy, OnMissed
from chalicelib.scheduling.retention import Durations
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import FakeStarter
from tests.builders import DAY, HOUR, MINUTE, NOW, an_action

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.testing import FakeGateway, InMemoryRepository, StoppedClock

TEN_MINUTES_AND_A_MONTH = Durations(event_age=10 * MINUTE, keep_runs=30 * DAY)


@pytest.fixture
def service(repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock) -> SchedulerService:
    return SchedulerService(
        repository, gateway, FakeStarter(), clock=clock, sleep=clock.sleep, durations=TEN_MINUTES_AND_A_MONTH
    )


@pytest.fixture
def sweeper(repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock) -> Sweeper:
    return Sweeper(
        repository, gateway, FakeStarter(), clock=clock, sleep=clock.sleep, durations=TEN_MINUTES_AND_A_MONTH
    )


def test_what_nothing_delivers_is_waited_for_as_long_as_lambda_would_keep_it(
    service: SchedulerService, sweeper: Sweeper, clock: StoppedClock
) -> None:
    schedule = service.create_recurring(user_id="alice", rate="1 day", action=an_action())
    assert schedule.next_run_at is not None
    gives_up_at = schedule.next_run_at + timedelta(seconds=schedule.delivery.max_age_seconds) + 10 * MINUTE

    clock.now = gives_up_at - MINUTE
    _sweep(sweeper, clock)
    assert _statuses(service, schedule) == []
    clock.now = gives_up_at
    _sweep(sweeper, clock)

    assert _statuses(service, schedule) == [RunStatus.MISSED]


def test_records_of_runs_that_we_write_ourselves_are_kept_as_long_as_those_of_the_lambda(
    service: SchedulerService, sweeper: Sweeper, clock: StoppedClock
) -> None:
    schedule = service.create_recurring(user_id="alice", rate="1 day", action=an_action())
    asked_for = service.run_now("alice", schedule.schedule_id)
    clock.now = NOW + DAY + 2 * HOUR
    _sweep(sweeper, clock)
    missed = service.list_runs("alice", schedule.schedule_id).items[0]
    redriven = service.redrive("alice", schedule.schedule_id, missed.run_id)

    assert asked_for.expires_at == NOW + 30 * DAY
    assert missed.expires_at == clock.now + 30 * DAY
    assert redriven.expires_at == clock.now + 30 * DAY


def test_a_finished_schedule_is_on_record_for_longer_than_its_last_run(service: SchedulerService) -> None:
    schedule = service.create_recurring(user_id="alice", rate="1 day", action=an_action())

    cancelled = service.cancel("alice", schedule.schedule_id)

    assert cancelled.expires_at is not None
    assert cancelled.expires_at > NOW + 30 * DAY


def test_what_is_recorded_a_day_after_its_time_can_be_read_though_records_are_kept_for_a_day(
    repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock
) -> None:
    a_day = Durations(keep_runs=DAY)
    service = SchedulerService(repository, gateway, FakeStarter(), clock=clock, sleep=clock.sleep, durations=a_day)
    sweeper = Sweeper(repository, gateway, FakeStarter(), clock=clock, sleep=clock.sleep, durations=a_day)
    patient = DeliveryPolicy(max_age_seconds=86_400)
    schedule = service.create_one_time(
        user_id="alice", after=HOUR, action=an_action(), delivery=patient, on_missed=OnMissed.SKIP
    )

    clock.now = NOW + DAY + 2 * HOUR
    _sweep(sweeper, clock)

    assert _statuses(service, schedule) == [RunStatus.MISSED]
    assert service.get("alice", schedule.schedule_id).expires_at == clock.now + 2 * DAY


def _sweep(sweeper: Sweeper, clock: StoppedClock) -> None:
    sweeper.sweep(stop_at=clock.now + HOUR)


def _statuses(service: SchedulerService, schedule: Schedule) -> list[RunStatus]:
    return [run.status for run in service.list_runs("alice", schedule.schedule_id).items]
