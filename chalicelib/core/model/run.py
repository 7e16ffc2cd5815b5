"""A run: the execution of one occurrence, identified by schedule and scheduled time, or of one "run now"."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from ..frozen import Frozen, replace
from . import ids

if TYPE_CHECKING:
    from datetime import datetime

    from .schedule import Schedule


MOST_ATTEMPTS = 30
"""The most attempts that a run lists, the latest ones, so that many redrives do not make its item large."""

LONGEST_ERROR = 500

INTERRUPTED = "interrupted: the invocation crashed or timed out"

START_AGAIN_AFTER = timedelta(minutes=2)
"""How long after its invocation a run may be unclaimed before the sweeper starts it again."""


class RunStatus(StrEnum):
    """The status of a run. `queued`: waits for an invocation by this service. `running`: has a lease. `retrying`: has
    failed and waits for its next attempt. `held`: waits for the operator's release. The others have ended.

    A late delivery may still claim a `skipped` or `missed` run.
    """

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    HELD = "held"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"


class Attempt(Frozen):
    """One attempt of a run. `error` is None if it succeeded, `ended_at` is None while it runs or if it crashed."""

    started_at: datetime
    ended_at: datetime | None = None
    error: str | None = None

    def interrupted(self) -> Attempt:
        """Returns this attempt; if it did not end, with the error INTERRUPTED."""
        return self if self.ended_at or self.error else replace(self, error=INTERRUPTED)


class Run(Frozen, kw_only=True):
    """The record of one occurrence or one "run now".

    `claim_id` is made once per invocation: an invocation that finds its claim id in the table holds the claim, even if
    the response to its write was lost. `delivered_for` is EventBridge's scheduled time.
    `token` distinguishes runs that were started outside of the timing ("run now"); these are not occurrences.
    `watched` runs were started by this service, not by EventBridge. The sweeper checks them after `lease_until` while
    they are queued or running, and starts a retrying run at `next_attempt_at`.
    `schedule_created_at` is the creation of the run's schedule: an earlier schedule may have had the same id.
    `unforeseen` runs were delivered at a time that is no occurrence in this service's calendar.
    `waits`: the run is included in the schedule's number of waiting runs.
    `reserved`: the run is included in the schedule's number of reserved runs.
    `tries` counts the attempts since the delivery, or since the last redrive (`redriven`). `counted`: executions before
    the redrive are already in the schedule's `run_count`. `acting_since` is set while a provider that accepts no
    idempotency key may have done the work: an attempt that finds it set makes the run `possibly_repeated`.
    `dead_letter_pending`: the dead-letter message of a failed run may be unsent; the run's next delivery sends it.
    """

    user_id: str
    schedule_id: str
    scheduled_time: datetime
    delivered_for: datetime
    status: RunStatus
    revision: int
    action_type: str
    claim_id: str
    lease_until: datetime
    token: str | None = None
    watched: bool = False
    resource_id: str | None = None
    attempts: tuple[Attempt, ...] = ()
    lateness: timedelta | None = None
    reason: str | None = None
    expires_at: datetime | None = None
    tries: int = 0
    next_attempt_at: datetime | None = None
    acting_since: datetime | None = None
    possibly_repeated: bool = False
    redriven: bool = False
    counted: bool = False
    schedule_created_at: datetime | None = None
    unforeseen: bool = False
    reserved: bool = False
    waits: bool = False
    dead_letter_pending: bool = False

    @cached_property
    def run_id(self) -> str:
        return ids.run_id(self.user_id, self.schedule_id, self.scheduled_time, self.token)

    @property
    def is_occurrence(self) -> bool:
        return self.token is None

    @property
    def has_ended(self) -> bool:
        return self.status not in (RunStatus.QUEUED, RunStatus.RUNNING) and not self.is_in_progress

    @property
    def is_in_progress(self) -> bool:
        """Returns whether the run is retrying or held. It has its own watch, so its schedule proceeds without it."""
        return self.status in (RunStatus.RETRYING, RunStatus.HELD)

    @property
    def is_waited_for(self) -> bool:
        """Returns whether the schedule's `waiting_runs` includes it. A running retry is included until it ends."""
        return self.waits and not self.has_ended

    @property
    def holds_reservation(self) -> bool:
        """Returns whether the run has a reservation. Retries and crashed runs keep it; the run's end releases it."""
        return self.reserved and not self.has_ended

    @property
    def is_uncounted(self) -> bool:
        """Returns whether it will count for `max_runs` but has no reservation: the limit was set after its start."""
        return self.is_occurrence and not (self.reserved or self.redriven or self.counted)

    @property
    def counts(self) -> bool:
        """Returns whether it must be added to `run_count`: an occurrence that was executed, or begun and lost."""
        begun_and_lost = self.status is RunStatus.MISSED and bool(self.attempts)
        carried_out = begun_and_lost or self.status in (RunStatus.SUCCEEDED, RunStatus.FAILED)
        return self.is_occurrence and carried_out and not self.counted

    @property
    def watch_at(self) -> datetime | None:
        """Returns the time at which the sweeper must check the run, or None if it need not."""
        if self.status is RunStatus.RETRYING:
            return self.next_attempt_at
        waiting = self.status in (RunStatus.QUEUED, RunStatus.RUNNING)
        return self.lease_until if self.watched and waiting else None

    def is_leased(self, now: datetime) -> bool:
        return self.status is RunStatus.RUNNING and now < self.lease_until

    def belongs_to(self, schedule: Schedule) -> bool:
        """Returns whether the run is this schedule's, not an earlier schedule's with the same id.

        Runs without `schedule_created_at` belong to every schedule. Creation times are compared for equality only: the
        clocks of two processes differ.
        """
        return self.schedule_created_at in (None, schedule.created_at)

    def is_expired(self, now: datetime) -> bool:
        """DynamoDB's TTL deletes items late, so readers must ignore expired items."""
        return self.expires_at is not None and self.expires_at <= now

    def ended(self, status: RunStatus, at: datetime, *, error: str | None = None) -> Run:
        """Returns this run with its last attempt ended. The error of a failure is also the run's reason."""
        return replace(self._closed(at, error), status=status)

    def to_be_retried(self, at: datetime, *, error: str, next_attempt_at: datetime) -> Run:
        """Returns this run after a failed attempt, with the time of its next attempt."""
        return replace(self._closed(at, error), status=RunStatus.RETRYING, next_attempt_at=next_attempt_at, waits=True)

    def released(self, at: datetime, claim_id: str) -> Run:
        """Returns this run, which was held, queued to start at `at`."""
        return replace(
            self,
            status=RunStatus.QUEUED,
            claim_id=claim_id,
            lease_until=at,
            watched=True,
            reason=None,
            dead_letter_pending=False,
        )

    def redrive(self, at: datetime, claim_id: str, *, expires_at: datetime) -> Run:
        """Returns this run queued again for `at`: its attempts are kept, and `tries` starts at zero."""
        return replace(
            self.released(at, claim_id),
            redriven=True,
            waits=False,
            # The run's end has released its reservation.
            reserved=self.holds_reservation,
            counted=self.counted or self.counts,
            tries=0,
            next_attempt_at=None,
            possibly_repeated=self.possibly_repeated or self.acting_since is not None,
            acting_since=None,
            expires_at=max(filter(None, (self.expires_at, expires_at))),
        )

    def with_history_of(self, earlier: Run) -> Run:
        """Returns this run, which replaces `earlier`, with the history of `earlier`.

        A schedule does not wait for a run that was postponed, missed or skipped: if this run's invocation crashes, only
        the run's own watch finds it.
        """
        return replace(
            self,
            watched=self.watched or earlier.watched or earlier.status is not RunStatus.RUNNING,
            attempts=tuple(attempt.interrupted() for attempt in earlier.attempts),
            lateness=earlier.lateness if earlier.attempts else self.lateness,
            tries=earlier.tries,
            acting_since=earlier.acting_since,
            possibly_repeated=earlier.possibly_repeated,
            unforeseen=self.unforeseen or earlier.unforeseen,
            reserved=earlier.holds_reservation,
            waits=earlier.is_waited_for,
            redriven=earlier.redriven,
            counted=earlier.counted or earlier.counts,
            expires_at=max(filter(None, (self.expires_at, earlier.expires_at)), default=None),
        )

    def _closed(self, at: datetime, error: str | None) -> Run:
        reason = error and error[:LONGEST_ERROR]
        closed = replace(self.attempts[-1], ended_at=at, error=reason)
        return replace(self, reason=reason, attempts=(*self.attempts[:-1], closed))
