"""Compares the table with EventBridge Scheduler in both directions, and restores from one what the other lost.

Meant for accidents: a restored table, a deleted schedule group, a change in the console. It does not scan the table: it
reads the watch index, which has every schedule that will fire. A schedule that is paused without an end is not in the
index; it is found through EventBridge. Each possible difference is checked with consistent reads before it is reported,
so schedules that are created or deleted meanwhile are not differences.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config

from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.errors import InvalidPayload, ScheduleExists
from chalicelib.core.model import ids, payload
from chalicelib.core.model.ports import all_items
from chalicelib.core.model.schedule import Schedule, Status
from chalicelib.core.timing.instants import END_OF_TIME, EPOCH, iso
from deploy.build.render import ENVIRONMENT, read_config_of
from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors
from deploy.operate.clock import clock_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from mypy_boto3_scheduler import EventBridgeSchedulerClient

    from chalicelib.core.model.payload import Delivery
    from chalicelib.core.model.ports import ScheduleRepository, Watch

AT_ONCE = 8
PAGE = 100
NAME = re.compile("[0-9a-f]{64}")
FIRST_DIGITS = "0123456789abcdef"
"""Names are SHA-256 in hex, so their first digits divide the group into parts of equal size, listed concurrently."""

PATIENCE = Config(retries={"mode": "adaptive", "max_attempts": 10}, max_pool_connections=AT_ONCE)
"""ListSchedules has a quota of 50 calls per second and account: the adaptive mode slows down at the quota."""

LEAVES_WITHIN = timedelta(hours=1)
"""EventBridge deletes an ended schedule "shortly after" its last invocation, or the last attempt at it."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Kind(StrEnum):
    """How a schedule in EventBridge differs from its record. The value is printed."""

    NOT_IN_EVENTBRIDGE = "not in EventBridge"
    NOT_IN_TABLE = "not in the table"
    ENDED = "ended, but still in EventBridge"
    OTHERWISE = "different in EventBridge"
    UNREADABLE = "unreadable in EventBridge"


@dataclass(frozen=True)
class Difference:
    """A difference in one schedule. `record` is from the table, `delivery` from EventBridge; None if it has none."""

    kind: Kind
    name: str
    record: Schedule | None = None
    delivery: Delivery | None = None

    def __str__(self) -> str:
        schedule = self.record or (self.delivery and self.delivery.schedule)
        return f"{self.kind}: {_name_of(schedule) if schedule else self.name}"


@dataclass(frozen=True)
class Comparison:
    """The result. `listed` counts EventBridge's schedules, `watched` the table's that will fire."""

    listed: int
    watched: int
    differences: list[Difference]

    def __str__(self) -> str:
        kinds = Counter(difference.kind for difference in self.differences)
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no difference"
        return f"schedules: {self.listed} in EventBridge, {self.watched} in the table that will fire; {found}"


class Group:
    """Reads the stage's schedule group."""

    def __init__(self, client: EventBridgeSchedulerClient, name: str) -> None:
        self._client = client
        self._name = name

    def listed(self) -> dict[str, Mapping[str, Any]]:
        """Returns ListSchedules' summaries by name, of all schedules whose name has this service's form."""
        return {summary["Name"]: summary for part in _side_by_side(self._part, FIRST_DIGITS) for summary in part}

    def get(self, name: str) -> Mapping[str, Any] | None:
        """Returns GetSchedule's answer; None if there is no such schedule."""
        try:
            return self._client.get_schedule(GroupName=self._name, Name=name)
        except self._client.exceptions.ResourceNotFoundException:
            return None

    def _part(self, prefix: str) -> list[Mapping[str, Any]]:
        pages = self._client.get_paginator("list_schedules").paginate(GroupName=self._name, NamePrefix=prefix)
        return [summary for page in pages for summary in page["Schedules"] if NAME.fullmatch(summary["Name"])]


class Reconciler:
    """Finds and fixes differences. `target_arn` is the target of every schedule; `clock` returns aware UTC."""

    def __init__(
        self, repository: ScheduleRepository, group: Group, target_arn: str, clock: Callable[[], datetime]
    ) -> None:
        self._repository = repository
        self._group = group
        self._target_arn = target_arn
        self._clock = clock

    def compare(self) -> Comparison:
        """Returns the differences. Changes nothing."""
        listed = self._group.listed()
        watched = {ids.scheduler_name(*of): of for part in self._watched() for of in part}
        missing = [of for name, of in watched.items() if name not in listed]
        strange = [name for name in listed if name not in watched or not self._looks_right(listed[name])]
        found = [*_side_by_side(self._look_for, missing), *_side_by_side(self._look_into, strange)]
        return Comparison(len(listed), len(watched), [difference for difference in found if difference])

    def fix(self, difference: Difference) -> str:
        """Fixes a difference. Returns a description of what was done.

        Never deletes a schedule in EventBridge: the sweeper does so after it has read the record again.
        """
        if difference.record is not None:
            self._repository.mark_unconfirmed(difference.record, now=self._clock())
            return "marked unconfirmed: the sweeper applies the record to EventBridge"
        if difference.delivery is not None:
            return self._rebuild(difference.delivery)
        return "not changed: check it by hand"

    def _rebuild(self, delivery: Delivery) -> str:
        record = _record_of(delivery, self._clock())
        try:
            self._repository.create(record, delivery.action)
        except ScheduleExists:
            return "not changed: the schedule was recorded meanwhile"
        return "recorded again from EventBridge's payload, without its earlier runs"

    # The table's side

    def _watched(self) -> Iterator[list[tuple[str, str]]]:
        return _side_by_side(self._watched_of_shard, range(ids.WATCH_SHARDS))

    def _watched_of_shard(self, shard: int) -> list[tuple[str, str]]:
        """Returns (user id, schedule id) of each watched schedule. Watches of runs and jobs are left out."""
        watches = all_items(partial(self._repository.due, shard, END_OF_TIME, limit=PAGE))
        return [_ids(watch) for watch in watches if watch.sk.startswith(ids.SCHEDULE_PREFIX)]

    def _look_for(self, of: tuple[str, str]) -> Difference | None:
        """Checks a schedule of the table that EventBridge did not list. Returns None if there is no difference."""
        record = self._repository.get(*of)
        if record is None or not record.confirmed or not record.status.is_live:
            return None  # it has ended meanwhile, or has an intent, which the sweeper finishes
        if record.next_occurrence(self._clock()) is None:
            return None  # it fired for the last time, and its run has not ended yet
        name = ids.scheduler_name(*of)
        return Difference(Kind.NOT_IN_EVENTBRIDGE, name, record) if self._group.get(name) is None else None

    # EventBridge's side

    def _looks_right(self, summary: Mapping[str, Any]) -> bool:
        """Returns whether a summary shows no difference. A paused schedule is always checked."""
        return bool(summary["State"] == "ENABLED" and summary["Target"]["Arn"] == self._target_arn)

    def _look_into(self, name: str) -> Difference | None:
        """Checks a schedule of EventBridge that the table does not watch, or whose summary shows a difference.

        Returns None if there is no difference.
        """
        found = self._group.get(name)
        if found is None:
            return None
        delivery = _delivery(found, self._clock())
        if delivery is None:
            return Difference(Kind.UNREADABLE, name)
        record = self._repository.get(delivery.schedule.user_id, delivery.schedule.schedule_id)
        if record is None:
            return self._without_record(name, delivery)
        if not record.confirmed or self._agree(record, found, delivery):
            return None
        return Difference(Kind.OTHERWISE if record.status.is_live else Kind.ENDED, name, record)

    def _without_record(self, name: str, delivery: Delivery) -> Difference | None:
        now = self._clock()
        # An erasure deletes the schedule in EventBridge first: if it is still there, it is not being erased.
        if _is_over(_record_of(delivery, now)) or self._group.get(name) is None:
            return None
        return Difference(Kind.NOT_IN_TABLE, name, delivery=delivery)

    def _agree(self, record: Schedule, found: Mapping[str, Any], delivery: Delivery) -> bool:
        if not record.status.is_live:
            last_run = record.last_run
            return last_run is not None and self._clock() - last_run.scheduled_time < LEAVES_WITHIN
        return (
            delivery.schedule.revision == record.revision
            and found["State"] == ("ENABLED" if record.status is Status.ACTIVE else "DISABLED")
            and found["Target"]["Arn"] == self._target_arn
        )


def reconcile(reconciler: Reconciler, *, apply: bool, write: Callable[[str], None] = print) -> bool:
    """Prints the differences, and fixes them if `apply`. Returns whether none is left.

    Raises DeployError if AWS refuses a call.
    """
    with as_deploy_errors():
        comparison = reconciler.compare()
        for difference in comparison.differences:
            write(f"{difference} -> {reconciler.fix(difference)}" if apply else str(difference))
        write(str(comparison))
        if comparison.differences and not apply:
            write("Nothing was changed. Use --apply to fix the differences.")
        return all(apply and difference.kind is not Kind.UNREADABLE for difference in comparison.differences)


def reconciler_of(stage: str, project: Path) -> Reconciler:
    """Returns a reconciler for the stage that `render` wrote into the app in `project`, with boto3's own credentials.

    Raises DeployError if the stage was never rendered, or the credentials or the Region are missing.
    """
    names = stage_variables(stage, project)
    with as_deploy_errors():
        repository = DynamoRepository(boto3.client("dynamodb", config=PATIENCE), names["TABLE_NAME"])
        client = boto3.client("scheduler", config=PATIENCE)
        group = Group(client, names["SCHEDULER_GROUP_NAME"])
        clock = clock_of(client.meta.endpoint_url)
        return Reconciler(repository, group, names["NOTIFICATION_LAMBDA_ARN"], clock)


def stage_variables(stage: str, project: Path) -> dict[str, str]:
    """Returns the variables of the API's functions. Raises DeployError if the stage is unknown or not yet rendered."""
    config = read_config_of(stage, project)
    variables: dict[str, str] = config["stages"][stage].get("environment_variables", {})
    if missing := ENVIRONMENT.keys() - variables.keys():
        raise DeployError(
            f"Stage {stage} has no {', '.join(sorted(missing))} in {project / '.chalice' / 'config.json'}: "
            f"run python -m deploy render --stage {stage} first."
        )
    return variables


def _delivery(found: Mapping[str, Any], now: datetime) -> Delivery | None:
    """Returns what EventBridge would deliver now; None if it is not a payload of this schedule."""
    try:
        event = json.loads(found["Target"].get("Input", ""))
        delivery = payload.read({**event, "scheduled_time": iso(now)})
    except (InvalidPayload, TypeError, ValueError):
        return None
    schedule = delivery.schedule
    return delivery if ids.scheduler_name(schedule.user_id, schedule.schedule_id) == found["Name"] else None


def _record_of(delivery: Delivery, now: datetime) -> Schedule:
    """Returns a record for a schedule that is only in EventBridge. It equals EventBridge's, so it is confirmed.

    A recurring schedule continues with its next occurrence. A one-time schedule that EventBridge still has is due, even
    if its time has passed.
    """
    sent = delivery.schedule
    if sent.status is not Status.ACTIVE:
        return sent
    return replace(sent, next_run_at=sent.next_occurrence(EPOCH if sent.timing.is_one_time else now))


def _is_over(schedule: Schedule) -> bool:
    """Returns whether the schedule has no further occurrence, so that EventBridge deletes it itself."""
    return schedule.status is Status.ACTIVE and schedule.next_run_at is None


def _name_of(schedule: Schedule) -> str:
    return f"{schedule.user_id} / {schedule.schedule_id}"


def _ids(watch: Watch) -> tuple[str, str]:
    return ids.decode(watch.pk.partition("#")[2]), ids.decode(watch.sk.partition("#")[2])


def _side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(work, items)
