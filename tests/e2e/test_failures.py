"""What fails: the function itself, by Lambda's rules; its delivery, by the schedule's; and where each ends."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.aws import client, dead_letters, role_for_schedules
from tests.e2e.schedules import an_email, due, ended_runs, path_of
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.app.stack import Stack
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock, LocalCloud
    from tests.promises import Promise

pytestmark = pytest.mark.e2e


def unsteady(tries: Path, crashes: int) -> dict[str, Any]:
    return {"type": "test.unsteady", "data": {"tries": str(tries), "crashes": crashes}}


def test_a_function_that_crashes_on_its_first_try_does_its_work_once(
    alice: Client, clock: Clock, tmp_path: Path, promise: Promise
) -> None:
    schedule = alice.create(timing={"after": "PT1M"}, action=unsteady(tmp_path / "tries", crashes=1))
    clock.travel_to(due(schedule))
    assert ended_runs(alice, schedule) == []

    clock.travel(seconds=65)

    (run,) = ended_runs(alice, schedule)
    first, second = run["attempts"]
    waited = datetime.fromisoformat(second["started_at"]) - datetime.fromisoformat(first["started_at"])
    assert (run["status"], first["error"], second["error"]) == (
        "succeeded",
        "interrupted: the invocation crashed or timed out",
        None,
    )
    assert timedelta(seconds=59) < waited < timedelta(seconds=65)
    assert (tmp_path / "tries").read_text().splitlines() == [run["run_id"]] * 2
    promise(3, f"a function that crashed: both attempts told, {waited.total_seconds():.0f} s apart")


def test_a_function_that_always_crashes_ends_in_the_work_dead_letter_queue(
    stack: Stack, alice: Client, clock: Clock, tmp_path: Path
) -> None:
    schedule = alice.create(timing={"after": "PT1M"}, action=unsteady(tmp_path / "tries", crashes=99))

    clock.travel(minutes=8)  # the sweeper starts it anew when Lambda has had its tries, and some minutes more

    (letter,) = dead_letters(stack, "work", about=schedule["schedule_id"])
    record = json.loads(letter["Body"])
    assert record["requestPayload"]["schedule_id"] == schedule["schedule_id"]
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "Runtime.ExitError"
    assert len((tmp_path / "tries").read_text().splitlines()) == 3


def test_work_that_fails_is_told_and_its_payload_is_kept(stack: Stack, alice: Client, clock: Clock) -> None:
    nobody_listens = {"type": "webhook", "url": f"http://127.0.0.1:{free_port()}/"}
    schedule = alice.create(timing={"after": "PT1M"}, action=nobody_listens, retry={"max_retries": 0})

    clock.travel_to(due(schedule))

    (run,) = ended_runs(alice, schedule)
    (letter,) = dead_letters(stack, "work", about=schedule["schedule_id"])
    kept = json.loads(letter["Body"])
    assert (run["status"], run["reason"]) == ("failed", "the webhook did not answer: ConnectionRefusedError")
    assert (kept["run_id"], kept["reason"]) == (run["run_id"], run["reason"])
    assert kept["event"]["action"] == {"type": "webhook", "data": {"url": nobody_listens["url"]}}
    assert alice.get(path_of(schedule))["status"] == "failed"


@pytest.fixture
def throttled(cloud: LocalCloud) -> Iterator[Callable[..., None]]:
    """Lets Lambda refuse the next invocations: so many `times`, or all of them."""

    def throttle(**times: int) -> None:
        cloud.send("POST", "/_local/faults", {"operation": "lambda:Invoke", "mode": "throttle", **times})

    yield throttle
    cloud.send("DELETE", "/_local/faults")


@pytest.fixture
def _never_taken(throttled: Callable[..., None]) -> None:
    throttled()


def test_a_delivery_that_fails_twice_arrives_at_the_third_try_and_once(
    cloud: LocalCloud, alice: Client, clock: Clock, throttled: Callable[..., None]
) -> None:
    throttled(times=2)
    schedule = alice.create(timing={"after": "PT1M"}, action=an_email("third time lucky"))

    clock.travel(minutes=2)

    (run,) = ended_runs(alice, schedule)
    assert (run["status"], len(run["attempts"])) == ("succeeded", 1)
    assert 1500 <= run["lateness_ms"] < 5000  # two pauses: of one second and of two, less their jitter
    assert len(cloud.messages("third time lucky")) == 1


@pytest.mark.usefixtures("_never_taken")
@pytest.mark.parametrize(
    ("delivery", "used_up"),
    [
        ({"max_retries": 2, "max_age_seconds": 86_400}, "MaximumRetryAttempts"),
        ({"max_retries": 185, "max_age_seconds": 60}, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_delivery_whose_policy_is_used_up_becomes_a_dead_letter_that_says_why(
    stack: Stack, alice: Client, clock: Clock, delivery: dict[str, int], used_up: str
) -> None:
    schedule = alice.create(timing={"after": "PT1M"}, action=an_email("never delivered"), delivery=delivery)

    clock.travel(minutes=3)

    (letter,) = dead_letters(stack, "delivery", about=schedule["schedule_id"])
    attributes = texts(letter)
    assert (attributes["ERROR_CODE"], attributes["EXHAUSTED_RETRY_CONDITION"]) == ("TooManyRequestsException", used_up)
    assert 2 <= int(attributes["RETRY_ATTEMPTS"]) <= delivery["max_retries"]
    assert attributes["SCHEDULED_TIME"] == schedule["next_run_at"]
    assert alice.get(f"{path_of(schedule)}/runs")["items"] == []


def test_a_schedule_for_a_function_that_is_gone_makes_a_dead_letter_with_the_attributes_of_aws(
    stack: Stack, clock: Clock
) -> None:
    at = clock.now() + timedelta(minutes=1)
    gone = f"{stack.outputs['notification_lambda_arn']}-gone"
    made = client(stack, "scheduler").create_schedule(
        Name="for-nobody",
        GroupName=stack.outputs["scheduler_group_name"],
        ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": gone,
            "RoleArn": role_for_schedules(stack, "for-nobody", invokes=gone),
            "Input": '{"for": "nobody"}',
            "DeadLetterConfig": {"Arn": stack.outputs["delivery_dead_letter_queue_arn"]},
            "RetryPolicy": {"MaximumRetryAttempts": 5},
        },
    )

    clock.travel(minutes=2)

    (letter,) = dead_letters(stack, "delivery", about="nobody")
    attributes = texts(letter)
    assert len(attributes.pop("EXECUTION_ID")) == 16
    assert letter["Body"] == '{"for": "nobody"}'
    assert attributes == {
        "ERROR_CODE": "ResourceNotFoundException",
        "ERROR_MESSAGE": f"Function not found: {gone}",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "SCHEDULE_ARN": made["ScheduleArn"],
        "TARGET_ARN": gone,
    }


def texts(letter: dict[str, Any]) -> dict[str, str]:
    """The message attributes by their names."""
    return {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
