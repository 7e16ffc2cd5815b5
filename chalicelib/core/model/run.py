"""What a run is: the carrying-out of one occurrence, identified by (schedule, scheduled time)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from . import ids

if TYPE_CHECKING:
    from datetime import datetime


MOST_ATTEMPTS = 30
"""How many attempts a run tells of, the latest: it is one small item, however often somebody has it done again."""

LONGEST_ERROR = 500

INTERRUPTED = "cut short: the invocation crashed or timed out"

START_AGAIN_AFTER = timedelta(minutes=2)
"""How long a run that was handed over may be under way before the sweeper looks after it."""


class RunStatus(StrEnum):
    """Where a run is. `queued` waits for an invocation of ours, `running` has a lease, `retrying` has failed and waits
    for its next attempt, `held` waits for the operator's release; the others have ended.

    A `skipped` or `missed` one may still be taken over by a delivery that is owed.
    """

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    HELD = "held"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a run. `error` is None when it succeeded, `ended_at` is None while it runs or when it crashed."""

    started_at: datetime
    ended_at: datetime | None = None
    error: str | None = None

    def interrupted(self) -> Attempt:
        """This attempt; one that never ended gets an error: its invocation crashed or timed out."""
        return self if self.ended_at or self.error else replace(self, error=INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One occurrence's story.

    `claim_id` is made once per invocation: whoever finds his own in the table has won the claim, even if the
    answer to his write was lost. `delivered_for` is the scheduled time that EventBridge named.
    `token` tells apart what was started outside the timing ("run now"): such a run is no occurrence.
    `watched` runs were started by us and not by EventBridge: while queued or running, the sweeper looks after them
    when `lease_until` has passed; it starts a retrying one at `next_attempt_at`.
    `schedule_created_at` is the creation of the schedule that the run belongs to; under the same id there may have been
    another. `unforeseen` runs were delivered at a time that our calendar does not have.
    `waits` says that the schedule's number of waiting runs was raised for this one.
    `reserved` says that the schedule's number of reserved runs was raised for this one.
    `tries` counts the attempts since its delivery, or since a person had it done again (`redriven`); what was carried
    out before that is `counted` already. `acting_since` stands while a provider that takes no key may have done it:
    an attempt that finds it set makes the run `possibly_repeated`.
    `dead_letter_pending` says that a failed run's dead-letter message may be unsent; its next delivery sends it.
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

    @property
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
        """Was it begun or put aside, so that it looks after itself and its schedule need not wait for it?"""
        return self.status in (RunStatus.RETRYING, RunStatus.HELD)

    @property
    def is_waited_for(self) -> bool:
        """Does its schedule count it among those that wait? A retry that runs is counted until it ends."""
        return self.waits and not self.has_ended

    @property
    def holds_reservation(self) -> bool:
        """A retry keeps it, and so does a run whose process died; only what ends the run gives it back."""
        return self.reserved and not self.has_ended

    @property
    def is_uncounted(self) -> bool:
        """Will it count for `max_runs`, and did it begin when its schedule had none, so that it has no reservation?"""
        return self.is_occurrence and not (self.reserved or self.redriven or self.counted)

    @property
    def counts(self) -> bool:
        """Was an occurrence carried out, or begun and never ended, that its schedule has not counted?"""
        begun_and_lost = self.status is RunStatus.MISSED and bool(self.attempts)
        carried_out = begun_and_lost or self.status in (RunStatus.SUCCEEDED, RunStatus.FAILED)
        return self.is_occurrence and carried_out and not self.counted

    @property
    def watch_at(self) -> datetime | None:
        """When somebody must look if nothing happened before."""
        if self.status is RunStatus.RETRYING:
            return self.next_attempt_at
        waiting = self.status in (RunStatus.QUEUED, RunStatus.RUNNING)
        return self.lease_until if self.watched and waiting else None

    def is_leased(self, now: datetime) -> bool:
        return self.status is RunStatus.RUNNING and now < self.lease_until

    def is_expired(self, now: datetime) -> bool:
        """DynamoDB's TTL deletes late; to a reader an expired item is gone."""
        return self.expires_at is not None and self.expires_at <= now

    def ended(self, status: RunStatus, at: datetime, *, error: str | None = None) -> Run:
        """This run with its last attempt closed; a failure's error is the run's reason as well."""
        return replace(self._closed(at, error), status=status)

    def to_be_retried(self, at: datetime, *, error: str, next_attempt_at: datetime) -> Run:
        """This run after a failure, with the time of its next attempt."""
        return replace(self._closed(at, error), status=RunStatus.RETRYING, next_attempt_at=next_attempt_at, waits=True)

    def released(self, at: datetime, claim_id: str) -> Run:
        """This run, which was held, to be started at `at`."""
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
        """This run as somebody wants it done again at `at`: with its story, but with new tries."""
        return replace(
            self.released(at, claim_id),
            redriven=True,
            waits=False,
            # What ended gave its reservation back.
            reserved=self.holds_reservation,
            counted=self.counted or self.counts,
            tries=0,
            next_attempt_at=None,
            possibly_repeated=self.possibly_repeated or self.acting_since is not None,
            acting_since=None,
            expires_at=max(filter(None, (self.expires_at, expires_at))),
        )

    def with_history_of(self, earlier: Run) -> Run:
        """This run, which takes the place of `earlier`, with what is recorded of `earlier`.

        A schedule does not wait for a run that was postponed, missed or skipped: if this run's invocation dies, only
        the watch of the run finds it.
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
