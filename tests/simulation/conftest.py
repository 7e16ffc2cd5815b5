from __future__ import annotations

import pytest

from tests.simulation.simulator import Life


@pytest.fixture
def life() -> Life:
    return Life()
