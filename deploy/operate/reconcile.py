"""The table and EventBridge Scheduler compared, both ways; what one of them lost is made again from the other.

For the day after an accident: a table that was restored, a group that was deleted, a hand in the console. Nothing is
scanned: the table's side is the watch index, where every schedule stands that is to fire. (One that is paused without
an end does not; it is found from EventBridge's side.) Each suspicion is looked into by consistent reads before it is
told, so schedules that come and go meanwhile are no differences.
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
"""Names are SHA-256 in hex, so their first digits cut the group into parts of equal size, to be listed side by side."""

PATIENCE = Config(retries={"mode": "adaptive", "max_attempts": 10}, max_pool_connections=AT_ONCE)
"""ListSchedules has a quota of 50 a second, for the whole account: the SDK slows down when it is reached."""

LEAVES_WITHIN = timedelta(hours=1)
"""EventBridge removes what has ended "shortly after" its last invocation, or its last try at one."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Kind(StrEnum):
    """What is wrong with a schedule."""

    NOT_IN_EVENTBRIDGE = "not in EventBridge"
    NOT_IN_TABLE = "not in the table"
    ENDED = "ended, but still in EventBridge"
    OTHERWISE = "otherwise in EventBridge"
    UNREADABLE = "not ours to read"


@dataclass(frozen=True)
class Difference:
    """One schedule that table and EventBridge disagree about. `record` is the table's, `delivery` EventBridge's."""

    kind: Kind
    name: str
    record: Schedule | None = None
    delivery: Delivery | None = None

    def __str__(self) -> str:
        schedule = self.record or (self.delivery and self.delivery.schedule)
        return f"{self.kind}: {_name_of(schedule) if schedule else self.name}"


@dataclass(frozen=True)
class Comparison:
    """What was found. `listed` and `watched` count EventBridge's schedules and the table's."""

    listed: int
    watched: int
    differences: list[Difference]

    def __str__(self) -> str:
        kinds = Counter(difference.kind for difference in self.differences)
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no difference"
        return f"{self.listed} schedules in EventBridge, {self.watched} to fire in the table: {found}"


class Group:
    """The stage's schedule group, to be read."""

    def __init__(self, client: EventBridgeSchedulerClient, name: str) -> None:
        self._client = client
        self._name = name

    def listed(self) -> dict[str, Mapping[str, Any]]:
        """All schedules that have a name as we give it, by name: ListSchedules' summaries."""
        return {summary["Name"]: summary for part in _side_by_side(self._part, FIRST_DIGITS) for summary in part}

    def get(self, name: str) -> Mapping[str, Any] | None:
        """GetSchedule's answer."""
        try:
            return self._client.get_schedule(GroupName=self._name, Name=name)
        except self._client.exceptions.ResourceNotFoundException:
            return None

    def _part(self, prefix: str) -> list[Mapping[str, Any]]:
        pages = self._client.get_paginator("list_schedules").paginate(GroupName=self._name, NamePrefix=prefix)
        return [summary for page in pages for summary in page["Schedules"] if NAME.fullmatch(summary["Name"])]


class Reconciler:
    """Compares and fixes. `target_arn` is what every schedule fires at; `clock` gives aware UTC."""

    def __init__(
        self, repository: ScheduleRepository, group: Group, target_arn: str, clock: Callable[[], datetime]
    ) -> None:
        self._repository = repository
        self._group = group
        self._target_arn = target_arn
        self._clock = clock

    def compare(self) -> Comparison:
        """Changes nothing."""
        listed = self._group.listed()
        watched = {ids.scheduler_name(*of): of for part in self._watched() for of in part}
        missing = [of for name, of in watched.items() if name not in listed]
        strange = [name for name in listed if name not in watched or not self._looks_right(listed[name])]
        found = [*_side_by_side(self._look_for, missing), *_side_by_side(self._look_into, strange)]
        return Comparison(len(listed), len(watched), [difference for difference in found if difference])

    def fix(self, difference: Difference) -> str:
        """What was done, in words. Nothing is ever removed here: that is the sweeper's, who reads the record again."""
        if difference.record is not None:
            self._repository.mark_unconfirmed(difference.record, now=self._clock())
            return "left to the sweeper, which makes EventBridge as the record says"
        if difference.delivery is not None:
            return self._rebuild(difference.delivery)
        return "left as it is: look into it by hand"

    def _rebuild(self, delivery: Delivery) -> str:
        record = _record_of(delivery, self._clock())
        try:
            self._repository.create(record, delivery.action)
        except ScheduleExists:
            return "left as it is: somebody has made it meanwhile"
        return "recorded again; which runs it had before is not known any more"

    # The table's side

    def _watched(self) -> Iterator[list[tuple[str, str]]]:
        return _side_by_side(self._watched_of_shard, range(ids.WATCH_SHARDS))

    def _watched_of_shard(self, shard: int) -> list[tuple[str, str]]:
        """(user id, schedule id) of each schedule that is watched; runs and jobs are watched as well."""
        watches = all_items(partial(self._repository.due, shard, END_OF_TIME, limit=PAGE))
        return [_ids(watch) for watch in watches if watch.sk.startswith(ids.SCHEDULE_PREFIX)]

    def _look_for(self, of: tuple[str, str]) -> Difference | None:
        """A schedule of the table that EventBridge did not list."""
        record = self._repository.get(*of)
        if record is None or not record.confirmed or not record.status.is_live:
            return None  # gone by now, or an intent, which the sweeper finishes
        if record.next_occurrence(self._clock()) is None:
            return None  # it fired for the last time, and its run has not ended yet
        name = ids.scheduler_name(*of)
        return Difference(Kind.NOT_IN_EVENTBRIDGE, name, record) if self._group.get(name) is None else None

    # EventBridge's side

    def _looks_right(self, summary: Mapping[str, Any]) -> bool:
        """As far as a summary tells: a paused schedule is looked into each time."""
        return bool(summary["State"] == "ENABLED" and summary["Target"]["Arn"] == self._target_arn)

    def _look_into(self, name: str) -> Difference | None:
        """A schedule of EventBridge that the table does not watch, or that does not look right."""
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
        # Whoever erases takes it out of EventBridge first: what still stands there was not being erased.
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
    """Whether table and EventBridge agree, or have been made to. Raises DeployError."""
    with as_deploy_errors():
        comparison = reconciler.compare()
        for difference in comparison.differences:
            write(f"{difference} -> {reconciler.fix(difference)}" if apply else str(difference))
        write(str(comparison))
        if comparison.differences and not apply:
            write("Nothing was changed. With --apply it is.")
        return all(apply and difference.kind is not Kind.UNREADABLE for difference in comparison.differences)


def reconciler_of(stage: str, project: Path) -> Reconciler:
    """For the stage as `render` wrote it into the app in `project`, with boto3's own credentials and Region.

    Raises DeployError.
    """
    names = stage_variables(stage, project)
    with as_deploy_errors():
        repository = DynamoRepository(boto3.client("dynamodb", config=PATIENCE), names["TABLE_NAME"])
        client = boto3.client("scheduler", config=PATIENCE)
        group = Group(client, names["SCHEDULER_GROUP_NAME"])
        clock = clock_of(client.meta.endpoint_url)
        return Reconciler(repository, group, names["NOTIFICATION_LAMBDA_ARN"], clock)


def stage_variables(stage: str, project: Path) -> dict[str, str]:
    """The variables of the API's functions. Raises DeployError if the stage is unknown or was never rendered."""
    config = read_config_of(stage, project)
    variables: dict[str, str] = config["stages"][stage].get("environment_variables", {})
    if missing := ENVIRONMENT.keys() - variables.keys():
        raise DeployError(
            f"Stage {stage} has no {', '.join(sorted(missing))} in {project / '.chalice' / 'config.json'}: "
            f"run python -m deploy render --stage {stage} first."
        )
    return variables


def _delivery(found: Mapping[str, Any], now: datetime) -> Delivery | None:
    """What EventBridge would deliver now; None if that is no payload of this very schedule."""
    try:
        event = json.loads(found["Target"].get("Input", ""))
        delivery = payload.read({**event, "scheduled_time": iso(now)})
    except (InvalidPayload, TypeError, ValueError):
        return None
    schedule = delivery.schedule
    return delivery if ids.scheduler_name(schedule.user_id, schedule.schedule_id) == found["Name"] else None


def _record_of(delivery: Delivery, now: datetime) -> Schedule:
    """The record of a schedule of which EventBridge has the only copy. They agree, so it is confirmed.

    It goes on with the next occurrence. A one-time schedule that is still there is still due, late as it may be.
    """
    sent = delivery.schedule
    if sent.status is not Status.ACTIVE:
        return sent
    return replace(sent, next_run_at=sent.next_occurrence(EPOCH if sent.timing.is_one_time else now))


def _is_over(schedule: Schedule) -> bool:
    """Nothing more will come of it, and EventBridge removes it by itself."""
    return schedule.status is Status.ACTIVE and schedule.next_run_at is None


def _name_of(schedule: Schedule) -> str:
    return f"{schedule.user_id} / {schedule.schedule_id}"


def _ids(watch: Watch) -> tuple[str, str]:
    return ids.decode(watch.pk.partition("#")[2]), ids.decode(watch.sk.partition("#")[2])


def _side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(work, items)
