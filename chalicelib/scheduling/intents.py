"""The three steps of every change: record the intent, apply it to EventBridge, confirm it in the table.

After a crash between two steps, the intent is in the table with its deadline, and the sweeper finishes it. An intent is
never deleted: if EventBridge refuses a change, another intent reverts it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ..core.errors import (
    ChangeLost,
    ScheduleNotFound,
    SchedulerDenied,
    SchedulerRefused,
    SchedulerUnavailable,
    StoreUnavailable,
)
from ..core.model import reasons
from ..core.model.schedule import CLOCKS_DIFFER, INTENT_LEASE, LATE_AFTER, Schedule, Status
from ..core.model.span import due, earliest, opened_span
from ..core.timing.instants import EPOCH, whole_ms
from .retention import USUAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ..core.model.ports import ScheduleRepository, SchedulerGateway
    from ..core.model.schedule import Action
    from .retention import Durations

SWEEPER_NEEDS = timedelta(minutes=3)
"""An occurrence sooner than this cannot wait for the sweeper: lease, sweep interval and sweep take a minute each."""


class Intents:
    """Records, applies and confirms changes. `clock` returns aware UTC datetimes."""

    def __init__(
        self,
        repository: ScheduleRepository,
        gateway: SchedulerGateway,
        clock: Callable[[], datetime],
        durations: Durations = USUAL,
    ) -> None:
        self._repository = repository
        self._gateway = gateway
        self._clock = clock
        self._durations = durations

    def create(self, schedule: Schedule, action: Action, *, replacing: Schedule | None) -> Schedule:
        """Creates a schedule. `replacing` is the ended schedule with the same id; None: the id must be unused.

        Returns the schedule, unconfirmed if EventBridge is unavailable and the sweeper has time to finish the create.
        Raises ScheduleExists, SchedulerRefused, SchedulerUnavailable.
        """
        self._repository.create(schedule, action, replacing=replacing)
        try:
            return self.apply(schedule, action)
        except SchedulerUnavailable as exc:
            if not isinstance(exc, SchedulerDenied) and self._can_wait(schedule):
                return schedule
            self._withdraw(schedule, str(exc))
            raise
        except SchedulerRefused as exc:
            self._withdraw(schedule, str(exc))
            raise

    def continue_create(self, schedule: Schedule, action: Action) -> Schedule:
        """Continues an interrupted create when its request is repeated. Raises SchedulerRefused.

        The client may have the response of the first request. So if EventBridge is unavailable, the create is not
        withdrawn, and the sweeper finishes it.
        """
        try:
            return self.apply(schedule, action)
        except SchedulerUnavailable:
            return schedule
        except SchedulerRefused as exc:
            self._withdraw(schedule, str(exc))
            raise

    def change(self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None) -> Schedule:
        """Records and applies the next revision of a live schedule. `action` is the new action, or None if unchanged.

        Returns the schedule, unconfirmed if EventBridge is unavailable. Raises ChangeLost if the record has changed
        since it was read. Raises SchedulerRefused or SchedulerDenied; the change is then reverted.
        """
        schedule = self._record(schedule, replacing=replacing, action=action)
        try:
            return self.apply(schedule, action)
        except (SchedulerRefused, SchedulerDenied) as exc:
            self._revert(schedule, str(exc))
            raise
        except SchedulerUnavailable:
            return schedule

    def end(self, schedule: Schedule, status: Status, reason: str | None = None) -> Schedule:
        """Ends a schedule and deletes it in EventBridge. Raises ChangeLost.

        The end is effective as soon as the intent is recorded, because the Notification Lambda reads the record before
        it does any work.
        """
        now = self._clock()
        ended = replace(
            self.next_revision(schedule),
            status=status,
            reason=reason,
            paused_until=None,
            next_run_at=None,
            applied=None,
            expires_at=now + self._durations.keep_records,
        )
        ended = self._record(ended, replacing=schedule)
        try:
            return self.apply(ended)
        except (SchedulerRefused, SchedulerUnavailable):
            return ended

    def apply(self, schedule: Schedule, action: Action | None = None) -> Schedule:
        """Puts the schedule into EventBridge, or deletes it there, as its record requires, and confirms the record.

        Raises SchedulerRefused, SchedulerUnavailable, and ScheduleNotFound if the table has no action for it.
        EventBridge then has the last copy of the action, which is kept.
        """
        if not self._is_wanted(schedule):
            self._gateway.delete(schedule)
            return self.confirm(schedule)
        body = action or self._repository.get_action(schedule)
        if body is None:
            raise ScheduleNotFound("the schedule's action is not in the table")
        self._gateway.put(schedule, body, now=self._clock())
        return self.confirm(schedule)

    def finish(self, schedule: Schedule) -> Schedule:
        """Finishes an intent whose lease has expired. Raises SchedulerUnavailable.

        If EventBridge refuses the intent, a change is reverted and a create ends as failed. Raises ScheduleNotFound if
        the table has no action for it.
        """
        try:
            return self.apply(schedule)
        except SchedulerRefused as exc:
            self._revert(schedule, str(exc))
            return schedule

    def confirm(self, schedule: Schedule) -> Schedule:
        """Confirms the intent, the third step. Returns the schedule, unconfirmed if the table is unavailable.

        If the record has changed, it is marked unconfirmed: this call may have overwritten a later revision in
        EventBridge.
        """
        with suppress(StoreUnavailable):
            if self._repository.confirm(schedule):
                return schedule.as_confirmed()
            self._repository.mark_unconfirmed(schedule, now=self._clock())
        return schedule

    def next_revision(self, schedule: Schedule) -> Schedule:
        """Returns the schedule with the next revision and a new lease, as the start of a change."""
        now = whole_ms(self._clock())
        return replace(
            schedule,
            revision=schedule.revision + 1,
            confirmed=False,
            intent_until=now + INTENT_LEASE,
            # The clock of the process that made the previous change may be ahead.
            updated_at=max(now, schedule.updated_at),
            pending_since=earliest(schedule.pending_since, next(due(schedule, now), None)),
            next_run_at=schedule.next_occurrence(now) if schedule.status is Status.ACTIVE else None,
            applied=schedule.applied
            or replace(schedule, action=None, pending_since=None, in_progress=(), waiting_runs=0),
        )

    def _record(
        self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None, was: Schedule | None = None
    ) -> Schedule:
        """Records the intent, the first step, and a span with the due occurrences that have no outcome.

        `was` is the schedule that EventBridge has; None: `replacing`. Raises ChangeLost.
        """
        span = opened_span(was or replacing, schedule)
        recorded = replace(schedule, pending_since=earliest(replacing.pending_since, span.since if span else None))
        self._repository.change(recorded, replacing=replacing, action=action, span=span)
        return recorded

    def _is_wanted(self, schedule: Schedule) -> bool:
        """Returns whether EventBridge must have the schedule.

        A one-time schedule with a past time would fire immediately. The sweeper decides whether it is caught up.
        """
        if not schedule.status.is_live:
            return False
        at = schedule.timing.next_occurrence(EPOCH) if schedule.timing.is_one_time else None
        is_over = at is not None and at + schedule.window + LATE_AFTER <= self._clock()
        return schedule.status is Status.PAUSED or not is_over

    def _can_wait(self, schedule: Schedule) -> bool:
        return schedule.next_run_at is None or schedule.next_run_at - self._clock() >= SWEEPER_NEEDS

    def _withdraw(self, schedule: Schedule, reason: str) -> None:
        """Ends a create that gets an error response: it must not fire, even if EventBridge has accepted it."""
        try:
            self.end(schedule, Status.FAILED, reason)
        except (ChangeLost, StoreUnavailable):
            # The intent of the create is still in the table, and the sweeper finishes it.
            return

    def _revert(self, schedule: Schedule, reason: str) -> None:
        """Reverts a refused change to the schedule that EventBridge has; without one, ends the schedule as failed."""
        applied = schedule.applied
        body = self._repository.get_action(applied) if applied else None
        if applied is None or body is None:
            self._withdraw(schedule, reason)
            return
        following = self.next_revision(schedule)
        reverted = replace(
            applied,
            revision=following.revision,
            action_revision=following.revision,
            confirmed=False,
            intent_until=following.intent_until,
            updated_at=following.updated_at,
            next_run_at=applied.next_occurrence(following.updated_at) if applied.status is Status.ACTIVE else None,
            in_progress=schedule.in_progress,
            waiting_runs=schedule.waiting_runs,
            last_run=schedule.last_run,
            run_count=schedule.run_count,
            failures_in_a_row=schedule.failures_in_a_row,
            reason=reasons.change_refused(reason),
            applied=None,
        )
        try:
            reverted = self._record(
                reverted, replacing=schedule, action=body, was=_without_the_refused_change(applied, schedule)
            )
            self.apply(reverted, body)
        except (ChangeLost, StoreUnavailable, SchedulerRefused, SchedulerUnavailable):
            # The sweeper finishes the intent that is in the table now, the refused one or its reversal.
            return


def _without_the_refused_change(applied: Schedule, refused: Schedule) -> Schedule:
    """Returns the schedule that EventBridge has, as if the refused change had not been recorded.

    The span of the refused change has the occurrences due before it. It lacks those that the change would have
    superseded; these are in the span of the reversal.
    """
    superseded = CLOCKS_DIFFER if applied.timing != refused.timing else timedelta(0)
    since = applied.next_occurrence(refused.updated_at - superseded) if applied.status is Status.ACTIVE else None
    return replace(applied, next_run_at=since, updated_at=refused.updated_at)
