"""Reconcile: EventBridge Scheduler as the local cloud has it, the table in memory, and accidents to either."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.aws.eventbridge import EventBridgeGateway
from chalicelib.core.model import ids
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.testing import FakeStarter, InMemoryRepository, StoppedClock
from chalicelib.testing.gateway import NAMES
from deploy.__main__ import main
from deploy.local_cloud import aws_environment
from deploy.operate.reconcile import Group, Reconciler, reconcile
from local.scheduler.testing import stage
from local.testing import REGION, running_cloud
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, an_action
from tests.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chalicelib.core.model.schedule import Schedule


class World:
    """A service on a table and a schedule group, and what reconcile says of them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.clock = StoppedClock(NOW)
        self.repository = InMemoryRepository()
        gateway = EventBridgeGateway(client, NAMES)
        self.service = SchedulerService(self.repository, gateway, FakeStarter(), clock=self.clock)
        self.sweeper = Sweeper(self.repository, gateway, FakeStarter(), clock=self.clock)
        group = Group(client, NAMES.group)
        self.reconciler = Reconciler(self.repository, group, NAMES.target_arn, self.clock)

    def reconcile(self, *, apply: bool = False) -> tuple[bool, list[str]]:
        """Whether they agree, and what was told."""
        told: list[str] = []
        return reconcile(self.reconciler, apply=apply, write=told.append), told

    def sweep(self) -> None:
        self.clock.sleep(1)
        self.sweeper.sweep(stop_at=self.clock.now + MINUTE)

    def every_hour(self, **details: Any) -> Schedule:
        return self.service.create_recurring(user_id="alice", rate="1 hour", action=an_action(), **details)

    def once(self, after: timedelta = DAY) -> Schedule:
        return self.service.create_one_time(user_id="alice", after=after, action=an_action())

    def lose_record(self, schedule: Schedule) -> None:
        self.repository.erase(schedule)

    def lose_in_eventbridge(self, schedule: Schedule) -> None:
        self.client.delete_schedule(GroupName=NAMES.group, Name=name_of(schedule))

    def in_eventbridge(self, schedule: Schedule) -> dict[str, Any]:
        """CreateSchedule's parameters."""
        found = self.client.get_schedule(GroupName=NAMES.group, Name=name_of(schedule))
        return {name: value for name, value in found.items() if name not in SET_BY_AWS}


SET_BY_AWS = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")


@pytest.fixture
def world() -> Iterator[World]:
    with stage(NOW) as scheduler:
        scheduler.client.create_schedule_group(Name=NAMES.group)
        yield World(scheduler.client)


def name_of(schedule: Schedule) -> str:
    return ids.scheduler_name(schedule.user_id, schedule.schedule_id)


def told_of(schedule: Schedule, what: str) -> str:
    return f"{what}: alice / {schedule.schedule_id}"


def test_what_agrees_is_told_in_one_line(world: World) -> None:
    world.every_hour()
    world.once()

    assert world.reconcile() == (True, ["schedules: 2 in EventBridge, 2 in the table that will fire; no difference"])


def test_a_schedule_that_eventbridge_lost_is_told_and_nothing_is_changed(world: World) -> None:
    lost = world.every_hour()
    world.lose_in_eventbridge(lost)

    agree, told = world.reconcile()

    assert not agree
    assert told == [
        told_of(lost, "not in EventBridge"),
        "schedules: 0 in EventBridge, 1 in the table that will fire; 1 not in EventBridge",
        "Nothing was changed. Use --apply to fix the differences.",
    ]
    assert world.service.get("alice", lost.schedule_id) == lost


@pytest.mark.parametrize("kind", ["every_hour", "once"])
def test_a_schedule_that_eventbridge_lost_is_made_again_by_the_sweeper(world: World, kind: str) -> None:
    lost: Schedule = getattr(world, kind)()
    before = world.in_eventbridge(lost)
    world.lose_in_eventbridge(lost)

    agree, told = world.reconcile(apply=True)
    world.sweep()

    assert (agree, len(told)) == (True, 2)
    assert world.in_eventbridge(lost) == before
    assert world.service.get("alice", lost.schedule_id) == lost
    assert world.reconcile()[0]


@pytest.mark.parametrize("kind", ["every_hour", "once"])
def test_a_record_that_the_table_lost_is_made_again_from_the_payload(world: World, kind: str) -> None:
    lost: Schedule = getattr(world, kind)()
    world.lose_record(lost)

    before, told = world.reconcile()
    after, _ = world.reconcile(apply=True)

    assert (before, after) == (False, True)
    assert told[0] == told_of(lost, "not in the table")
    assert world.service.get("alice", lost.schedule_id) == lost
    assert world.reconcile()[0]


def test_a_recurring_schedule_goes_on_with_its_next_occurrence(world: World) -> None:
    lost = world.every_hour(resource_id="contract-42", name="hourly")
    world.lose_record(lost)
    world.clock.now += timedelta(hours=5, minutes=30)

    world.reconcile(apply=True)

    again = world.service.get("alice", lost.schedule_id)
    assert again == replace(lost, next_run_at=NOW + 6 * HOUR)
    assert again.watch_at is not None


def test_a_one_time_schedule_that_still_stands_there_is_still_due(world: World) -> None:
    lost = world.once(after=HOUR)
    world.lose_record(lost)
    world.clock.now += HOUR + SECOND

    world.reconcile(apply=True)

    assert world.service.get("alice", lost.schedule_id).next_run_at == NOW + HOUR


def test_a_recurring_schedule_past_its_end_is_left_to_eventbridge(world: World) -> None:
    lost = world.every_hour(end_at=NOW + timedelta(hours=2, minutes=30))
    world.lose_record(lost)
    world.clock.now += 3 * HOUR

    assert world.reconcile()[0]


def test_a_paused_schedule_without_an_end_is_no_difference(world: World) -> None:
    world.service.pause("alice", world.every_hour().schedule_id)

    assert world.reconcile() == (True, ["schedules: 1 in EventBridge, 0 in the table that will fire; no difference"])


def test_a_paused_record_that_was_lost_is_paused_again(world: World) -> None:
    paused = world.service.pause("alice", world.every_hour().schedule_id, reason="holidays")
    world.lose_record(paused)

    world.reconcile(apply=True)

    assert world.service.get("alice", paused.schedule_id) == paused
    assert world.reconcile()[0]


def test_what_was_cancelled_and_stands_in_eventbridge_all_the_same_is_removed_by_the_sweeper(world: World) -> None:
    cancelled = world.every_hour()
    before = world.in_eventbridge(cancelled)
    world.service.cancel("alice", cancelled.schedule_id)
    world.client.create_schedule(**before)

    _, told = world.reconcile(apply=True)
    world.sweep()

    assert told[0].startswith(told_of(cancelled, "ended, but still in EventBridge"))
    assert world.reconcile() == (True, ["schedules: 0 in EventBridge, 0 in the table that will fire; no difference"])
    assert world.service.get("alice", cancelled.schedule_id).status is Status.CANCELLED


@pytest.mark.parametrize(
    "change",
    [
        {"State": "DISABLED"},
        {"Target": {"Arn": "arn:aws:lambda:eu-central-1:123456789012:function:other", "RoleArn": NAMES.role_arn}},
    ],
    ids=["disabled", "another target"],
)
def test_what_a_hand_changed_in_eventbridge_is_put_right_by_the_sweeper(world: World, change: dict[str, Any]) -> None:
    schedule = world.every_hour()
    before = world.in_eventbridge(schedule)
    target = before["Target"] | change.get("Target", {})
    world.client.update_schedule(**before | change | {"Target": target})

    _, told = world.reconcile(apply=True)
    world.sweep()

    assert told[0].startswith(told_of(schedule, "different in EventBridge"))
    assert world.in_eventbridge(schedule) == before


def test_a_change_on_its_way_is_no_difference(world: World) -> None:
    schedule = world.every_hour()
    world.lose_in_eventbridge(schedule)
    world.repository.mark_unconfirmed(schedule, now=NOW)

    assert world.reconcile()[0]


def test_a_one_time_schedule_that_has_fired_and_runs_still_is_no_difference(world: World) -> None:
    fired = world.once(after=HOUR)
    world.lose_in_eventbridge(fired)
    world.clock.now += HOUR + SECOND

    assert world.reconcile()[0]


@pytest.mark.parametrize("content", ['"text"', "[]", '{"version": 1}', '{"version": 1, "user_id": 7}'])
def test_what_is_not_of_ours_is_told_and_left_alone(world: World, content: str) -> None:
    schedule = world.every_hour()
    existing = world.in_eventbridge(schedule)
    strange = existing | {"Name": "f" * 64, "Target": existing["Target"] | {"Input": content}}
    world.client.create_schedule(**strange)

    agree, told = world.reconcile(apply=True)

    assert not agree
    assert told[0] == f"unreadable in EventBridge: {'f' * 64} -> not changed: check it by hand"
    assert len(world.client.list_schedules(GroupName=NAMES.group)["Schedules"]) == 2


def test_a_payload_under_another_name_is_not_taken_for_its_schedule(world: World) -> None:
    schedule = world.every_hour()
    world.client.create_schedule(**world.in_eventbridge(schedule) | {"Name": "f" * 64})

    assert world.reconcile()[1][0] == f"unreadable in EventBridge: {'f' * 64}"


def test_ids_with_signs_of_the_keys_in_them_are_read_right(world: World) -> None:
    strange = world.service.create_recurring(user_id="100%#b/%23", rate="1 hour", action=an_action())
    world.lose_in_eventbridge(strange)

    assert world.reconcile()[1][0] == f"not in EventBridge: 100%#b/%23 / {strange.schedule_id}"


def a_project(folder: Path, **variables: str) -> Path:
    config = {"stages": {"dev": {"environment_variables": variables}}}
    (folder / ".chalice").mkdir()
    (folder / ".chalice" / "config.json").write_text(json.dumps(config))
    return folder


def rendered(folder: Path) -> Path:
    return a_project(
        folder,
        TABLE_NAME="schedules",
        SCHEDULER_GROUP_NAME=NAMES.group,
        SCHEDULER_ROLE_ARN=NAMES.role_arn,
        NOTIFICATION_LAMBDA_ARN=NAMES.target_arn,
        DELIVERY_DEAD_LETTER_QUEUE_ARN=NAMES.dead_letter_arn,
        WEBHOOK_MASTER_SECRET_ARN="arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhook-master",
        EVENT_AGE_SECONDS="3600",
        RUN_RETENTION_DAYS="90",
        CORS_ORIGINS="",
        CONSOLE_CLIENT_ID="",
        CONSOLE_SCOPES="",
    )


def test_a_stage_that_was_never_rendered_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = a_project(tmp_path, TABLE_NAME="schedules")

    assert main(["reconcile", "--stage", "dev", "--project", str(project)]) == 1
    assert capsys.readouterr().err.endswith("run python -m deploy render --stage dev first.\n")


def test_the_command_ends_with_0_if_they_agree_and_tells_what_aws_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["reconcile", "--stage", "dev", "--project", str(rendered(tmp_path))]
    with running_cloud(tmp_path) as cloud:
        for name, value in aws_environment(cloud.endpoint, REGION).items():
            monkeypatch.setenv(name, value)
        cloud.client("scheduler").create_schedule_group(Name=NAMES.group)
        without_table = main(command), capsys.readouterr().err
        create_table(cloud.client("dynamodb"), "schedules")
        with_table = main(command), capsys.readouterr().out

    assert without_table[0] == 1
    assert "ResourceNotFoundException" in without_table[1]
    assert with_table == (0, "schedules: 0 in EventBridge, 0 in the table that will fire; no difference\n")
