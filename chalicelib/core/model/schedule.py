"""A schedule: timing and action of one user, and whether EventBridge is known to have it.

Records are immutable: `dataclasses.replace` makes the next state, and the repository writes it.
All instants are aware UTC datetimes.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..frozen import Frozen, replace
from ..timing.expressions import Expression, kind_of, parse
from ..timing.instants import EPOCH, epoch_ms
from ..timing.latest import latest
from ..timing.zones import wall_time, zone

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

RESUME_EARLY = timedelta(minutes=2)
"""How long before the end of a pause EventBridge is enabled. Occurrences before the end do no work."""

INTENT_LEASE = timedelta(seconds=60)
"""How long the holder of an intent may apply it to EventBridge before another process may acquire it."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""The most by which the clocks of two processes may differ, in either direction."""

LATE_AFTER = timedelta(minutes=5)
"""How long after its window an occurrence without a run is checked. EventBridge may be 60 seconds late."""

RECORD_OUTLIVES_RUNS = timedelta(days=1)
"""How much longer the record of a finished schedule is kept than its runs."""
LONGEST_IN_QUEUE = timedelta(hours=7)
"""How long after its delivery an event may start: Lambda keeps it in its queue for 6 hours at most, and retries it."""

TRIED_AGAIN_WITHIN = timedelta(minutes=5)
"""The longest pause between attempts of an intent, so that it is applied soon after an outage of EventBridge."""

APPLIED_EARLY = timedelta(minutes=2)
"""How long before an occurrence an intent is retried: one minute for the sweeper's interval, one for its work."""


class Status(StrEnum):
    """The status of a schedule. EventBridge has only the `active` and `paused` ones."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_live(self) -> bool:
        """Returns whether EventBridge should have the schedule."""
        return self in LIVE


LIVE = (Status.ACTIVE, Status.PAUSED)


class Timing(Frozen):
    """When a schedule fires, in EventBridge's syntax: `at(…)`, `rate(…)` or `cron(…)`. None: no start or end."""

    expression: str
    timezone: str = "UTC"
    start_at: datetime | None = None
    end_at: datetime | None = None

    @cached_property
    def parsed(self) -> Expression:
        """Returns the parsed expression. Raises InvalidExpression if the text is not valid."""
        return parse(self.expression, self.timezone, start_at=self.start_at, end_at=self.end_at)

    @property
    def kind(self) -> Literal["at", "rate", "cron"]:
        """Raises InvalidExpression if the text has the form of no kind."""
        return kind_of(self.expression)

    @property
    def is_one_time(self) -> bool:
        return self.kind == "at"

    @property
    def ends(self) -> bool:
        return self.is_one_time or self.end_at is not None

    def occurrences(self, after: datetime, *, without: Container[date] = frozenset()) -> Iterator[datetime]:
        """Yields the instants after `after`, ascending, except those on the days `without` in the timing's zone."""
        return self.parsed.occurrences(after, without=without)

    def next_occurrence(self, after: datetime, *, without: Container[date] = frozenset()) -> datetime | None:
        """Returns the first of the `occurrences` with these arguments, or None."""
        return self.parsed.next_occurrence(after, without=without)

    def last_occurrence(self) -> datetime | None:
        """Returns the last occurrence before `end_at`, or None if there is no end or no occurrence."""
        found = latest(self.occurrences, EPOCH, self.end_at) if self.end_at else ()
        return found[0] if found else None


class Action(Frozen):
    """The work of a run: a registered type, and its data as a JSON object."""

    type: str
    data: Mapping[str, Any]


class DeliveryPolicy(Frozen):
    """How often and how long EventBridge retries a delivery. AWS's default of a day is too long for a reminder."""

    max_retries: int = 185
    max_age_seconds: int = 3600


class RetryPolicy(Frozen):
    """How often failed work is retried. The delay is `backoff_seconds`, doubled with each retry."""

    max_retries: int = 3
    backoff_seconds: int = 60


class OnUnknown(StrEnum):
    """What happens to a run if it is unknown whether the provider, which accepts no idempotency key, did the work."""

    RETRY = "retry"
    STOP = "stop"


class Overlap(StrEnum):
    """What happens to an occurrence while an earlier run of its schedule is running, retrying or held."""

    ALLOW = "allow"
    SKIP = "skip"


class OnMissed(StrEnum):
    """What happens to an occurrence that was not delivered."""

    RUN_NOW = "run_now"
    SKIP = "skip"


class LastRun(Frozen):
    """The latest ended run, as part of a schedule."""

    scheduled_time: datetime
    status: str
    reason: str | None = None


class Schedule(Frozen, kw_only=True):
    """One schedule.

    `revision` increases with each change. It starts at the creation's epoch milliseconds, so a re-created id has other
    revisions. `action_revision` is the revision that wrote the action, which is a separate item.
    `confirmed`: EventBridge is known to have this revision. Until then `intent_until` is the end of the intent's lease.
    `never_applied`: EventBridge has never been known to have the schedule, so no delivery is expected.
    `next_run_at` is the first occurrence of the current timing without an outcome. `pending_since` is set while spans
    are open (span.py): no pending occurrence of an earlier timing is before it.
    `applied` is restored if EventBridge refuses a change: the last confirmed schedule, else the last intent.
    `in_progress` are the latest occurrences whose runs are retrying or held, and `waiting_runs` is the number of all
    such runs. Each of these runs has its own watch.
    `reserved` is, if there is a `max_runs`, the number of runs that are running or wait and are not in `run_count`.
    `running` lists, for `overlap: skip`, the occurrences whose runs are running.
    `exclusions` are dates in the timing's zone. `run_count` is the number of executed occurrences, and
    `failures_in_a_row` the number of failures since the last success; at `pause_after_failures` (0: never) the
    schedule is paused.
    `paused_until` is the end of the current or last pause. Earlier occurrences are not executed, except in open spans.
    `request_digest` is the digest of the request that created it, if that had an idempotency key.
    `action` is None in lists, which do not read it.
    """

    user_id: str
    schedule_id: str
    timing: Timing
    action_type: str
    status: Status
    revision: int
    action_revision: int
    created_at: datetime
    updated_at: datetime
    timing_changed_at: datetime
    next_run_at: datetime | None = None
    resource_id: str | None = None
    name: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    flexible_window_minutes: int = 0
    delivery: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    confirmed: bool = False
    intent_until: datetime | None = None
    never_applied: bool = False
    reason: str | None = None
    last_run: LastRun | None = None
    run_count: int = 0
    max_runs: int | None = None
    exclusions: tuple[date, ...] = ()
    on_missed: OnMissed = OnMissed.SKIP
    paused_until: datetime | None = None
    pending_since: datetime | None = None
    in_progress: tuple[datetime, ...] = ()
    waiting_runs: int = 0
    reserved: int = 0
    running: tuple[datetime, ...] = ()
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    on_unknown: OnUnknown = OnUnknown.RETRY
    overlap: Overlap = Overlap.ALLOW
    pause_after_failures: int = 0
    failures_in_a_row: int = 0
    applied: Schedule | None = None
    request_digest: str | None = None
    expires_at: datetime | None = None
    action: Action | None = None

    @property
    def watch_at(self) -> datetime | None:
        """Returns the time at which the sweeper must check the schedule: its earliest deadline, or None.

        The lease of an open intent has priority: other deadlines depend on its result.
        """
        if not self.confirmed and self.intent_until:
            return self.intent_until
        return min(self._deadlines(), default=None)

    def next_try_at(self, now: datetime, pause: timedelta) -> datetime:
        """Returns when an intent is retried if the attempt at `now` fails: after `pause`, 5 minutes at most.

        It is earlier if an occurrence or another deadline of the schedule is near, but never within the lease.
        """
        lease_until = now + INTENT_LEASE
        following = self.next_occurrence(lease_until) if self.status is Status.ACTIVE else None
        early = [following - APPLIED_EARLY] if following else []
        deadlines = [at for at in self._deadlines() if at > now]
        return max(lease_until, min([now + min(pause, TRIED_AGAIN_WITHIN), *early, *deadlines]))

    def _deadlines(self) -> Iterator[datetime]:
        """Yields the deadlines of its next occurrence, its pause and its failures."""
        if (due := self.first_due) is not None:
            yield due + self.window + LATE_AFTER
        if self.status is Status.PAUSED and self.paused_until:
            yield self.paused_until - RESUME_EARLY
        if self.fails_too_often and self.last_run:
            yield self.last_run.scheduled_time

    @property
    def fails_too_often(self) -> bool:
        """Returns whether it must be paused because of its failures."""
        return self.status is Status.ACTIVE and 0 < self.pause_after_failures <= self.failures_in_a_row

    def runs_since(self, now: datetime) -> datetime:
        """Returns an instant before which no running run is scheduled, except retries that `in_progress` lacks."""
        longest = self.window + timedelta(seconds=self.delivery.max_age_seconds) + LONGEST_IN_QUEUE
        return min((now - longest, *self.in_progress))

    @property
    def first_due(self) -> datetime | None:
        """Returns the first occurrence of the current timing that it waits for, or None if it is not active."""
        return self.next_run_at if self.status is Status.ACTIVE else None

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.flexible_window_minutes)

    def occurrences(self, after: datetime) -> Iterator[datetime]:
        """Yields the occurrences after `after` that are not excluded, ascending."""
        return self.timing.occurrences(after, without=self.excluded_days)

    def next_occurrence(self, after: datetime) -> datetime | None:
        return self.timing.next_occurrence(after, without=self.excluded_days)

    def is_excluded(self, occurrence: datetime) -> bool:
        return wall_time(occurrence, zone(self.timing.timezone)).date() in self.excluded_days

    @cached_property
    def excluded_days(self) -> frozenset[date]:
        """Returns the exclusions as a set, for lookups in constant time."""
        return frozenset(self.exclusions)

    @property
    def is_first_revision(self) -> bool:
        """Returns whether the schedule was not changed since its creation."""
        return self.revision == epoch_ms(self.created_at)

    def as_confirmed(self) -> Schedule:
        """Returns the schedule after its confirmation."""
        return replace(self, confirmed=True, intent_until=None, applied=None, never_applied=False)

    def is_leased(self, now: datetime) -> bool:
        """Returns whether a change is being applied, so that no other change may start."""
        return not self.confirmed and self.intent_until is not None and now < self.intent_until

    def is_expired(self, now: datetime) -> bool:
        """DynamoDB's TTL deletes items late, so readers must ignore expired items."""
        return self.expires_at is not None and self.expires_at <= now
