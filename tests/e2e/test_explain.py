"""What the operator reads when work fails: the command, on real processes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.aws import dead_letters
from tests.e2e.commands import deploy
from tests.e2e.schedules import due
from tests.processes import free_port

if TYPE_CHECKING:
    from local.app.stack import Stack
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock

pytestmark = pytest.mark.e2e

RETRIED = timedelta(minutes=20)
"""Three retries, a minute, two and four after one another, with their jitter."""


def explained(stack: Stack, schedule: dict[str, Any]) -> tuple[str, str]:
    """Cause and advice, and the facts below them."""
    code, output = deploy(stack, "explain", "--user", schedule["user_id"], "--id", schedule["schedule_id"])
    assert code == 0, output
    diagnosis, _, rest = output.partition("\nTime:")
    return diagnosis, rest


@pytest.mark.long
def test_a_run_that_fails_is_explained_until_a_person_has_it_done_again(
    stack: Stack, alice: Client, clock: Clock
) -> None:
    refused = "the webhook did not answer: ConnectionRefusedError"
    nobody_listens = {"type": "webhook", "url": f"http://127.0.0.1:{free_port()}/"}
    schedule = alice.create(timing={"after": "PT1M"}, action=nobody_listens)
    waiting, _ = explained(stack, schedule)
    clock.travel_to(due(schedule) + timedelta(seconds=1))
    retrying, _ = explained(stack, schedule)
    clock.travel_to(due(schedule) + RETRIED)

    failed, rest = explained(stack, schedule)

    assert waiting.startswith("Cause:   The schedule works.\nAdvice:  Nothing to do. The next run is due at ")
    assert f" failed once: {refused}.\nAdvice:  Wait: the next attempt starts by " in retrying
    assert f" failed 4 times: {refused}.\nAdvice:  Remove the cause, then redrive the run: POST " in failed
    assert re.search(r"work queue: 1 about this schedule, of \d+ read; it has about \d+", rest)
    assert len(dead_letters(stack, "work", about=schedule["schedule_id"])) == 1

    (path,) = re.findall(r"POST (\S+)\?user_id=alice$", failed, re.MULTILINE)
    assert alice.send("POST", path).status == 202
