"""The repository on one DynamoDB table with three indexes. A method makes one call, and each change is conditional.

`list_spans` and `list_running` make a call for each page. Retries after conflicts are further calls.

boto3's serializer converts types, and `items` converts records. This module has conditions, transactions and cursors.
"""

from __future__ import annotations

import random
import re
import time
import uuid
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from ..aws_errors import error_code, is_transient, response_of, translated
from ..errors import ChangeLost, InvalidCursor, ScheduleExists, StoreRefused, StoreUnavailable
from ..frozen import replace
from ..model import ids
from ..model.codec import (
    job_from_plain,
    key_versions_from_plain,
    run_from_plain,
    schedule_from_plain,
    span_from_plain,
)
from ..model.fields import CLIENTS, CONFIRM, RUN, RUNS, SCHEDULE, changed_by, stored_defaults, to_plain
from ..model.ports import Conflict, LiveCount, Page, Watch, all_items
from ..model.run import RunStatus
from ..model.webhook_keys import KeyVersions
from ..timing.instants import iso, iso_ms
from . import items
from .cursors import read_cursor, write_cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from ..model.job import Job
    from ..model.run import Run
    from ..model.schedule import Action, Schedule, Status
    from ..model.span import Span

    Write = Mapping[str, Mapping[str, Any]]
    ExistingItem = Mapping[str, Any] | None

INDEXES = {
    None: ("PK", "SK"),
    "by_time": ("by_time_pk", "by_time_sk"),
    "by_resource": ("by_resource_pk", "by_resource_sk"),
    "watch": ("watch_pk", "watch_at"),
}

MOST_IN_A_BATCH = 25
SPANS_AT_ONCE = 500
"""The most open spans of one schedule that one call reads. A span is a change during an outage, so there are few."""
RUNS_AT_ONCE = 1000
CONFLICT_TRIES = 6
CONFLICT_PAUSE_SECONDS = 0.04

NOT_NOW = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Transient cancellation reasons (API reference, TransactWriteItems)."""

EXPECTED_REASONS = NOT_NOW | {"None", "ConditionalCheckFailed"}

TOO_LARGE = re.compile(r"\bsize\b.*\b(exceed(ed)?|limits?)\b|\b(exceed(ed)?|limits?)\b.*\bsize\b", re.IGNORECASE)
"""Matches DynamoDB's messages for data beyond its size limits (API reference, TransactionCanceledException)."""

WATCH = ("watch_pk", "watch_at", "watch_tries")
INDEX_KEYS = ("by_time_pk", "by_time_sk", "by_resource_pk", "by_resource_sk", *WATCH)
INTENT = ("confirmed", "intent_until")
CHANGED_BY_RUNS = (*changed_by(RUNS), *INDEX_KEYS)
CHANGED_BY_CONFIRM = (*changed_by(CONFIRM), *WATCH)
CHANGED_BY_CLIENTS = (*changed_by(CLIENTS), "write_id", *INDEX_KEYS)

SCHEDULE_ROWS = {field.stored: field for field in SCHEDULE}
RUN_ROWS = {field.stored: field for field in RUN}

STATE = tuple(field.stored for field in SCHEDULE if field.is_compared)
DEFAULTS = stored_defaults(SCHEDULE)

SAME_STATE = ("revision", "status")
RESERVATIONS = ("reserved", "running")
CLAIM_STATE = (*SAME_STATE, "run_count", *RESERVATIONS)
"""The attributes on which the decision for a claim with a reservation depends."""

RUN_LOCK = ("claim_id", "status", "lease_until")
"""Unchanged values of these attributes show that the run was not written since it was read."""

REPLACED_ACTION_STAYS = timedelta(days=30)
"""How long a replaced action can be restored."""


class DynamoRepository:
    """The table as a ScheduleRepository. `sleep` pauses, in seconds, between attempts after a transaction conflict."""

    def __init__(self, client: DynamoDBClient, table_name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table_name
        self._sleep = sleep

    # Schedules

    def create(
        self,
        schedule: Schedule,
        action: Action,
        *,
        replacing: Schedule | None = None,
    ) -> None:
        item = _signed(items.schedule_item(schedule))
        condition = _unchanged(replacing) if replacing else ("attribute_not_exists(#PK)", {})
        existing = self._transact(self._put(item, *condition), self._put(items.action_item(schedule, action)))
        if existing is not None and not _is_ours(existing[0], item):
            raise ScheduleExists

    def get(self, user_id: str, schedule_id: str) -> Schedule | None:
        item = self._get({"PK": ids.user_pk(user_id), "SK": ids.schedule_sk(schedule_id)})
        return schedule_from_plain(item) if item else None

    def get_action(self, schedule: Schedule) -> Action | None:
        item = self._get(items.action_key(schedule))
        return items.action_from_item(item) if item else None

    def get_run(self, user_id: str, schedule_id: str, run_id: str) -> Run | None:
        sk = ids.run_sk_of(user_id, schedule_id, run_id)
        item = self._get({"PK": ids.schedule_pk(user_id, schedule_id), "SK": sk}) if sk else None
        return run_from_plain(item) if item else None

    def change(
        self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None, span: Span | None = None
    ) -> None:
        item = _signed(items.schedule_item(schedule))
        update = self._update(item, CHANGED_BY_CLIENTS, *_unchanged(replacing))
        writes = self._replace_action(schedule, replacing, action) if action else self._expire_action(schedule)
        existing = self._transact({"Update": update}, *writes, *self._open(span))
        if existing and not _is_ours(existing[0], item):
            raise ChangeLost

    def confirm(self, schedule: Schedule) -> bool:
        names = ("revision", "status", *INTENT)
        update = self._update(
            items.schedule_item(schedule.as_confirmed()), CHANGED_BY_CONFIRM, *_unchanged(schedule, names)
        )
        existing = self._update_one(update)
        # The SDK retries a write whose response was lost. The retry then finds the result of the first write.
        return existing is None or (
            existing.get("confirmed") is True
            and existing["revision"] == schedule.revision
            and existing["status"] == schedule.status
        )

    # Lists

    def list_by_user(self, user_id: str, status: Status, *, limit: int, cursor: str | None) -> Page[Schedule]:
        pk = ids.by_time_pk(user_id, status)
        page = self._query("by_time", pk, "", limit=limit, cursor=cursor)
        return Page([schedule_from_plain(item) for item in page.items], page.next_cursor)

    def list_by_resource(
        self, resource_id: str, status: Status, *, user_id: str | None, limit: int, cursor: str | None
    ) -> Page[Schedule]:
        prefix = ids.by_resource_prefix(user_id) if user_id is not None else ""
        pk = ids.by_resource_pk(resource_id, status)
        page = self._query("by_resource", pk, prefix, limit=limit, cursor=cursor)
        return Page([schedule_from_plain(item) for item in page.items], page.next_cursor)

    def cursor_by_user(self, schedule: Schedule) -> str:
        return _cursor_after("by_time", schedule, "")

    def cursor_by_resource(self, schedule: Schedule, *, user_id: str | None) -> str:
        return _cursor_after("by_resource", schedule, ids.by_resource_prefix(user_id) if user_id is not None else "")

    def list_runs(self, user_id: str, schedule_id: str, *, limit: int, cursor: str | None) -> Page[Run]:
        pk = ids.schedule_pk(user_id, schedule_id)
        page = self._query(None, pk, ids.RUN_PREFIX, limit=limit, cursor=cursor, newest_first=True)
        return Page([run_from_plain(item) for item in page.items], page.next_cursor)

    def list_runs_between(
        self, user_id: str, schedule_id: str, *, since: datetime, until: datetime, limit: int
    ) -> Page[Run]:
        pk, between = ids.schedule_pk(user_id, schedule_id), ids.runs_between(since, until)
        page = self._query(None, pk, "", limit=limit, cursor=None, newest_first=True, between=between)
        return Page([run_from_plain(item) for item in page.items], page.next_cursor)

    def list_running(self, user_id: str, schedule_id: str, *, since: datetime) -> Sequence[Run]:
        pk, between = ids.schedule_pk(user_id, schedule_id), ids.runs_from(since)
        page_at = partial(self._query, None, pk, "", limit=RUNS_AT_ONCE, consistent=True, between=between)
        runs = (run_from_plain(item) for item in all_items(page_at))
        return [run for run in runs if run.status is RunStatus.RUNNING]

    def list_runs_of_user(
        self, user_id: str, status: RunStatus, *, since: datetime, until: datetime, limit: int, cursor: str | None
    ) -> Page[Run]:
        pk = ids.runs_pk(user_id, status)
        between = ids.between(since, until)
        page = self._query("by_time", pk, "", limit=limit, cursor=cursor, newest_first=True, between=between)
        return Page([run_from_plain(item) for item in page.items], page.next_cursor)

    def list_held_runs(self, shard: int, *, limit: int, cursor: str | None) -> Page[Run]:
        page = self._query("by_time", ids.held_runs_pk(shard), "", limit=limit, cursor=cursor)
        return Page([run_from_plain(item) for item in page.items], page.next_cursor)

    # Runs

    def claim(
        self,
        run: Run,
        *,
        expecting: Schedule,
        replacing: Run | None,
        beside: Run | None = None,
        reserving: Schedule | None = None,
        extending: Schedule | None = None,
    ) -> Conflict | None:
        more = [self._put_run(beside, None)] if beside else []
        more += self._expire_action(extending) if extending else []
        on_schedule = self._checked_or_changed(expecting, reserving, extending)
        return _conflict(self._transact(on_schedule, self._put_run(run, replacing), *more), run)

    def _checked_or_changed(self, expecting: Schedule, reserving: Schedule | None, extending: Schedule | None) -> Write:
        if reserving is not None:
            update = self._update(items.schedule_item(reserving), RESERVATIONS, *_unchanged(expecting, CLAIM_STATE))
            return {"Update": update}
        if extending is not None:
            item = items.schedule_item(extending)
            return {"Update": self._update(item, ("expires_at",), *_unchanged(expecting, (*SAME_STATE, "expires_at")))}
        condition, values = _unchanged(expecting, SAME_STATE)
        check = {**self._at(items.schedule_key(expecting)), "ConditionExpression": condition}
        return {"ConditionCheck": check | _bound(condition, values)}

    def finish(
        self,
        run: Run,
        *,
        replacing: Run | None,
        expecting: Schedule | None,
        updated: Schedule | None,
        span: Span | None = None,
        beside: Run | None = None,
    ) -> Conflict | None:
        put = self._put_run(run, replacing)
        if expecting is None or updated is None:
            existing = self._transact(put)
            return _conflict([None, *existing] if existing else None, run)
        changes = (CHANGED_BY_RUNS, *_unchanged(expecting))
        add = {"run_count": 1} if run.counts else {}
        update = self._update(items.schedule_item(updated), *changes, add=add)
        more = [self._put_run(beside, None)] if beside else []
        writes = (*more, *self._expire_action(updated), *self._open(span))
        return _conflict(self._transact({"Update": update}, put, *writes), run)

    def _put_run(self, run: Run, replacing: Run | None) -> Write:
        if replacing is None:
            return self._put(items.run_item(run), "attribute_not_exists(#PK)")
        # An ended run keeps its claim id, so status and lease must be unchanged as well.
        before = to_plain((RUN_ROWS[name] for name in RUN_LOCK), replacing)
        condition = " AND ".join(f"#{name} = :x_{name}" for name in RUN_LOCK)
        return self._put(items.run_item(run), condition, {f":x_{name}": before[name] for name in RUN_LOCK})

    def mark_unconfirmed(self, schedule: Schedule, *, now: datetime) -> None:
        for confirmed, lease_until in ((True, now), (False, now + items.NOBODYS_LEASE)):
            item = items.unconfirmed(schedule, lease_until)
            condition, values = "#confirmed = :x_confirmed", {":x_confirmed": confirmed}
            if self._update_one(self._update(item, (*INTENT, *WATCH), condition, values)) is None:
                return

    # How many live schedules a user has

    def raise_count(self, user_id: str, by: int, *, most_live: int, now: datetime) -> bool:
        if by > most_live:
            return False
        condition = "attribute_not_exists(#live_count) OR #live_count <= :x_room"
        return self._add_to_count(user_id, {"live_count": by}, now, condition, {":x_room": most_live - by})

    def get_count(self, user_id: str) -> LiveCount | None:
        item = self._get(items.count_key(user_id))
        return LiveCount(int(item["live_count"]), int(item.get("recounts", 0))) if item else None

    def correct_count(self, user_id: str, by: int, *, expecting: LiveCount, now: datetime) -> bool:
        condition, values = "attribute_exists(#live_count) AND attribute_not_exists(#recounts)", {}
        if expecting.recounts:
            condition, values = "#recounts = :x_recounts", {":x_recounts": expecting.recounts}
        return self._add_to_count(user_id, {"live_count": by, "recounts": 1}, now, condition, values)

    def erase_count(self, user_id: str) -> None:
        with translated(_store_error):
            self._client.delete_item(TableName=self._table, Key=_typed(items.count_key(user_id)))

    def _add_to_count(
        self, user_id: str, add: Mapping[str, int], now: datetime, condition: str, values: Mapping[str, int]
    ) -> bool:
        """Not a transaction: DynamoDB serializes plain updates of one item, while transactions on it conflict."""
        item = items.count_key(user_id) | {"changed_at": iso_ms(now)}
        return self._update_one(self._update(item, ("changed_at",), condition, values, add=add)) is None

    # Watches

    def due(self, shard: int, until: datetime, *, limit: int, cursor: str | None) -> Page[Watch]:
        pk = ids.watch_shard_pk(shard)
        page = self._query("watch", pk, "", limit=limit, cursor=cursor, up_to=iso(until))
        return Page([Watch(item["PK"], item["SK"], item["watch_at"]) for item in page.items], page.next_cursor)

    def acquire_lease(self, watch: Watch, *, now: datetime) -> Schedule | Run | Job | Span | None:
        item = self._get({"PK": watch.pk, "SK": watch.sk})
        if item is None or item.get("watch_at") != watch.at:
            return None
        acquired = items.leased(item, now)
        condition, values = "#watch_at = :x_watch_at", {":x_watch_at": watch.at}
        refused = self._update_one(
            self._update(acquired, ("watch_at", "watch_tries", "intent_until"), condition, values)
        )
        return items.from_item(acquired) if refused is None else None

    def advance(self, schedule: Schedule, *, expecting: Schedule) -> bool:
        update = self._update(items.schedule_item(schedule), CHANGED_BY_RUNS, *_unchanged(expecting))
        return self._transact({"Update": update}, *self._expire_action(schedule)) is None

    def reschedule_watch(self, schedule: Schedule, *, until: datetime | None = None) -> bool:
        item = items.schedule_item(schedule)
        if until is not None:
            item |= items.watch_keys(item, until)
        return self._update_one(self._update(item, WATCH, *_unchanged(schedule))) is None

    # Spans

    def list_spans(self, user_id: str, schedule_id: str) -> Sequence[Span]:
        pk = ids.schedule_pk(user_id, schedule_id)
        page_at = partial(self._query, None, pk, ids.SPAN_PREFIX, limit=SPANS_AT_ONCE, consistent=True)
        return [span_from_plain(item) for item in all_items(page_at)]

    def move_span(self, span: Span, *, replacing: Span) -> bool:
        item = items.span_item(span)
        return self._update_one(self._update(item, ("since", *WATCH), *_as_read(replacing))) is None

    def close_span(self, span: Span, *, expecting: Schedule, updated: Schedule, kept: Span | None) -> bool:
        update = self._update(items.schedule_item(updated), CHANGED_BY_RUNS, *_unchanged(expecting))
        condition, values = _as_read(span)
        delete = {**self._at(items.span_key(span)), "ConditionExpression": condition, **_bound(condition, values)}
        writes: list[Write] = [{"Update": update}, {"Delete": delete}, *self._expire_action(updated)]
        if kept:
            check = {**self._at(items.span_key(kept)), "ConditionExpression": "attribute_exists(#PK)"}
            writes.append({"ConditionCheck": check | _bound("#PK", {})})
        return self._transact(*writes) is None

    def erase_span(self, span: Span) -> None:
        self._delete(items.span_key(span))

    def _open(self, span: Span | None) -> list[Write]:
        return [self._put(items.span_item(span))] if span else []

    # Jobs

    def save_job(self, job: Job, *, replacing: Job | None) -> bool:
        condition = ("#updated_at = :x_at", {":x_at": iso_ms(replacing.updated_at)}) if replacing else None
        put = self._put(items.job_item(job), *(condition or ("attribute_not_exists(#PK)", {})))
        return self._transact(put) is None

    def get_job(self, job_id: str) -> Job | None:
        item = self._get(items.job_key(job_id))
        return job_from_plain(item) if item else None

    def erase(self, schedule: Schedule) -> None:
        self._delete(items.schedule_key(schedule))

    def erase_runs(self, user_id: str, schedule_id: str, *, limit: int) -> bool:
        pk = ids.schedule_pk(user_id, schedule_id)
        page = self._query(None, pk, "", limit=min(limit, MOST_IN_A_BATCH), cursor=None, consistent=True)
        if page.items:
            self._delete_all(page.items)
        return page.next_cursor is None

    # Webhook keys

    def get_webhook_keys(self, user_id: str) -> KeyVersions:
        item = self._get(items.webhook_keys_key(user_id))
        return key_versions_from_plain(item) if item else KeyVersions(user_id)

    def save_webhook_keys(self, versions: KeyVersions, *, replacing: KeyVersions) -> bool:
        item, before = items.webhook_keys_item(versions), items.webhook_keys_item(replacing)
        unchanged = ("#current = :x_current", {":x_current": before["current"]})
        condition = ("attribute_not_exists(#PK)", {}) if replacing == KeyVersions(replacing.user_id) else unchanged
        existing = self._transact(self._put(item, *condition))
        # The SDK retries a write whose response was lost. The retry then finds the result of the first write.
        return existing is None or existing[0] == item

    def erase_webhook_keys(self, user_id: str) -> None:
        self._delete(items.webhook_keys_key(user_id))

    # Single calls

    def _get(self, key: items.Item) -> items.Item | None:
        try:
            with translated(_store_error):
                response = self._client.get_item(TableName=self._table, Key=_typed(key), ConsistentRead=True)
        except StoreRefused:
            # The key is longer than DynamoDB allows, so no item has it.
            return None
        return _plain(response["Item"]) if "Item" in response else None

    def _delete(self, key: items.Item) -> None:
        with translated(_store_error):
            self._client.delete_item(TableName=self._table, Key=_typed(key))

    def _query(
        self,
        index: str | None,
        pk: str,
        prefix: str,
        *,
        limit: int,
        cursor: str | None,
        newest_first: bool = False,
        consistent: bool = False,
        up_to: str | None = None,
        between: tuple[str, str] | None = None,
    ) -> Page[items.Item]:
        names = INDEXES[index]
        condition = f"#{names[0]} = :pk" + (f" AND begins_with(#{names[1]}, :prefix)" if prefix else "")
        condition += f" AND #{names[1]} <= :up_to" if up_to else ""
        condition += f" AND #{names[1]} BETWEEN :since AND :until" if between else ""
        since, until = between or (None, None)
        query: dict[str, Any] = {
            "TableName": self._table,
            "Limit": limit,
            "ScanIndexForward": not newest_first,
            **({"ConsistentRead": True} if consistent else {}),
            "KeyConditionExpression": condition,
            **_bound(condition, {":pk": pk} | _given(prefix=prefix, up_to=up_to, since=since, until=until)),
        }
        if index:
            query["IndexName"] = index
        scope = (index or "", pk, prefix)
        if cursor is not None:
            query["ExclusiveStartKey"] = _typed(_start_key(names, scope, cursor))
        with translated(_store_error if cursor is None else _error_of_a_cursor):
            response = self._client.query(**query)
        last = response.get("LastEvaluatedKey")
        return Page([_plain(item) for item in response["Items"]], _cursor(names, scope, _plain(last)) if last else None)

    def _update_one(self, update: Mapping[str, Any]) -> ExistingItem:
        """Returns None if the write succeeded, else the existing item."""
        for attempt in range(CONFLICT_TRIES):
            with translated(_store_error):
                try:
                    self._client.update_item(**update)
                except ClientError as exc:
                    if error_code(exc) == "ConditionalCheckFailedException":
                        return _plain(response_of(exc).get("Item", {}))
                    # A transaction holds this item for some milliseconds.
                    if error_code(exc) != "TransactionConflictException":
                        raise
                else:
                    return None
            self._let_others_pass(attempt)
        raise StoreUnavailable

    def _transact(self, *writes: Write) -> list[ExistingItem] | None:
        """Returns None if all writes succeeded, else per write the existing item, or None where its condition held."""
        for attempt in range(CONFLICT_TRIES):
            reasons = self._try(writes)
            if not any(reason["Code"] in NOT_NOW for reason in reasons):
                return [_existing(reason) for reason in reasons] or None
            self._let_others_pass(attempt)
        raise StoreUnavailable

    def _let_others_pass(self, attempt: int) -> None:
        # Jitter between colliding transactions, not a secret.
        self._sleep(CONFLICT_PAUSE_SECONDS * (attempt + random.random()))  # noqa: S311

    def _try(self, writes: Sequence[Write]) -> Sequence[Mapping[str, Any]]:
        """Returns the cancellation reason of each write, or an empty list if the transaction succeeded."""
        with translated(_store_error):
            try:
                self._client.transact_write_items(TransactItems=cast("Any", writes))
            except ClientError as exc:
                reasons: Sequence[Mapping[str, Any]] = response_of(exc).get("CancellationReasons", [])
                if not reasons or any(reason["Code"] not in EXPECTED_REASONS for reason in reasons):
                    raise
                return reasons
        return []

    # Parts of a write

    def _at(self, key: items.Item) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": _typed({"PK": key["PK"], "SK": key["SK"]}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _put(self, item: items.Item, condition: str = "", values: Mapping[str, Any] = MappingProxyType({})) -> Write:
        put: dict[str, Any] = {"TableName": self._table, "Item": _typed(item)}
        if condition:
            put |= {"ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ConditionExpression": condition}
            put |= _bound(condition, values)
        return {"Put": put}

    def _update(
        self,
        item: items.Item,
        attributes: Iterable[str],
        condition: str = "",
        values: Mapping[str, Any] = MappingProxyType({}),
        *,
        add: Mapping[str, int] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """Returns an update of these attributes: sets those that the item has and removes those that it lacks."""
        present = [name for name in attributes if name in item]
        absent = [name for name in attributes if name not in item]
        text = "SET " + ", ".join(f"#{name} = :{name}" for name in present)
        text += " REMOVE " + ", ".join(f"#{name}" for name in absent) if absent else ""
        text += " ADD " + ", ".join(f"#{name} :{name}" for name in add) if add else ""
        written = {f":{name}": item[name] for name in present} | {f":{name}": by for name, by in add.items()}
        return {
            **self._at(item),
            "UpdateExpression": text,
            **({"ConditionExpression": condition} if condition else {}),
            **_bound(text + condition, {**written, **values}),
        }

    def _delete_all(self, found: Sequence[items.Item]) -> None:
        """BatchWriteItem returns the keys that it did not process; these are sent again."""
        left: Mapping[str, Any] = {
            self._table: [{"DeleteRequest": {"Key": _typed({"PK": i["PK"], "SK": i["SK"]})}} for i in found]
        }
        for attempt in range(CONFLICT_TRIES):
            with translated(_store_error):
                left = self._client.batch_write_item(RequestItems=cast("Any", left))["UnprocessedItems"]
            if not left:
                return
            self._sleep(CONFLICT_PAUSE_SECONDS * 2**attempt)
        raise StoreUnavailable

    def _replace_action(self, schedule: Schedule, replacing: Schedule, action: Action) -> list[Write]:
        """The new action is a new item. The old one is kept for REPLACED_ACTION_STAYS, in case EventBridge refuses."""
        old = replace(replacing, expires_at=schedule.updated_at + REPLACED_ACTION_STAYS)
        return [self._put(items.action_item(schedule, action)), *self._expire_action(old)]

    def _expire_action(self, schedule: Schedule) -> list[Write]:
        """Returns the update that makes a finished schedule's action expire with it. A missing action is no error.

        The update writes only the expiry and costs two write units per schedule. An expiry written at creation would
        cost none, but each pause, hold and change of timing would have to move it. An older release does not move it,
        and would lose the actions of active schedules.
        """
        expires_at = items.expiry(schedule)
        if expires_at is None:
            return []
        key = items.action_key(schedule)
        update = self._update({**key, "expires_at": expires_at}, ("expires_at",))
        return [{"Update": update}]


def _signed(item: items.Item) -> items.Item:
    """Returns the item with a write id, by which the SDK's retry of the same write is recognized."""
    return item | {"write_id": uuid.uuid4().hex}


def _is_ours(existing: ExistingItem, item: items.Item) -> bool:
    return existing is not None and existing.get("write_id") == item["write_id"]


def _unchanged(schedule: Schedule, names: Sequence[str] = ()) -> tuple[str, dict[str, Any]]:
    """Returns the condition that these attributes are as they were read. Default: those of `decides`."""
    names = names or decides(schedule)
    item = to_plain((SCHEDULE_ROWS[name] for name in names), schedule)
    # Defaults are not written, but an older release may have written them.
    values = {f":x_{name}": item.get(name, DEFAULTS.get(name)) for name in names if name in item or name in DEFAULTS}
    return " AND ".join(_as_expected(name, item) for name in names), values


def _as_expected(name: str, item: items.Item) -> str:
    if name in item:
        return f"#{name} = :x_{name}"
    absent = f"attribute_not_exists(#{name})"
    return f"({absent} OR #{name} = :x_{name})" if name in DEFAULTS else absent


def _as_read(span: Span) -> tuple[str, dict[str, Any]]:
    """Returns the condition that the span was not acquired since it was read."""
    item = items.span_item(span)
    names = ("since", "watch_at")
    return " AND ".join(f"#{name} = :x_{name}" for name in names), {f":x_{name}": item[name] for name in names}


def decides(schedule: Schedule) -> tuple[str, ...]:
    """Returns the attributes on which decisions about this schedule depend."""
    return STATE if schedule.max_runs is None else (*STATE, "run_count")


def _conflict(existing: list[ExistingItem] | None, written: Run) -> Conflict | None:
    """Returns the conflict of a write of (schedule, run), or None if both were written.

    The SDK retries a write whose response was lost. If the retry finds the run as it was written, the write succeeded.
    """
    if existing is None or existing[1] == items.run_item(written):
        return None
    schedule, run = existing[0], existing[1]
    return Conflict(
        schedule_changed=schedule is not None,
        schedule=schedule_from_plain(schedule) if schedule else None,
        run=run_from_plain(run) if run else None,
    )


def _existing(reason: Mapping[str, Any]) -> ExistingItem:
    return _plain(reason.get("Item", {})) if reason["Code"] == "ConditionalCheckFailed" else None


def _start_key(names: tuple[str, str], scope: tuple[str, ...], cursor: str) -> dict[str, str]:
    """Returns a cursor's position as ExclusiveStartKey. The partition comes from the query, never from the client."""
    if names == ("PK", "SK"):
        (sk,) = read_cursor(scope, cursor, length=1)
        return {"PK": scope[1], "SK": sk}
    index_sk, pk, sk = read_cursor(scope, cursor, length=3)
    return {names[0]: scope[1], names[1]: index_sk, "PK": pk, "SK": sk}


def _cursor_after(index: str, schedule: Schedule, prefix: str) -> str:
    """Returns the cursor of a page of the index that ended with this schedule."""
    item, names = items.schedule_item(schedule), INDEXES[index]
    return _cursor(names, (index, item[names[0]], prefix), item)


def _cursor(names: tuple[str, str], scope: tuple[str, ...], key: items.Item) -> str:
    position = (key["SK"],) if names == ("PK", "SK") else (key[names[1]], key["PK"], key["SK"])
    return write_cursor(scope, position)


def _given(**values: str | None) -> dict[str, str]:
    return {f":{name}": value for name, value in values.items() if value}


def _bound(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the names and values for an expression: `#status` means the attribute `status`."""
    names = {name: name[1:] for name in re.findall(r"#\w+", text)}
    bound: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
    return bound | ({"ExpressionAttributeValues": _typed(values)} if values else {})


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed_value(value) for name, value in values.items()}


def _typed_value(value: Any) -> dict[str, Any]:
    """Does what boto3's TypeSerializer does, without trying one type after the other."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if kind is bool:
        return {"BOOL": value}
    if kind is list:
        return {"L": [_typed_value(each) for each in value]}
    if kind is dict:
        return {"M": _typed(value)}
    return cast("dict[str, Any]", TypeSerializer().serialize(value))


def _plain(item: Mapping[str, Any]) -> items.Item:
    deserialize = TypeDeserializer().deserialize
    # Most values are texts.
    return {name: value["S"] if "S" in value else deserialize(value) for name, value in item.items()}


def _store_error(exc: Exception) -> Exception | None:
    if is_transient(exc):
        return StoreUnavailable()
    return StoreRefused() if isinstance(exc, ClientError) and _is_too_large(exc) else None


def _error_of_a_cursor(exc: Exception) -> Exception | None:
    """DynamoDB accepts the same query without a starting key, and a client can change the key in a cursor."""
    is_refused = isinstance(exc, ClientError) and error_code(exc) in ("ValidationException", "SerializationException")
    return InvalidCursor() if is_refused else _store_error(exc)


def _is_too_large(exc: ClientError) -> bool:
    """Returns whether an item, key or transaction exceeds DynamoDB's limits. The code alone is not specific enough."""
    reasons: Sequence[Mapping[str, Any]] = response_of(exc).get("CancellationReasons", [])
    messages = [reason.get("Message", "") for reason in reasons if reason["Code"] == "ValidationError"]
    if error_code(exc) == "ValidationException":
        messages.append(str(exc))
    return any(TOO_LARGE.search(message) for message in messages)
