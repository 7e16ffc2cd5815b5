"""A function that EventBridge runs by a schedule, such as Chalice makes of `@app.schedule`, runs in the local cloud."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.timing.instants import iso
from local.testing import RunningCloud, running_cloud
from tests.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = "watched"
NOTES = """
import json
def handle(event, context):
    print(json.dumps(event))
"""
SWEEPS = """
import boto3, json
def handle(event, context):
    print(json.dumps(event))
    key = {"PK": {"S": "user"}, "SK": {"S": "item"}}
    boto3.client("dynamodb").delete_item(TableName="watched", Key=key)
"""
DAY = timedelta(days=1)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path) as cloud:
        create_table(cloud.client("dynamodb"), TABLE)
        yield cloud


def scheduled(cloud: RunningCloud, name: str, code: str, expression: str) -> None:
    """As Chalice leaves it: a function, a rule, and the one as the other's target."""
    arn = cloud.deploy(name, code, Timeout=30)
    cloud.client("events").put_rule(Name=f"{name}-event", ScheduleExpression=expression)
    cloud.client("events").put_targets(Rule=f"{name}-event", Targets=[{"Id": "1", "Arn": arn}])


def events(cloud: RunningCloud) -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in cloud.lines if line.startswith("{")]


def write_watch(cloud: RunningCloud, **after: float) -> None:
    due = cloud.clock.now() + timedelta(**after)
    item = {"PK": {"S": "user"}, "SK": {"S": "item"}, "watch_pk": {"S": "0"}, "watch_at": {"S": iso(due)}}
    cloud.client("dynamodb").put_item(TableName=TABLE, Item=item)


def test_a_rate_runs_its_function_at_each_of_its_times(cloud: RunningCloud) -> None:
    scheduled(cloud, "tidy", NOTES, "rate(8 hours)")
    begun = cloud.clock.now()

    cloud.agenda.advance(begun + DAY + timedelta(minutes=1))

    assert len(events(cloud)) == 3
    assert events(cloud)[0].keys() == {
        *("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
    }


def test_a_cron_runs_its_function(cloud: RunningCloud) -> None:
    scheduled(cloud, "report", NOTES, "cron(0 9 * * ? *)")

    cloud.agenda.advance(cloud.clock.now() + 2 * DAY)

    assert [event["time"][11:] for event in events(cloud)] == ["09:00:00Z"] * 2
    assert events(cloud)[0]["resources"] == ["arn:aws:events:eu-central-1:123456789012:rule/report-event"]


def test_a_rule_that_is_disabled_or_gone_runs_nothing(cloud: RunningCloud) -> None:
    for name in ("tidy", "report"):
        scheduled(cloud, name, NOTES, "rate(1 hour)")
    client = cloud.client("events")
    client.disable_rule(Name="tidy-event")
    client.remove_targets(Rule="report-event", Ids=["1"])

    cloud.agenda.advance(cloud.clock.now() + DAY)

    assert events(cloud) == []


def test_the_deployed_sweeper_runs_when_a_watch_is_due_and_not_in_between(cloud: RunningCloud) -> None:
    scheduled(cloud, "shop-dev-sweep", SWEEPS, "rate(1 minute)")
    write_watch(cloud, hours=5)

    cloud.agenda.advance(cloud.clock.now() + DAY)

    assert len(events(cloud)) == 1


def test_what_was_written_before_the_sweeper_was_deployed_is_swept(cloud: RunningCloud) -> None:
    write_watch(cloud, minutes=5)
    scheduled(cloud, "shop-dev-sweep", SWEEPS, "rate(1 minute)")

    cloud.agenda.advance(cloud.clock.now() + DAY)

    assert len(events(cloud)) == 1


def test_a_sweeper_that_is_gone_is_not_run(cloud: RunningCloud) -> None:
    scheduled(cloud, "shop-dev-sweep", SWEEPS, "rate(1 minute)")
    write_watch(cloud, minutes=5)
    cloud.client("events").remove_targets(Rule="shop-dev-sweep-event", Ids=["1"])

    cloud.agenda.advance(cloud.clock.now() + DAY)

    assert events(cloud) == []
