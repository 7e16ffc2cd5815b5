"""Ten thousand requests of any shape: no 5xx, and every answer is one that the description of the API has."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from chalicelib.api.auth import Caller, Scope
from tests.api import fuzzing
from tests.api.test_ownership import ids
from tests.api.world import FakeIssuer, Key, World

ALICE = Caller("alice", frozenset(Scope))
EACH = 500

pytestmark = pytest.mark.long


def test_there_are_ten_thousand_of_them() -> None:
    assert EACH * len(fuzzing.OPERATIONS) >= 10_000


@pytest.mark.parametrize("operation", fuzzing.OPERATIONS)
def test_no_request_breaks_it(key: Key, operation: str) -> None:
    world = World(FakeIssuer([key]), caller=lambda _: ALICE)
    known = ids(world) | {"user_id": "carol"}

    @settings(max_examples=EACH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(request=fuzzing.requests(operation, known))
    def send(request: fuzzing.Request) -> None:
        response = world.send(request.method, request.path, request.body, token="", headers=request.headers)

        assert response.status_code < 500, response.body

    send()
