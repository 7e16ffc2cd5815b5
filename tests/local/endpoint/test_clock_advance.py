"""A clock advance that hangs: what ends it, and what is refused meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from time import monotonic

import pytest

from local.testing import RunningCloud, running_cloud
from tests.local.endpoint.control import TELLING_THE_TIME, ask, now, refusal, schedule_every_day

SECONDS_TO_WAIT = 0.2


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Answers an advance that hangs soon: its end would come after 25 seconds."""
    with running_cloud(tmp_path_factory.mktemp("cloud"), seconds_to_wait=SECONDS_TO_WAIT) as running:
        yield running


@pytest.fixture
def cloud(running: RunningCloud) -> RunningCloud:
    """On real time, without faults."""
    ask(running, "POST", "clock", {"reset": True})
    ask(running, "DELETE", "faults")
    return running


@contextmanager
def a_journey_that_hangs(cloud: RunningCloud, name: str) -> Iterator[datetime]:
    """Thirty days, of which the first firing does not end. Yields the time at which it set out."""
    schedule_every_day(cloud, name, cloud.deploy(name, TELLING_THE_TIME))
    ask(cloud, "POST", "faults", {"operation": "lambda:Invoke", "mode": "timeout", "times": 1, "seconds": 25})
    started = now(cloud)
    traveller = Thread(target=ask, args=(cloud, "POST", "clock", {"advance": "P30D"}), daemon=True)
    traveller.start()
    give_up_at = monotonic() + 10
    while not ask(cloud, "GET", "clock")["travelling"]:
        assert monotonic() < give_up_at
    try:
        yield started
    finally:
        cloud.client("scheduler").delete_schedule(Name=name)
        traveller.join(30)
        assert not traveller.is_alive()


def test_a_journey_can_be_ended_on_its_way(cloud: RunningCloud) -> None:
    with a_journey_that_hangs(cloud, "ended") as started:
        asked = monotonic()
        state = ask(cloud, "DELETE", "clock/journey")

        assert monotonic() - asked < 5
        assert state["travelling"] is False
        assert now(cloud) - started < timedelta(days=2)
        there = now(cloud) + timedelta(seconds=1)
        assert datetime.fromisoformat(ask(cloud, "POST", "clock", {"to": there.isoformat()})["to"]) == there


def test_a_reset_works_in_the_middle_of_a_journey(cloud: RunningCloud) -> None:
    with a_journey_that_hangs(cloud, "reset"):
        asked = monotonic()
        ask(cloud, "POST", "clock", {"reset": True})

        assert monotonic() - asked < 5
        assert abs(now(cloud) - datetime.now(UTC)) < timedelta(seconds=1)


def test_another_journey_meanwhile_is_refused_with_what_to_do(cloud: RunningCloud) -> None:
    with a_journey_that_hangs(cloud, "busy"):
        status, message = refusal(cloud, "clock", {"advance": "P1D"})
        ask(cloud, "DELETE", "clock/journey")

    assert (status, message) == (409, "a clock advance is in progress; DELETE /_local/clock/journey ends it")
