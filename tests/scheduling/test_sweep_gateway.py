"""When a sweep stops to ask EventBridge."""

from __future__ import annotations

import pytest

from chalicelib.core.errors import SchedulerDenied, SchedulerUnavailable
from chalicelib.scheduling.sweep_gateway import MOST_UNAVAILABLE, SweepGateway
from chalicelib.testing import FakeGateway, Faults
from tests.builders import NOW, a_schedule, an_action


def put_in_vain(gateway: SweepGateway, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SchedulerUnavailable):
            gateway.put(a_schedule(), an_action(), now=NOW)


@pytest.mark.parametrize(("times", "asked"), [(2, 3), (3, 3), (4, 3)])
def test_it_is_not_asked_again_in_a_sweep_after_three_calls_without_an_answer(times: int, asked: int) -> None:
    faults = Faults()
    gateway = SweepGateway(FakeGateway(faults))
    faults.always("gateway.put", SchedulerUnavailable)
    put_in_vain(gateway, times)

    if times < MOST_UNAVAILABLE:
        assert not gateway.has(a_schedule())
    else:
        with pytest.raises(SchedulerUnavailable):
            gateway.has(a_schedule())

    assert len(faults.calls) == asked
    assert gateway.is_given_up is (times >= MOST_UNAVAILABLE)


def test_it_is_asked_again_in_the_next_sweep() -> None:
    faults = Faults()
    gateway = SweepGateway(FakeGateway(faults))
    faults.always("gateway.put", SchedulerUnavailable)
    put_in_vain(gateway, MOST_UNAVAILABLE)

    gateway.begin()

    assert not gateway.has(a_schedule())


def test_an_answer_that_denies_something_is_an_answer() -> None:
    faults = Faults()
    gateway = SweepGateway(FakeGateway(faults))
    faults.always("gateway.put", SchedulerDenied)
    put_in_vain(gateway, MOST_UNAVAILABLE)

    assert not gateway.has(a_schedule())
