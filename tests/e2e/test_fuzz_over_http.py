"""Three hundred requests of any shape over HTTP, against the running stack: Chalice's and moto's edges included."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from hypothesis import HealthCheck, Phase, assume, given, settings

from local.app.stack import SCOPES
from tests.api import described, fuzzing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.app.stack import Stack

EACH = 14
LONGEST_PATH = 8000
"""API Gateway takes 10,240 bytes of path and headers together (developer guide, quotas)."""

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, as the description judges it."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json_body(self) -> Any:
        return json.loads(self.body)


def test_there_are_three_hundred_of_them() -> None:
    assert EACH * len(fuzzing.OPERATIONS) >= 300


@pytest.mark.parametrize("operation", fuzzing.OPERATIONS)
def test_no_request_breaks_the_running_api(stack: Stack, operation: str) -> None:
    pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(30))
    token = stack.token("fuzz", [*SCOPES, "schedules:admin"])

    # Without shrinking: each request takes its time here.
    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(request=fuzzing.requests(operation, {"user_id": "carol", "resource_id": "contract-42"}))
    def send(request: fuzzing.Request) -> None:
        assume(len(request.path) < LONGEST_PATH)
        headers = {**request.headers, "Authorization": f"Bearer {token}"}
        response = pool.request(request.method, stack.api_url + request.path, body=request.body, headers=headers)
        answer = Answer(response.status, response.headers, response.data)

        assert answer.status_code < 500, answer
        described.check(request.method, request.path, answer)

    send()
