"""How fast actions begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notification.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping


class Seconds:
    """A clock that goes on by sleeping alone."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def a_pace(seconds: Seconds, rates: Mapping[str, float], concurrency: int = 1) -> Pace:
    return Pace(rates, concurrency, clock=seconds, sleep=seconds.sleep)


@pytest.mark.parametrize(("rate", "concurrency", "interval"), [(14, 14, 1.0), (1, 1, 1.0), (14, 7, 0.5), (0.5, 2, 4.0)])
def test_an_environment_keeps_to_its_share_of_the_rate(rate: float, concurrency: int, interval: float) -> None:
    seconds = Seconds()
    pace = a_pace(seconds, {"email": rate}, concurrency)

    for _ in range(5):
        pace.keep("email")

    assert seconds.now == pytest.approx(100 + 4 * interval)


def test_what_comes_slowly_does_not_wait() -> None:
    seconds = Seconds()
    pace = a_pace(seconds, {"email": 1})
    pace.keep("email")
    seconds.now += 5

    pace.keep("email")

    assert seconds.now == 105


def test_each_action_has_its_own_rate_and_others_have_none() -> None:
    seconds = Seconds()
    pace = a_pace(seconds, {"email": 1, "sms": 1})

    for action_type in ("email", "sms", "webhook", "webhook"):
        pace.keep(action_type)

    assert seconds.now == 100
