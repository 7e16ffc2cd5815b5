"""What a schedule is: timing and action, owned by one user, and how far EventBridge is known to agree.

Records are immutable. `dataclasses.replace` makes the next state, the repository writes it.
All instants are aware UTC datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..timing.expressions import Expression, parse
from ..timing.instants import EPOCH, epoch_ms
from ..timing.latest import latest
from ..timing.zones import wall_time, zone

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

RESUME_EARLY = timedelta(minutes=2)
"""How long before the end of a pause EventBridge is switched on; what fires before the end does no work."""

INTENT_LEASE = timedelta(seconds=60)
"""How long a recorded change may be on its way to EventBridge before somebody else may take it up."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far the clocks of two processes may be apart, either way."""

LATE_AFTER = timedelta(minutes=5)
"""When an occurrence with no run is looked at. EventBridge itself may be 60 seconds late."""

RECORD_OUTLIVES_RUNS = timedelta(days=1)
"""How much longer the record of a finished schedule stays than the records of its runs."""
LONGEST_IN_QUEUE = timedelta(hours=7)
"""How long after its delivery an event may begin: Lambda keeps it for 6 hours at most, and tries it again."""

TRIED_AGAIN_WITHIN = timedelta(minutes=5)
"""The longest that an open intent waits for its next try, so that an outage of EventBridge ends for it soon after."""

APPLIED_EARLY = timedelta(minutes=2)
"""How long before an occurrence an open intent is tried: the sweeper's minute, and one more for itself."""


class Status(StrEnum):
    """Where a schedule is in its life. Only `active` and `paused` ones stand in EventBridge."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_live(self) -> bool:
        """Should EventBridge have this schedule?"""
        return self in LIVE


LIVE = (Status.ACTIVE, Status.PAUSED)


@dataclass(frozen=True)
class Timing:
    """When a schedule fires, in EventBridge's own spelling: `at(…)`, `rate(…)` or `cron(…)`."""

    expression: str
    timezone: str = "UTC"
    start_at: datetime | None = None
    end_at: datetime | None = None

    @cached_property
    def parsed(self) -> Expression:
        """The calendar behind the text. Raises InvalidExpression."""
        return parse(self.expression, self.timezone, start_at=self.start_at, end_at=self.end_at)

    @property
    def kind(self) -> Literal["at", "rate", "cron"]:
        return self.parsed.kind

    @property
    def is_one_time(self) -> bool:
        return self.kind == "at"

    @property
    def ends(self) -> bool:
        return self.is_one_time or self.end_at is not None

    def occurrences(self, after: datetime, *, without: Container[date] = frozenset()) -> Iterator[datetime]:
        """Planned instants strictly after `after`, ascending; none on the days `without`, in the timing's zone."""
        return self.parsed.occurrences(after, without=without)

    def next_occurrence(self, after: datetime) -> datetime | None:
        return next(self.occurrences(after), None)

    def last_occurrence(self) -> datetime | None:
        """The last one before the end; None for what has no end or no occurrence."""
        found = latest(self.occurrences, EPOCH, self.end_at) if self.end_at else ()
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Action:
    """What a run does: a registered type and its data, a JSON object."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How long EventBridge tries to hand the payload to the Lambda. AWS's own day is too long for a notice."""

    max_retries: int = 185
    max_age_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often failed work is tried again, and how long it waits: `backoff_seconds`, doubled with each retry."""

    max_retries: int = 3
    backoff_seconds: int = 60


class OnUnknown(StrEnum):
    """What becomes of a run when nobody knows whether its provider, which takes no key, has done it."""

    RETRY = "retry"
    STOP = "stop"


class Overlap(StrEnum):
    """What becomes of an occurrence while an earlier run of its schedule is still being retried or held."""

    ALLOW = "allow"
    SKIP = "skip"


class OnMissed(StrEnum):
    """What becomes of an occurrence that nothing delivered."""

    RUN_NOW = "run_now"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class LastRun:
    """The latest run that ended, as a schedule shows it."""

    scheduled_time: datetime
    status: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One schedule as its record has it.

    `revision` counts changes (it starts at the creation's epoch milliseconds, so a re-created id never repeats one).
    `action_revision` is the revision that wrote the action's body, which is an item of its own.
    `confirmed` says that EventBridge is known to agree; while it is not, `intent_until` is the lease of the change.
    `never_applied` until EventBridge is first known to agree: no delivery is expected.
    `next_run_at` is the first occurrence, by the timing it has now, that has no outcome yet. `pending_since` says that
    spans are open (span.py): no occurrence that was due before a change and has no outcome yet lies before it.
    `applied` is what a refused change goes back to: what EventBridge was last known to have, or else was to have.
    `in_progress` are the latest occurrences whose run waits for its next attempt or for a release, `waiting_runs` is
    the number of all such runs: the run itself sees to them.
    `reserved` counts, where there is a `max_runs`, the runs that began or wait and are not in `run_count` yet;
    `running` lists, for `overlap: skip`, the occurrences whose runs are running now.
    `exclusions` are dates in the timing's zone; `run_count` counts the occurrences that were carried out, and
    `failures_in_a_row` those of them that failed last; so many as `pause_after_failures` (0: never) pause it.
    `paused_until` is when a pause ends or ended; what lies before this and is in no open span is not done.
    `request_digest` is that of the request that made it, if that had an idempotency key.
    `action` is None in lists, which do not read the body.
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
        """The earliest open deadline: at this instant somebody must look if nothing happened before.

        An open intent comes before all else: until it is closed, nothing can be said about occurrences and pauses.
        """
        if not self.confirmed and self.intent_until:
            return self.intent_until
        return min(self._deadlines(), default=None)

    def next_try_at(self, now: datetime, pause: timedelta) -> datetime:
        """When an open intent that is tried now is tried again, if this try fails: after `pause`, 5 minutes at most.

        It is tried before its next occurrence, and looked at when its own deadlines come; never while its lease lasts.
        """
        lease_until = now + INTENT_LEASE
        following = self.next_occurrence(lease_until) if self.status is Status.ACTIVE else None
        early = [following - APPLIED_EARLY] if following else []
        deadlines = [at for at in self._deadlines() if at > now]
        return max(lease_until, min([now + min(pause, TRIED_AGAIN_WITHIN), *early, *deadlines]))

    def _deadlines(self) -> Iterator[datetime]:
        """Of its occurrences, its pause, and its failures."""
        if (due := self.first_due) is not None:
            yield due + self.window + LATE_AFTER
        if self.status is Status.PAUSED and self.paused_until:
            yield self.paused_until - RESUME_EARLY
        if self.fails_too_often and self.last_run:
            yield self.last_run.scheduled_time

    @property
    def fails_too_often(self) -> bool:
        """Is it to be paused?"""
        return self.status is Status.ACTIVE and 0 < self.pause_after_failures <= self.failures_in_a_row

    def runs_since(self, now: datetime) -> datetime:
        """No run that is running at `now` is scheduled before this, but for more retries than `in_progress` lists."""
        longest = self.window + timedelta(seconds=self.delivery.max_age_seconds) + LONGEST_IN_QUEUE
        return min((now - longest, *self.in_progress))

    @property
    def first_due(self) -> datetime | None:
        """The first occurrence, by the timing it has now, that it waits for."""
        return self.next_run_at if self.status is Status.ACTIVE else None

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.flexible_window_minutes)

    def occurrences(self, after: datetime) -> Iterator[datetime]:
        """Planned instants strictly after `after` that are not excluded, ascending."""
        return self.timing.occurrences(after, without=self.excluded_days)

    def next_occurrence(self, after: datetime) -> datetime | None:
        return next(self.occurrences(after), None)

    def is_excluded(self, occurrence: datetime) -> bool:
        return wall_time(occurrence, zone(self.timing.timezone)).date() in self.excluded_days

    @cached_property
    def excluded_days(self) -> frozenset[date]:
        """The exclusions, to look one up in a single step."""
        return frozenset(self.exclusions)

    @property
    def is_first_revision(self) -> bool:
        """Nothing but its creation has happened to it."""
        return self.revision == epoch_ms(self.created_at)

    def as_confirmed(self) -> Schedule:
        """The schedule once EventBridge is known to agree."""
        return replace(self, confirmed=True, intent_until=None, applied=None, never_applied=False)

    def is_leased(self, now: datetime) -> bool:
        """Is a change on its way to EventBridge, so that no other may start?"""
        return not self.confirmed and self.intent_until is not None and now < self.intent_until

    def is_expired(self, now: datetime) -> bool:
        """DynamoDB's TTL deletes late; to a reader an expired item is gone."""
        return self.expires_at is not None and self.expires_at <= now
