"""How large a request may be, where a setting says less than the most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.api.models.requests import RequestLimits
from tests.api.world import World

if TYPE_CHECKING:
    from tests.api.world import FakeIssuer


@pytest.fixture
def narrow(issuer: FakeIssuer) -> World:
    return World(issuer, limits=RequestLimits(body_bytes=4096, batch=2))


def test_a_body_over_the_limit_is_413_with_the_limit_in_it(narrow: World) -> None:
    fits, too_large = b"{}" + b" " * 4094, b"{}" + b" " * 4095

    assert narrow.send("POST", "/v1/occurrences", fits).status_code == 422
    answer = narrow.send("POST", "/v1/occurrences", too_large)
    assert (answer.status_code, answer.json_body["limit"]) == (413, 4096)


def test_a_batch_over_the_limit_is_422_with_the_limit_in_it(narrow: World) -> None:
    schedule = {"timing": {"after": "PT1H"}, "action": {"type": "event", "detail_type": "x", "detail": {}}}

    assert narrow.send("POST", "/v1/schedules/batch", {"schedules": [schedule] * 2}).status_code == 200
    answer = narrow.send("POST", "/v1/schedules/batch", {"schedules": [schedule] * 3})
    assert answer.status_code == 422
    assert answer.json_body["errors"] == [{"field": "schedules", "message": "has 3 schedules; the limit is 2"}]


def test_who_may_not_ask_learns_nothing_of_the_limit(narrow: World) -> None:
    assert narrow.send("POST", "/v1/occurrences", b" " * 5000, token="").status_code == 401


def test_a_limit_is_as_much_as_it_says() -> None:
    limits = replace(RequestLimits(), batch=3)

    limits.check_batch(3)
    limits.check_body(b"x" * limits.body_bytes)
