"""The three steps of every change: record the intent, apply it to EventBridge, confirm (design, section 5).

A crash between any two leaves an intent in the table with its deadline; the sweeper takes it up from there. Nothing is
ever undone: what EventBridge refuses becomes a further intent.
"""

from __future__ import annotations

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
"""What comes sooner than this cannot wait for the sweeper: the lease, its minute, and one more for itself."""


class Intents:
    """Carries changes out. `clock` gives aware UTC."""

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
        """A new schedule, in the place of an ended one if there is one under its id.

        It comes back unconfirmed if EventBridge is out of reach and the sweeper has time enough to finish.
        Raises ScheduleExists, SchedulerRefused, SchedulerUnavailable.
        """
        self._repository.create(schedule, action, replacing=replacing)
        return self.start(schedule, action)

    def start(self, schedule: Schedule, action: Action) -> Schedule:
        """The second and third step of a create whose first one is done."""
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
        """A create that was cut short, asked for once more.

        Nobody knows whether it was answered, so what EventBridge cannot take now is left to the sweeper, not withdrawn.
        """
        try:
            return self.apply(schedule, action)
        except SchedulerUnavailable:
            return schedule
        except SchedulerRefused as exc:
            self._withdraw(schedule, str(exc))
            raise

    def change(self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None) -> Schedule:
        """The next revision of a live schedule; `action` if that is new.

        It comes back unconfirmed if EventBridge is out of reach. Raises ChangeLost, SchedulerRefused, SchedulerDenied;
        then the schedule goes back to what EventBridge has.
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
        """Out of EventBridge for good. Once the intent is written it holds: the Lambda reads the record first.

        Raises ChangeLost.
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
        """EventBridge gets, or loses, the schedule as the record says, and the record says so.

        Raises SchedulerRefused, SchedulerUnavailable, and ScheduleNotFound for one that lost its action: what
        EventBridge has is then the last copy, and stays.
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
        """Takes up an intent that somebody left. What EventBridge refuses for good is gone back on, or has failed.

        Raises SchedulerUnavailable.
        """
        try:
            return self.apply(schedule)
        except SchedulerRefused as exc:
            self._revert(schedule, str(exc))
            return schedule

    def confirm(self, schedule: Schedule) -> Schedule:
        """The third step. A record that went on meanwhile puts what we applied in doubt."""
        try:
            if self._repository.confirm(schedule):
                return schedule.as_confirmed()
            self._repository.mark_unconfirmed(schedule, now=self._clock())
        except StoreUnavailable:
            return schedule
        return schedule

    def next_revision(self, schedule: Schedule) -> Schedule:
        """The same schedule as the beginning of its next change."""
        now = whole_ms(self._clock())
        return replace(
            schedule,
            revision=schedule.revision + 1,
            confirmed=False,
            intent_until=now + INTENT_LEASE,
            # The clock of the process that changed it before may be ahead.
            updated_at=max(now, schedule.updated_at),
            pending_since=earliest(schedule.pending_since, next(due(schedule, now), None)),
            next_run_at=schedule.next_occurrence(now) if schedule.status is Status.ACTIVE else None,
            applied=schedule.applied
            or replace(schedule, action=None, pending_since=None, in_progress=(), waiting_runs=0),
        )

    def _record(
        self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None, was: Schedule | None = None
    ) -> Schedule:
        """The first step. What is due and has no outcome yet is left to a span.

        `was` is the schedule that EventBridge had until now, if that was not `replacing`. Raises ChangeLost.
        """
        span = opened_span(was or replacing, schedule)
        recorded = replace(schedule, pending_since=earliest(replacing.pending_since, span.since if span else None))
        self._repository.change(recorded, replacing=replacing, action=action, span=span)
        return recorded

    def _is_wanted(self, schedule: Schedule) -> bool:
        """Should EventBridge have it? A past `at` would fire at once: it is the sweeper's to make up for, or not."""
        if not schedule.status.is_live:
            return False
        at = schedule.timing.next_occurrence(EPOCH) if schedule.timing.is_one_time else None
        is_over = at is not None and at + schedule.window + LATE_AFTER <= self._clock()
        return schedule.status is Status.PAUSED or not is_over

    def _can_wait(self, schedule: Schedule) -> bool:
        return schedule.next_run_at is None or schedule.next_run_at - self._clock() >= SWEEPER_NEEDS

    def _withdraw(self, schedule: Schedule, reason: str) -> None:
        """A create that was never acknowledged must not fire, even if an answer that was lost was a yes."""
        try:
            self.end(schedule, Status.FAILED, reason)
        except (ChangeLost, StoreUnavailable):
            # The first intent stands in the table with its deadline, and is taken up from there.
            return

    def _revert(self, schedule: Schedule, reason: str) -> None:
        """Back to what EventBridge has, by a further change; failed, where it never had anything."""
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
            reason=f"a change was refused: {reason}",
            applied=None,
        )
        try:
            reverted = self._record(reverted, replacing=schedule, action=body, was=_as_it_went_on(applied, schedule))
            self.apply(reverted, body)
        except (ChangeLost, StoreUnavailable, SchedulerRefused, SchedulerUnavailable):
            # Whichever intent stands in the table now, the sweeper takes it up.
            return


def _as_it_went_on(applied: Schedule, refused: Schedule) -> Schedule:
    """What EventBridge has, as if the refused change had never been recorded.

    What was due before that change is in the change's own span, but for what it would have superseded.
    """
    superseded = CLOCKS_DIFFER if applied.timing != refused.timing else timedelta(0)
    since = applied.next_occurrence(refused.updated_at - superseded) if applied.status is Status.ACTIVE else None
    return replace(applied, next_run_at=since, updated_at=refused.updated_at)
