"""Each action, done by the deployed zip, and what its consumer gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.schedules import an_email, due, ended_runs
from tests.e2e.webhooks import consumer

if TYPE_CHECKING:
    from tests.e2e.client import Client
    from tests.e2e.cloud import Clock, LocalCloud

pytestmark = pytest.mark.e2e


def test_a_mail_has_its_receivers_and_its_sender(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    action = {**an_email("to two"), "cc": ["bob@example.com"], "html": "<p>Now"}
    schedule = alice.create(timing={"after": "PT1M"}, action=action)

    clock.travel_to(due(schedule))

    (mail,) = cloud.messages("to two")
    assert (mail["to"], mail["cc"]) == (["alice@example.com"], ["bob@example.com"])
    assert (mail["from"], mail["text"], mail["html"]) == ("tasks@example.com", "It is time.", "<p>Now")


def test_a_webhook_posts_its_body_with_the_run_id(alice: Client, clock: Clock) -> None:
    with consumer() as hook:
        action = {"type": "webhook", "url": hook.url, "headers": {"X-Trial": "7"}, "body": {"trial": "over", "ü": [1]}}
        schedule = alice.create(timing={"after": "PT1M"}, action=action)
        clock.travel_to(due(schedule))

    ((headers, body),) = hook.received
    (run,) = ended_runs(alice, schedule)
    assert body == {"trial": "over", "ü": [1]}
    assert (headers["webhook-id"], headers["x-trial"], headers["content-type"]) == (
        run["run_id"],
        "7",
        "application/json",
    )


def test_an_event_tells_its_consumer_which_run_it_is(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    action = {"type": "event", "detail_type": "trial.ended", "detail": {"plan": "pro"}}
    schedule = alice.create(timing={"after": "PT1M"}, action=action)

    clock.travel_to(due(schedule))

    (event,) = cloud.messages("trial.ended")
    (run,) = ended_runs(alice, schedule)
    about = {name: run[name] for name in ("run_id", "scheduled_time")} | {"schedule_id": schedule["schedule_id"]}
    assert (event["from"], event["to"]) == ("scheduled-tasks", ["default"])
    assert json.loads(event["text"]) == {"plan": "pro", "scheduled_tasks": about}


def test_an_own_action_gets_name_metadata_and_data(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    schedule = alice.create(
        timing={"after": "PT1M"},
        name="second reminder",
        metadata={"tenant": "acme"},
        action={"type": "invoice.remind", "data": {"invoice": 42, "lines": [{"total": 9.5}]}},
    )

    clock.travel_to(due(schedule))

    (mail,) = cloud.messages("invoice 42")
    (run,) = ended_runs(alice, schedule)
    assert json.loads(mail["text"]) == {
        "run_id": run["run_id"],
        "name": "second reminder",
        "metadata": {"tenant": "acme"},
        "data": {"invoice": 42, "lines": [{"total": 9.5}]},
    }
