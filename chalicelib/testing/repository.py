"""A fake repository in memory, with the same items and conditions as the one on DynamoDB."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..core.errors import ChangeLost, ScheduleExists
from ..core.model.ports import Conflict, LiveCount, Page, Watch
from ..core.model.webhook_keys import KeyVersions
from . import keys, readings, records
from .table import InMemoryTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from ..core.model.job import Job
    from ..core.model.run import Run, RunStatus
    from ..core.model.schedule import Action, Schedule, Status
    from ..core.model.span import Span

    Item = dict[str, Any]

# Not derived from the field table, because the contract suite compares the fake with the real repository.
SAME_STATE = ("revision", "status")
INTENT = ("confirmed", "intent_until")
CLAIM_STATE = (*SAME_STATE, "run_count", "reserved", "running")
STATE = (
    *(*SAME_STATE, *INTENT, "next_run_at", "owed", "unfinished", "waiting_runs"),
    *("reserved", "running", "failures_in_a_row", "expires_at"),
)
DEFAULTS = {"run_count": 0, "unfinished": [], "waiting_runs": 0, "reserved": 0, "running": [], "failures_in_a_row": 0}
"""The values of compared attributes that a record lacks. Older records may have them although they are defaults."""
WATCH = ("watch_pk", "watch_at", "watch_tries")
INDEX_KEYS = ("by_time_pk", "by_time_sk", "by_resource_pk", "by_resource_sk", *WATCH)
CHANGED_BY_RUNS = (
    *("status", "reason", "next_run_at", "owed", "unfinished", "last_run", "failures_in_a_row", "expires_at"),
    *("waiting_runs", "reserved", "running", *INTENT, *INDEX_KEYS),
)
CHANGED_BY_CONFIRM = (*INTENT, "applied", "never_applied", *WATCH)
CHANGED_BY_CLIENTS = (
    *("status", "reason", "next_run_at", "expires_at", "resource_id", "name", "metadata", "timing"),
    *("timing_changed_at", "flexible_window_minutes", "delivery", "action_type", "action_revision"),
    *("max_runs", "exclusions", "on_missed", "paused_until", "owed", "unfinished", "waiting_runs"),
    *("retry", "on_unknown", "overlap", "pause_after_failures", "failures_in_a_row"),
    *("revision", *INTENT, "applied", "updated_at", *INDEX_KEYS),
)


REPLACED_ACTION_STAYS = timedelta(days=30)


class InMemoryRepository(InMemoryTable):
    """A ScheduleRepository in a dictionary.

    `items` maps (PK, SK) to the item, keys of the indexes included. The names of its calls in `faults` are
    `repository.create`, `repository.get` … Expired items are not deleted; readers ignore them. Conditions, attribute
    lists and the mapping of items are its own; the contract suite compares them with the project's.
    """

    # Schedules

    def create(
        self,
        schedule: Schedule,
        action: Action,
        *,
        replacing: Schedule | None = None,
    ) -> None:
        with self._transaction("create"):
            existing = self._find(_key(schedule))
            if not (_agrees(existing, replacing, _compared(replacing)) if replacing else existing is None):
                raise ScheduleExists
            self._write(records.schedule_item(schedule))
            self._write(records.action_item(schedule, action))

    def get(self, user_id: str, schedule_id: str) -> Schedule | None:
        with self._call("get"):
            item = self._find(keys.of_schedule(user_id, schedule_id))
        return readings.schedule_of(item) if item else None

    def get_action(self, schedule: Schedule) -> Action | None:
        with self._call("get_action"):
            item = self._find(keys.of_action(schedule))
        return readings.action_of(item) if item else None

    def get_run(self, user_id: str, schedule_id: str, run_id: str) -> Run | None:
        with self._call("get_run"):
            key = keys.of_run_id(user_id, schedule_id, run_id)
            item = self._find(key) if key else None
        run = readings.run_of(item) if item else None
        return run if run and run.run_id == run_id else None

    def change(
        self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None, span: Span | None = None
    ) -> None:
        with self._transaction("change"):
            existing = self._find(_key(replacing))
            expiring = (
                replace(replacing, expires_at=schedule.updated_at + REPLACED_ACTION_STAYS) if action else schedule
            )
            if not _agrees(existing, replacing, _compared(replacing)):
                raise ChangeLost
            self._update(records.schedule_item(schedule), CHANGED_BY_CLIENTS)
            self._expire_action(expiring)
            if action is not None:
                self._write(records.action_item(schedule, action))
            if span is not None:
                self._write(records.span_item(span))

    def confirm(self, schedule: Schedule) -> bool:
        with self._single_write("confirm"):
            existing = self._find(_key(schedule))
            if not existing or not _agrees(existing, schedule, SAME_STATE):
                return False
            if existing["confirmed"] is False:
                if not _agrees(existing, schedule, INTENT):
                    return False
                self._update(records.schedule_item(schedule.as_confirmed()), CHANGED_BY_CONFIRM)
            return True

    # Lists

    def list_by_user(self, user_id: str, status: Status, *, limit: int, cursor: str | None) -> Page[Schedule]:
        with self._call("list_by_user"):
            page = self._query("by_time", keys.joined("USER", user_id, status.value), "", limit=limit, cursor=cursor)
        return Page([readings.schedule_of(item) for item in page.items], page.next_cursor)

    def list_by_resource(
        self, resource_id: str, status: Status, *, user_id: str | None, limit: int, cursor: str | None
    ) -> Page[Schedule]:
        prefix = keys.joined("USER", user_id) + "#" if user_id is not None else ""
        with self._call("list_by_resource"):
            page = self._query(
                "by_resource", keys.joined("RESOURCE", resource_id, status.value), prefix, limit=limit, cursor=cursor
            )
        return Page([readings.schedule_of(item) for item in page.items], page.next_cursor)

    def cursor_by_user(self, schedule: Schedule) -> str:
        return self._cursor("by_time", records.schedule_item(schedule))

    def cursor_by_resource(self, schedule: Schedule, *, user_id: str | None) -> str:
        prefix = keys.joined("USER", user_id) + "#" if user_id is not None else ""
        return self._cursor("by_resource", records.schedule_item(schedule), prefix)

    def list_runs(self, user_id: str, schedule_id: str, *, limit: int, cursor: str | None) -> Page[Run]:
        pk = keys.partition(user_id, schedule_id)
        with self._call("list_runs"):
            page = self._query(None, pk, "RUN#", limit=limit, cursor=cursor, newest_first=True)
        return Page([readings.run_of(item) for item in page.items], page.next_cursor)

    def list_runs_between(
        self, user_id: str, schedule_id: str, *, since: datetime, until: datetime, limit: int
    ) -> Page[Run]:
        pk = keys.partition(user_id, schedule_id)
        between = f"RUN#{keys.s(since)[:-1]}", f"RUN#{keys.s(until)[:-1]}"
        with self._call("list_runs_between"):
            page = self._query(None, pk, "", limit=limit, cursor=None, newest_first=True, between=between)
        return Page([readings.run_of(item) for item in page.items], page.next_cursor)

    def list_running(self, user_id: str, schedule_id: str, *, since: datetime) -> Sequence[Run]:
        pk, first = keys.partition(user_id, schedule_id), f"RUN#{keys.s(since)}"
        with self._call("list_running"):
            found = [self.items[key] for key in sorted(self.items) if key[0] == pk and first <= key[1] <= "RUN#~"]
        return [readings.run_of(item) for item in found if item["status"] == "running"]

    def list_runs_of_user(
        self, user_id: str, status: RunStatus, *, since: datetime, until: datetime, limit: int, cursor: str | None
    ) -> Page[Run]:
        pk = keys.joined("USER", user_id, "RUN", status.value.upper())
        span = keys.s(since), keys.s(until) + "~"
        with self._call("list_runs_of_user"):
            page = self._query("by_time", pk, "", limit=limit, cursor=cursor, newest_first=True, between=span)
        return Page([readings.run_of(item) for item in page.items], page.next_cursor)

    def list_held_runs(self, shard: int, *, limit: int, cursor: str | None) -> Page[Run]:
        with self._call("list_held_runs"):
            page = self._query("by_time", f"HELD#{shard}", "", limit=limit, cursor=cursor)
        return Page([readings.run_of(item) for item in page.items], page.next_cursor)

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
        with self._transaction("claim"):
            schedule, existing = self._find(_key(expecting)), self._find(keys.of_run(run))
            expiry = ("expires_at",) if extending else ()
            changed = not _agrees(schedule, expecting, (*(CLAIM_STATE if reserving else SAME_STATE), *expiry))
            taken = existing is not None if replacing is None else not _is_as_read(existing, replacing)
            is_beside_free = beside is None or self._find(keys.of_run(beside)) is None
            if not changed and not taken and is_beside_free:
                self._write(records.run_item(run))
                if beside:
                    self._write(records.run_item(beside))
                if reserving:
                    self._update(records.schedule_item(reserving), ("reserved", "running"))
                if extending:
                    self._update(records.schedule_item(extending), ("expires_at",))
                    self._expire_action(extending)
            elif existing != records.run_item(run):
                return _refusal(schedule if changed else None, existing if taken else None, changed=changed)
        return None

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
        with self._transaction("finish"):
            existing = self._find(keys.of_run(run))
            schedule = self._find(_key(expecting)) if expecting else None
            changed = False
            if expecting and updated:
                changed = not _agrees(schedule, expecting, _compared(expecting))
            taken = existing is not None if replacing is None else not _is_as_read(existing, replacing)
            is_beside_free = beside is None or self._find(keys.of_run(beside)) is None
            if changed or taken or not is_beside_free:
                if existing == records.run_item(run):
                    return None
                return _refusal(schedule if changed else None, existing if taken else None, changed=changed)
            self._write(records.run_item(run))
            if beside:
                self._write(records.run_item(beside))
            if updated is not None:
                self._count_run(run, updated)
            if span is not None:
                self._write(records.span_item(span))
        return None

    def _count_run(self, run: Run, updated: Schedule) -> None:
        item = records.schedule_item(updated)
        self._update(item, CHANGED_BY_RUNS)
        if run.counts:
            before = self.items[item["PK"], item["SK"]].get("run_count", 0)
            self._update(item | {"run_count": before + 1}, ["run_count"])
        self._expire_action(updated)

    # How many live schedules a user has

    def raise_count(self, user_id: str, by: int, *, most_live: int, now: datetime) -> bool:
        with self._single_write("raise_count"):
            item = self._find(keys.of_count(user_id)) or {"live_count": 0}
            if item["live_count"] + by > most_live:
                return False
            self._add_to_count(user_id, {"live_count": by}, now)
        return True

    def get_count(self, user_id: str) -> LiveCount | None:
        with self._call("get_count"):
            item = self._find(keys.of_count(user_id))
        return LiveCount(item["live_count"], item.get("recounts", 0)) if item else None

    def correct_count(self, user_id: str, by: int, *, expecting: LiveCount, now: datetime) -> bool:
        with self._single_write("correct_count"):
            item = self._find(keys.of_count(user_id))
            if item is None or item.get("recounts", 0) != expecting.recounts:
                return False
            self._add_to_count(user_id, {"live_count": by, "recounts": 1}, now)
        return True

    def erase_count(self, user_id: str) -> None:
        with self._single_write("erase_count"):
            self._remove(keys.of_count(user_id))

    def _add_to_count(self, user_id: str, add: Mapping[str, int], now: datetime) -> None:
        key = keys.of_count(user_id)
        item: Mapping[str, Any] = self._find(key) or key
        added = {name: int(item.get(name, 0)) + by for name, by in add.items()}
        self._write({**item, **added, "changed_at": keys.ms(now)})

    # Watches

    def mark_unconfirmed(self, schedule: Schedule, *, now: datetime) -> None:
        with self._single_write("mark_unconfirmed"):
            item = self._find(_key(schedule))
            if item is not None:
                lease_until = now if item["confirmed"] else now + records.NOBODYS_LEASE
                self._update(records.unconfirmed(schedule, lease_until), (*INTENT, *WATCH))

    def due(self, shard: int, until: datetime, *, limit: int, cursor: str | None) -> Page[Watch]:
        with self._call("due"):
            page = self._query("watch", f"WATCH#{shard}", "", limit=limit, cursor=cursor)
        found = [Watch(item["PK"], item["SK"], item["watch_at"]) for item in page.items]
        due = [watch for watch in found if watch.at <= keys.s(until)]
        return Page(due, page.next_cursor if len(due) == len(found) else None)

    def acquire_lease(self, watch: Watch, *, now: datetime) -> Schedule | Run | Job | Span | None:
        with self._single_write("acquire_lease"):
            item = self.items.get((watch.pk, watch.sk))
            if item is None or item.get("watch_at") != watch.at:
                return None
            acquired = records.leased(item, now)
            self._write(acquired)
        return readings.record_of(acquired)

    def advance(self, schedule: Schedule, *, expecting: Schedule) -> bool:
        with self._transaction("advance"):
            existing = self._find(_key(schedule))
            if not _agrees(existing, expecting, _compared(expecting)):
                return False
            self._update(records.schedule_item(schedule), CHANGED_BY_RUNS)
            self._expire_action(schedule)
        return True

    def reschedule_watch(self, schedule: Schedule, *, until: datetime | None = None) -> bool:
        with self._single_write("reschedule_watch"):
            if not _agrees(self._find(_key(schedule)), schedule, _compared(schedule)):
                return False
            item = records.schedule_item(schedule)
            self._update(item | (records.watch(item, until) if until else {}), WATCH)
        return True

    # Spans

    def list_spans(self, user_id: str, schedule_id: str) -> Sequence[Span]:
        pk = keys.partition(user_id, schedule_id)
        with self._call("list_spans"):
            found = sorted(key for key in self.items if key[0] == pk and key[1].startswith("SPAN#"))
            return [readings.span_of(self.items[key]) for key in found]

    def move_span(self, span: Span, *, replacing: Span) -> bool:
        with self._single_write("move_span"):
            if not self._is_span_as_read(replacing):
                return False
            self._update(records.span_item(span), ("since", *WATCH))
        return True

    def close_span(self, span: Span, *, expecting: Schedule, updated: Schedule, kept: Span | None) -> bool:
        with self._transaction("close_span"):
            is_as_expected = _agrees(self._find(_key(expecting)), expecting, _compared(expecting))
            is_kept = kept is None or self._find(keys.of_span(kept)) is not None
            if not is_as_expected or not is_kept or not self._is_span_as_read(span):
                return False
            self._update(records.schedule_item(updated), CHANGED_BY_RUNS)
            self._expire_action(updated)
            self._remove(keys.of_span(span))
        return True

    def erase_span(self, span: Span) -> None:
        with self._single_write("erase_span"):
            self._remove(keys.of_span(span))

    def _is_span_as_read(self, span: Span) -> bool:
        existing, expected = self._find(keys.of_span(span)), records.span_item(span)
        return existing is not None and all(existing[name] == expected[name] for name in ("since", "watch_at"))

    # Jobs

    def save_job(self, job: Job, *, replacing: Job | None) -> bool:
        with self._transaction("save_job"):
            existing = self._find(keys.of_job(job.job_id))
            expected = records.job_item(replacing)["updated_at"] if replacing else None
            if (existing and existing["updated_at"]) != expected:
                return False
            self._write(records.job_item(job))
        return True

    def get_job(self, job_id: str) -> Job | None:
        with self._call("get_job"):
            item = self._find(keys.of_job(job_id))
        return readings.job_of(item) if item else None

    def erase(self, schedule: Schedule) -> None:
        with self._single_write("erase"):
            self._remove(_key(schedule))

    def erase_runs(self, user_id: str, schedule_id: str, *, limit: int) -> bool:
        pk = keys.partition(user_id, schedule_id)
        with self._single_write("erase_runs"):
            found = sorted(key for key in self.items if key[0] == pk)
            for _, sk in found[:limit]:
                self._remove({"PK": pk, "SK": sk})
        return len(found) <= limit

    # Webhook keys

    def get_webhook_keys(self, user_id: str) -> KeyVersions:
        with self._call("get_webhook_keys"):
            return self._webhook_keys(user_id)

    def save_webhook_keys(self, versions: KeyVersions, *, replacing: KeyVersions) -> bool:
        with self._transaction("save_webhook_keys"):
            existing = self._webhook_keys(versions.user_id)
            if existing.current == replacing.current:
                self._write(records.webhook_keys_item(versions))
                return True
        return existing == versions

    def erase_webhook_keys(self, user_id: str) -> None:
        with self._single_write("erase_webhook_keys"):
            self._remove(keys.of_webhook_keys(user_id))

    def _webhook_keys(self, user_id: str) -> KeyVersions:
        item = self._find(keys.of_webhook_keys(user_id))
        return readings.webhook_keys_of(item) if item else KeyVersions(user_id)

    def _expire_action(self, schedule: Schedule) -> None:
        if schedule.expires_at is not None:
            self._update(
                {**keys.of_action(schedule), "expires_at": records.expiry(schedule.expires_at)}, ["expires_at"]
            )


def _key(schedule: Schedule) -> Mapping[str, str]:
    return keys.of_schedule(schedule.user_id, schedule.schedule_id)


def _compared(schedule: Schedule) -> tuple[str, ...]:
    return STATE if schedule.max_runs is None else (*STATE, "run_count")


def _agrees(existing: Item | None, schedule: Schedule, names: Iterable[str]) -> bool:
    """Returns whether the record exists and has the expected values in these attributes."""
    expected: dict[str, Any] = records.schedule_item(schedule)
    return existing is not None and all(_value(existing, name) == _value(expected, name) for name in names)


def _value(item: Item, name: str) -> Any:
    return item.get(name, DEFAULTS.get(name))


def _is_as_read(existing: Item | None, run: Run) -> bool:
    """Returns whether the run was not written since it was read as `run`."""
    before = records.run_item(run)
    return existing is not None and all(
        existing[name] == before[name] for name in ("claim_id", "status", "lease_until")
    )


def _refusal(schedule: Item | None, run: Item | None, *, changed: bool) -> Conflict:
    return Conflict(
        schedule_changed=changed,
        schedule=readings.schedule_of(schedule) if schedule else None,
        run=readings.run_of(run) if run else None,
    )
