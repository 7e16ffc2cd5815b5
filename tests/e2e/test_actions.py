"""Each action, done by the deployed zip, and what its consumer gets."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import urllib3

from tests.e2e.aws import client
from tests.e2e.client import Client
from tests.e2e.own_project import an_invoice
from tests.e2e.schedules import an_email, due, ended_runs
from tests.e2e.webhooks import consumer

if TYPE_CHECKING:
    from local.app.stack import Stack
    from tests.e2e.cloud import Clock, LocalCloud

pytestmark = pytest.mark.e2e


def test_a_mail_has_its_receivers_and_its_sender(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    action = {**an_email("to two"), "cc": ["bob@example.com"], "html": "<p>Now"}
    schedule = alice.create(timing={"after": "PT1M"}, action=action)

    clock.travel_to(due(schedule))

    (mail,) = cloud.messages("to two")
    assert (mail["to"], mail["cc"]) == (["alice@example.com"], ["bob@example.com"])
    assert (mail["from"], mail["text"], mail["html"]) == ("tasks@example.com", "It is time.", "<p>Now")


def test_a_webhook_posts_its_body_with_the_run_id(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
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
    shown = next(sent for sent in cloud.get("/_local/outbox")["webhooks"] if sent["run_id"] == run["run_id"])
    assert (shown["to"], shown["schedule_id"]) == ([hook.url], schedule["schedule_id"])


def test_an_event_tells_its_consumer_which_run_it_is(cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    action = {"type": "event", "detail_type": "trial.ended", "detail": {"plan": "pro"}}
    schedule = alice.create(timing={"after": "PT1M"}, action=action)

    clock.travel_to(due(schedule))

    (event,) = cloud.messages("trial.ended")
    (run,) = ended_runs(alice, schedule)
    about = {name: run[name] for name in ("run_id", "scheduled_time")} | {"schedule_id": schedule["schedule_id"]}
    assert (event["from"], event["to"]) == ("scheduled-tasks", ["default"])
    assert json.loads(event["text"]) == {"plan": "pro", "scheduled_tasks": about}


def test_an_sms_reaches_its_phone_with_the_time_on_the_users_clocks(
    cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    action = {"type": "sms", "to": "+4915112345678", "text": "{{name}}, {{local_time}}: {{metadata.room}}"}
    at = (clock.now() + timedelta(days=2)).astimezone(ZoneInfo("Asia/Tokyo")).replace(hour=9, minute=0, second=0)
    timing = {"at": f"{at:%Y-%m-%dT%H:%M:%S}", "timezone": "Asia/Tokyo"}
    schedule = alice.create(timing=timing, action=action, name="Planning", metadata={"room": "<Blue>"})

    clock.travel_to(due(schedule))

    messages = cloud.get("/_local/outbox")["messages"]
    (message,) = [message for message in messages if message["text"].startswith("Planning")]
    assert (message["channel"], message["to"]) == ("sms", ["+4915112345678"])
    assert message["text"] == "Planning, 09:00: <Blue>"


def test_a_push_notification_reaches_its_device(stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock) -> None:
    sns = client(stack, "sns")
    application = sns.create_platform_application(Name="shop", Platform="GCM", Attributes={})["PlatformApplicationArn"]
    device = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="t")["EndpointArn"]
    action = {"type": "push", "endpoint": device, "title": "It is {{local_date}}", "text": "Look!"}
    schedule = alice.create(timing={"after": "PT1M"}, action=action)

    clock.travel_to(due(schedule))

    (message,) = cloud.messages(f"It is {due(schedule):%Y-%m-%d}")
    assert (message["channel"], message["to"], message["text"]) == ("push", [device], "Look!")


def test_a_report_tells_a_users_runs_by_mail_and_behind_its_links(
    stack: Stack, cloud: LocalCloud, clock: Clock
) -> None:
    rita = Client(stack.api_url, stack.token("rita"))
    end_at = (clock.now() + timedelta(days=2)).isoformat()
    rita.create(timing={"rate": "6 hours", "end_at": end_at}, action=an_email("six hours more"), name="=1+1")
    action = {"type": "report", "to": ["rita@example.com"], "period": "day", "subject": "Rita's day"}
    schedule = rita.create(timing={"after": "P1DT1H"}, action=action)

    clock.travel_to(due(schedule))

    (mail,) = cloud.messages("Rita's day")
    pages = {url.partition("?")[0][-4:]: fetched(url) for url in re.findall(r"http://\S+", mail["text"])}
    rows = list(csv.DictReader(pages[".csv"].splitlines()))
    assert (mail["to"], "4 of 4 succeeded." in mail["html"]) == (["rita@example.com"], True)
    assert "<bdi>=1+1</bdi>" in pages["html"]
    assert sorted((row["name"], row["status"]) for row in rows) == [("", "")] + [("'=1+1", "succeeded")] * 4


def fetched(url: str) -> str:
    """As a browser does it, without keys."""
    return urllib3.request("GET", url).data.decode("utf-8-sig")


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


def test_an_own_action_reads_a_table_and_a_package_of_its_own(
    stack: Stack, cloud: LocalCloud, alice: Client, clock: Clock
) -> None:
    an_invoice(stack, "43")
    schedule = alice.create(timing={"after": "PT1M"}, action={"type": "invoice.settle", "data": {"invoice": 43}})

    clock.travel_to(due(schedule))

    (mail,) = cloud.messages("settle 43")
    assert (mail["to"], mail["text"]) == (["accounts@example.com"], "until 2027-03-28")
