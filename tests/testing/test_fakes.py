"""What the fakes are beyond their ports: safe for threads, breakable on purpose, documented by an example that runs."""

from __future__ import annotations

import doctest
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

import chalicelib.testing
from chalicelib.aws.eventbridge import schedule_request
from chalicelib.core.errors import SchedulerUnavailable, StoreUnavailable
from chalicelib.testing import Crash, FakeGateway, Faults, InMemoryRepository, StoppedClock
from chalicelib.testing.gateway import COMPARED, NAMES
from tests.builders import DAY, NOW, a_run, a_schedule, an_action, every_hour


def test_the_example_in_the_documentation_is_true() -> None:
    result = doctest.testmod(chalicelib.testing, optionflags=doctest.ELLIPSIS)

    assert result.attempted > 0
    assert result.failed == 0


def test_of_many_threads_one_wins_a_claim() -> None:
    repository, schedule = InMemoryRepository(), a_schedule()
    repository.create(schedule, an_action())
    repository.items = Hesitant(repository.items)
    runs = [a_run(schedule, claim_id=f"claim-{n}") for n in range(5)]
    with ThreadPoolExecutor(5) as threads:
        refusals = list(threads.map(lambda run: repository.claim(run, expecting=schedule, replacing=None), runs))

    assert refusals.count(None) == 1


class Hesitant(dict[Any, Any]):
    """Lets other threads go first between what is read and what is made of it."""

    def get(self, key: Any, default: Any = None) -> Any:
        found = super().get(key, default)
        time.sleep(0.02)
        return found


def test_a_stopped_clock_moves_by_what_is_slept() -> None:
    clock = StoppedClock(NOW)
    clock.sleep(0.5)

    assert clock() == NOW + timedelta(seconds=0.5)


def test_a_repeated_create_is_compared_in_all_parameters_but_its_start() -> None:
    schedule = a_schedule(timing=every_hour(start_at=NOW + DAY, end_at=NOW + 2 * DAY))

    assert {*COMPARED, "StartDate"} == schedule_request(schedule, an_action(), NAMES, now=NOW).keys()


# Faults


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def repository(faults: Faults) -> InMemoryRepository:
    return InMemoryRepository(faults)


@pytest.fixture
def gateway(faults: Faults) -> FakeGateway:
    return FakeGateway(faults)


def test_calls_of_both_ports_are_noted_in_order(
    faults: Faults, repository: InMemoryRepository, gateway: FakeGateway
) -> None:
    repository.create(a_schedule(), an_action())
    gateway.put(a_schedule(), an_action(), now=NOW)
    repository.get("alice", "s1")

    assert faults.calls == ["repository.create", "gateway.put", "repository.get"]


def test_a_call_that_fails_before_its_work_does_nothing(faults: Faults, repository: InMemoryRepository) -> None:
    faults.once("repository.create", StoreUnavailable)

    with pytest.raises(StoreUnavailable):
        repository.create(a_schedule(), an_action())
    assert repository.items == {}


def test_a_call_that_loses_its_answer_has_done_its_work(faults: Faults, repository: InMemoryRepository) -> None:
    faults.once("repository.create", Crash, done=True)

    with pytest.raises(Crash):
        repository.create(a_schedule(), an_action())
    assert repository.get("alice", "s1") == a_schedule()


def test_a_lost_answer_hides_a_refusal_too(faults: Faults, repository: InMemoryRepository) -> None:
    repository.create(a_schedule(), an_action())
    faults.once("repository.create", StoreUnavailable, done=True)

    with pytest.raises(StoreUnavailable):
        repository.create(a_schedule(), an_action())


def test_only_the_nth_call_fails(faults: Faults, gateway: FakeGateway) -> None:
    faults.once("gateway.*", SchedulerUnavailable, nth=2)
    gateway.put(a_schedule(), an_action(), now=NOW)
    with pytest.raises(SchedulerUnavailable):
        gateway.delete(a_schedule())
    gateway.delete(a_schedule())

    assert gateway.schedules == {}


def test_every_call_can_be_the_one_that_crashes(
    faults: Faults, repository: InMemoryRepository, gateway: FakeGateway
) -> None:
    faults.once("*", Crash, nth=2)
    repository.create(a_schedule(), an_action())

    with pytest.raises(Crash):
        gateway.put(a_schedule(), an_action(), now=NOW)


def test_it_stays_broken_until_it_is_cleared(faults: Faults, gateway: FakeGateway) -> None:
    faults.always("gateway.put", SchedulerUnavailable)
    for _ in range(2):
        with pytest.raises(SchedulerUnavailable):
            gateway.put(a_schedule(), an_action(), now=NOW)
    faults.clear()
    gateway.put(a_schedule(), an_action(), now=NOW)

    assert gateway.find("alice", "s1") is not None


def test_a_name_is_not_taken_for_the_beginning_of_another(faults: Faults, repository: InMemoryRepository) -> None:
    faults.always("repository.get", StoreUnavailable)

    assert repository.get_action(a_schedule()) is None
