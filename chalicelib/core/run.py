"""What a run is: the carrying-out of one occurrence, identified by (schedule, scheduled time)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from . import keys

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class RunStatus(StrEnum):
    """Where a run is. `queued` waits for an invocation of ours, `running` has a lease; the others have ended.

    A `skipped` or `missed` one may still be taken over by a delivery that is owed.
    """

    QUEUED = "queued"
    RUNNING = "running"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One occurrence's story.

    `claim_id` is made once per invocation: whoever finds his own in the table has won the claim, even if the
    answer to his write was lost. `delivered_for` is the scheduled time that EventBridge named.
    `token` tells apart what was started outside the timing ("run now"): such a run is no occurrence.
    `watched` runs were started by us and not by EventBridge: while queued or running, the sweeper looks after them
    when `lease_until` has passed.
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

    @property
    def run_id(self) -> str:
        return keys.run_id(self.user_id, self.schedule_id, self.scheduled_time, self.token)

    @property
    def is_occurrence(self) -> bool:
        return self.token is None

    @property
    def has_ended(self) -> bool:
        return self.status not in (RunStatus.QUEUED, RunStatus.RUNNING)

    @property
    def counts(self) -> bool:
        """Was an occurrence carried out?"""
        return self.is_occurrence and self.status in (RunStatus.SUCCEEDED, RunStatus.FAILED)

    @property
    def watch_at(self) -> datetime | None:
        """When somebody must look if nothing happened before."""
        waiting = self.status in (RunStatus.QUEUED, RunStatus.RUNNING)
        return self.lease_until if self.watched and waiting else None

    def is_leased(self, now: datetime) -> bool:
        return self.status is RunStatus.RUNNING and now < self.lease_until

    def is_expired(self, now: datetime) -> bool:
        """DynamoDB's TTL deletes late; to a reader an expired item is gone."""
        return self.expires_at is not None and self.expires_at <= now

    def ended(self, status: RunStatus, at: datetime, *, error: str | None = None) -> Run:
        """This run with its last attempt closed; a failure's error is the run's reason as well."""
        closed = replace(self.attempts[-1], ended_at=at, error=error)
        return replace(self, status=status, reason=error, attempts=(*self.attempts[:-1], closed))
