import pytest

from tests.notification.world import World


@pytest.fixture
def world() -> World:
    return World()
