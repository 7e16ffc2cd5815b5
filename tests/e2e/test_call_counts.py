"""What a create and a run cost, counted by the cloud that answered the calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.schedules import an_email, due, path_of

if TYPE_CHECKING:
    from local.app.stack import Stack
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock, LocalCloud
    from tests.promises import Promise

pytestmark = pytest.mark.e2e


def test_a_create_makes_four_calls(cloud: LocalCloud, alice: Client, promise: Promise) -> None:
    cloud.forget_calls()
    schedule = alice.create(timing={"after": "PT1H"}, action=an_email("counted"))

    table = ("dynamodb:UpdateItem", "dynamodb:TransactWriteItems")
    assert cloud.calls("api") == [*table, "scheduler:CreateSchedule", "dynamodb:UpdateItem"]
    assert alice.send("DELETE", path_of(schedule)).status == 204
    promise(1, "4 calls to AWS for a create: count, intent, apply, confirm")


def test_a_successful_run_makes_two_calls_to_the_table(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock, promise: Promise
) -> None:
    schedule = alice.create(timing={"after": "PT1M"}, action=an_email("cheap"))
    cloud.forget_calls()

    clock.travel_to(due(schedule))

    calls = cloud.calls(stack.outputs["notification_lambda_name"])
    assert calls == ["dynamodb:TransactWriteItems", "sesv2:SendEmail", "dynamodb:TransactWriteItems"]
    assert len(cloud.messages("cheap")) == 1
    promise(2, "2 calls to the table for a successful run: claim, record")
