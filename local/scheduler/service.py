"""EventBridge Scheduler on a laptop: the operations of its API, and the firing of schedules."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from threading import RLock
from typing import Any, Literal, TypeVar

from chalicelib.core.dynamodb.cursors import read_cursor, write_cursor
from chalicelib.core.errors import InvalidCursor
from local.scheduler import responses, wire
from local.scheduler.delivery import DeadLetters, Delivery, Targets
from local.scheduler.engine import AS_LATE_AS_AWS, ON_TIME, Engine
from local.scheduler.errors import SchedulerError, ValidationFailed
from local.scheduler.loop import FiringLoop
from local.scheduler.models import DEFAULT_GROUP, Group, Home, Schedule
from local.scheduler.store import Store
from local.scheduler.validation import Members, schedule_from
from local.time.agenda import Agenda
from local.time.clock import Clock

Lateness = Literal["none", "aws"]
MayAssume = Callable[[str, str], bool]
"""Takes the ARNs of a role and a schedule, and checks that the service may assume the role for the schedule."""

NOT_TRUSTED = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."

_LONGEST_PAGE = 100
_LATENESS = {"none": ON_TIME, "aws": AS_LATE_AS_AWS}
_Item = TypeVar("_Item", Schedule, Group)


class Scheduler:
    """Answers requests from any thread, one at a time. The agenda's workers deliver due firings meanwhile."""

    def __init__(
        self,
        clock: Clock,
        agenda: Agenda,
        targets: Targets,
        dead_letters: DeadLetters,
        lateness: Lateness = "none",
        *,
        may_assume: MayAssume = lambda *_: True,
    ) -> None:
        self._clock = clock
        self._lock = RLock()
        self._stores: dict[Home, Store] = {}
        self._may_assume = may_assume
        delivery = Delivery(clock, agenda, targets, dead_letters)
        self._loop = FiringLoop(Engine(_LATENESS[lateness]), agenda, delivery, self._completed)
        self._operations: dict[str, Callable[[Store, Members, datetime], dict[str, Any]]] = {
            "CreateSchedule": self._create_schedule,
            "GetSchedule": self._get_schedule,
            "UpdateSchedule": self._update_schedule,
            "DeleteSchedule": self._delete_schedule,
            "ListSchedules": self._list_schedules,
            "CreateScheduleGroup": self._create_group,
            "GetScheduleGroup": self._get_group,
            "DeleteScheduleGroup": self._delete_group,
            "ListScheduleGroups": self._list_groups,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def handle(
        self, method: str, path: str, query: wire.Query, body: bytes, *, region: str, account: str
    ) -> responses.Response:
        """Returns status, headers and body. `path` is not decoded; a repeated query name has a list."""
        try:
            request = wire.read(method, path, query, body)
            with self._lock:
                now = self._clock.now()
                store = self._store(Home(region, account), now)
                return responses.success(self._operations[request.operation](store, request.members, now))
        except SchedulerError as error:
            return responses.failure(error)

    def _store(self, home: Home, now: datetime) -> Store:
        if home not in self._stores:
            self._stores[home] = Store(home, now)
        return self._stores[home]

    def _create_schedule(self, store: Store, members: Members, now: datetime) -> dict[str, Any]:
        schedule = self._read(members, store.home, now, created_at=now)
        store.add(schedule)
        self._loop.arm(schedule)
        return {"ScheduleArn": schedule.arn}

    def _get_schedule(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        return responses.schedule_details(_find(store, members))

    def _update_schedule(self, store: Store, members: Members, now: datetime) -> dict[str, Any]:
        old = _find(store, members)
        schedule = self._read(members, store.home, now, created_at=old.created_at)
        store.replace(schedule)
        self._loop.arm(schedule)
        return {"ScheduleArn": schedule.arn}

    def _read(self, members: Members, home: Home, now: datetime, *, created_at: datetime) -> Schedule:
        """Checks the role of a valid request."""
        schedule = schedule_from(members, home, now, created_at)
        if not self._may_assume(schedule.target.role_arn, schedule.arn):
            raise ValidationFailed(NOT_TRUSTED)
        return schedule

    def _delete_schedule(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        self._remove(store, _find(store, members))
        return {}

    def _list_schedules(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        state = members.get("State")
        found = (
            schedule
            for schedule in store.schedules(
                members.get("GroupName"), members.get("NamePrefix", ""), after=_last_shown(members)
            )
            if state in {None, "ENABLED" if schedule.enabled else "DISABLED"}
        )
        page, token = _page(found, members)
        return responses.page("Schedules", map(responses.schedule_summary, page), token)

    def _create_group(self, store: Store, members: Members, now: datetime) -> dict[str, Any]:
        group = Group(store.home, members["Name"], now, now, _tags(members))
        store.add_group(group)
        return {"ScheduleGroupArn": group.arn}

    def _get_group(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        return responses.group_details(store.group(members["Name"]))

    def _delete_group(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        for schedule in store.remove_group(members["Name"]):
            self._loop.disarm(schedule)
        return {}

    def _list_groups(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        prefix, last_shown = members.get("NamePrefix", ""), _last_shown(members)
        found = (group for group in store.groups() if group.name.startswith(prefix) and group.arn > last_shown)
        page, token = _page(found, members)
        return responses.page("ScheduleGroups", map(responses.group_details, page), token)

    def _tag(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        group = store.group_by_arn(members["ResourceArn"])
        store.set_tags(group.name, {**group.tags, **_tags(members)})
        return {}

    def _untag(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        group = store.group_by_arn(members["ResourceArn"])
        kept = {key: value for key, value in group.tags.items() if key not in members["TagKeys"]}
        store.set_tags(group.name, kept)
        return {}

    def _list_tags(self, store: Store, members: Members, _now: datetime) -> dict[str, Any]:
        return responses.tags(store.group_by_arn(members["ResourceArn"]))

    def _remove(self, store: Store, schedule: Schedule) -> None:
        store.remove(schedule)
        self._loop.disarm(schedule)

    def _completed(self, schedule: Schedule) -> None:
        """Applies ActionAfterCompletion after the last delivery, unless the schedule was changed meanwhile."""
        with self._lock:
            store = self._stores[schedule.home]
            if schedule.delete_when_completed and store.is_current(schedule):
                self._remove(store, schedule)


def _find(store: Store, members: Members) -> Schedule:
    return store.schedule(members.get("GroupName", DEFAULT_GROUP), members["Name"])


def _tags(members: Members) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in members.get("Tags", [])}


def _page(found: Iterable[_Item], members: Members) -> tuple[Sequence[_Item], str | None]:
    """Returns the first of the items (ascending by ARN), and the token of the next page."""
    limit = members.get("MaxResults", _LONGEST_PAGE)
    page = list(islice(found, limit + 1))
    more = len(page) > limit
    return page[:limit], write_cursor(_filters(members), (page[limit - 1].arn,)) if more else None


def _filters(members: Members) -> tuple[str, ...]:
    return tuple(f"{name}={members.get(name)}" for name in ("GroupName", "NamePrefix", "State"))


def _last_shown(members: Members) -> str:
    """Returns the ARN with which the page before the request's NextToken ended; empty for the first page."""
    token = members.get("NextToken")
    if not token:
        return ""
    try:
        return read_cursor(_filters(members), token, length=1)[0]
    except InvalidCursor as exc:
        raise ValidationFailed("Invalid NextToken provided.") from exc
