"""SchedulerService on the fakes. It is NOW, and time passes only for who sleeps."""

from __future__ import annotations

import pytest

from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeGateway, FakeStarter, Faults, InMemoryRepository, StoppedClock
from tests.builders import NOW
from tests.simulation.simulator import Life


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def repository(faults: Faults) -> InMemoryRepository:
    return InMemoryRepository(faults)


@pytest.fixture
def gateway(faults: Faults) -> FakeGateway:
    return FakeGateway(faults)


@pytest.fixture
def service(repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock) -> SchedulerService:
    return SchedulerService(repository, gateway, FakeStarter(), clock=clock, sleep=clock.sleep)


@pytest.fixture
def life() -> Life:
    """API, EventBridge, the Notification Lambda and the sweeper together, where a test is about what follows."""
    return Life()
