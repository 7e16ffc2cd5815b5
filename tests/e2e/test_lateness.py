"""The same with a cloud that is as late as AWS: up to a minute, and equal times in any order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from local.app.stack import Stack
from tests.e2e.aws import left_in_eventbridge
from tests.e2e.client import Client
from tests.e2e.cloud import Clock, LocalCloud
from tests.e2e.schedules import an_email, due, ended_runs, path_of
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.promises import Promise

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LATEST = timedelta(seconds=62)
"""AWS's minute, and what a cold start takes."""


@pytest.fixture(scope="module")
def late_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("late")
    stack = Stack(directory, cloud_port=free_port(), api_port=free_port(), lateness="aws")
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def test_first_light_is_up_to_a_minute_late_and_all_else_is_the_same(late_stack: Stack, promise: Promise) -> None:
    cloud, alice = LocalCloud(late_stack.cloud_url), Client(late_stack.api_url, late_stack.token("alice"))
    schedule = alice.create(timing={"after": "PT5S"}, action=an_email("first light"))

    Clock(cloud).travel_to(due(schedule) + LATEST)

    (mail,) = cloud.messages("first light")
    (run,) = ended_runs(alice, schedule)
    late = datetime.fromisoformat(mail["sent_at"]) - due(schedule)
    assert timedelta() <= late < LATEST
    assert abs(timedelta(milliseconds=run["lateness_ms"]) - late) < timedelta(seconds=2)
    assert (run["status"], run["scheduled_time"]) == ("succeeded", schedule["next_run_at"])
    assert alice.get(path_of(schedule))["status"] == "completed"
    assert not left_in_eventbridge(late_stack, schedule)
    promise(5, f"with --lateness aws: the mail {late.total_seconds():.0f} s after its time, once, all else the same")


def test_schedules_of_the_same_second_arrive_in_an_order_of_their_own(late_stack: Stack) -> None:
    cloud, bob = LocalCloud(late_stack.cloud_url), Client(late_stack.api_url, late_stack.token("bob"))
    at = f"{Clock(cloud).now() + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    made = [bob.create(timing={"at": at}, name=str(n), action=an_email("tie") | {"text": str(n)}) for n in range(10)]

    Clock(cloud).travel_to(due(made[0]) + LATEST)

    arrived = [int(mail["text"]) for mail in cloud.messages("tie")]
    assert sorted(arrived) == list(range(10))
    assert arrived != list(range(10))
