"""What fails: the function itself, by Lambda's rules; its delivery, by the schedule's; and where each ends."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.aws import client, dead_letters
from tests.e2e.schedules import an_email, due, ended_runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.stack import Stack
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock, LocalCloud

pytestmark = pytest.mark.e2e


def unsteady(tries: Path, crashes: int) -> dict[str, Any]:
    return {"type": "test.unsteady", "data": {"tries": str(tries), "crashes": crashes}}


def test_a_function_that_crashes_on_its_first_try_does_its_work_once(
    alice: Client, clock: Clock, tmp_path: Path
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
        "cut short: the invocation crashed or timed out",
        None,
    )
    assert timedelta(seconds=59) < waited < timedelta(seconds=65)
    assert (tmp_path / "tries").read_text().splitlines() == [run["run_id"]] * 2


def test_a_function_that_always_crashes_ends_in_the_work_dead_letter_queue(
    stack: Stack, alice: Client, clock: Clock, tmp_path: Path
) -> None:
    schedule = alice.create(timing={"after": "PT1M"}, action=unsteady(tmp_path / "tries", crashes=99))

    clock.travel(minutes=10)

    records = [json.loads(letter["Body"]) for letter in dead_letters(stack, "work")]
    (record,) = [r for r in records if r["requestPayload"]["schedule_id"] == schedule["schedule_id"]]
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "Runtime.ExitError"
    assert len((tmp_path / "tries").read_text().splitlines()) == 3


@pytest.fixture
def function_throttled(cloud: LocalCloud) -> Iterator[None]:
    """Lambda takes no invocation."""
    cloud.send("POST", "/_local/faults", {"operation": "lambda:Invoke", "mode": "throttle"})
    yield
    cloud.send("DELETE", "/_local/faults")


@pytest.mark.usefixtures("function_throttled")
def test_what_lambda_does_not_take_is_tried_again_and_then_a_dead_letter(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    delivery = {"max_retries": 2, "max_age_seconds": 600}
    schedule = alice.create(timing={"after": "PT1M"}, action=an_email("never delivered"), delivery=delivery)

    clock.travel(minutes=11)

    (letter,) = [letter for letter in dead_letters(stack, "delivery") if schedule["schedule_id"] in letter["Body"]]
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("TooManyRequestsException", "2")
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert attributes["SCHEDULED_TIME"] == schedule["next_run_at"]
    assert cloud.messages("never delivered") == []


def test_a_schedule_for_a_function_that_is_gone_makes_a_dead_letter_with_the_attributes_of_aws(
    stack: Stack, clock: Clock
) -> None:
    due = clock.now() + timedelta(minutes=1)
    gone = f"{stack.outputs['notification_lambda_arn']}-gone"
    made = client(stack, "scheduler").create_schedule(
        Name="for-nobody",
        GroupName=stack.outputs["scheduler_group_name"],
        ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": gone,
            "RoleArn": stack.outputs["scheduler_role_arn"],
            "Input": '{"for": "nobody"}',
            "DeadLetterConfig": {"Arn": stack.outputs["delivery_dead_letter_queue_arn"]},
            "RetryPolicy": {"MaximumRetryAttempts": 5},
        },
    )

    clock.travel(minutes=2)

    (letter,) = [letter for letter in dead_letters(stack, "delivery") if letter["Body"] == '{"for": "nobody"}']
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert len(attributes.pop("EXECUTION_ID")) == 16
    assert attributes == {
        "ERROR_CODE": "ResourceNotFoundException",
        "ERROR_MESSAGE": f"Function not found: {gone}",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "SCHEDULE_ARN": made["ScheduleArn"],
        "TARGET_ARN": gone,
    }
