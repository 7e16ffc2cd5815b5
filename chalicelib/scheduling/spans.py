"""Records outcomes for the occurrences of open spans: those due before a change of their schedule without an outcome.

A span has its own watch, so span and schedule do not wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from ..core.errors import ChangeLost
from ..core.model import ids, reasons
from ..core.model.run import RunStatus
from ..core.model.schedule import CLOCKS_DIFFER, LATE_AFTER, OnMissed, Schedule, Status
from ..core.model.span import A_SECOND, Span, earliest
from ..core.model.transitions import last_of, left_open, with_outcome, with_span_closed
from .run_starts import LAMBDA_TRIES_WITHIN, is_interrupted, not_done

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ..core.model.ports import ScheduleRepository, SchedulerGateway
    from ..core.model.run import Run
    from .retention import Durations
    from .run_starts import RunStarts

OCCURRENCES_AT_ONCE = 50
TRIES = 4
LOOKS_AGAIN_AFTER = 4
"""A span is checked again after a quarter of the time since its occurrence, because a late run does not update it."""


@dataclass(slots=True)
class Walk:
    """One walk over a span. `schedule` is the record after each outcome, `others` are its other open spans."""

    span: Span
    schedule: Schedule
    others: Sequence[Span]
    now: datetime

    @property
    def is_replaced(self) -> bool:
        """Returns whether a new schedule has the id."""
        return self.schedule.created_at != self.span.schedule_created_at

    @property
    def is_active(self) -> bool:
        return self.schedule.status is Status.ACTIVE and not self.is_replaced

    def is_awaited_elsewhere(self, due: datetime) -> bool:
        """Returns whether the record itself, or the span of a later change, waits for this occurrence."""
        first = self.schedule.first_due
        if first is not None and first <= due and self.schedule.next_occurrence(due - A_SECOND) == due:
            return True
        return any(span.has(due) for span in self._newer)

    def is_superseded(self, due: datetime) -> bool:
        """Returns whether the occurrence is less than two minutes before a change of timing, or after it."""
        is_retimed = self.schedule.timing != self.span.timing
        changed_at = earliest(self.span.timing_changed_at, self.schedule.timing_changed_at if is_retimed else None)
        return changed_at is not None and due > changed_at - CLOCKS_DIFFER

    def is_latest(self, due: datetime) -> bool:
        """Returns whether no later occurrence has passed, of the old timing or of a newer one."""
        later = (at for at in self.span.moved_to(due + A_SECOND).occurrences() if not self.is_superseded(at))
        if next(later, None) is not None or any(next(span.occurrences(), due) > due for span in self._newer):
            return False
        is_retimed = self.schedule.timing != self.span.timing
        following = self.schedule.next_occurrence(max(due, self.schedule.timing_changed_at) if is_retimed else due)
        return following is None or following > self.now

    @property
    def _newer(self) -> list[Span]:
        return [span for span in self.others if span.revision > self.span.revision]


class SpanWalker:
    """Records the occurrences of acquired spans. `clock` returns aware UTC datetimes, `new_id` a new claim id."""

    def __init__(
        self,
        repository: ScheduleRepository,
        gateway: SchedulerGateway,
        starts: RunStarts,
        *,
        clock: Callable[[], datetime],
        durations: Durations,
        new_id: Callable[[], str],
    ) -> None:
        self._repository = repository
        self._gateway = gateway
        self._starts = starts
        self._clock = clock
        self._durations = durations
        self._keep_record = durations.keep_records
        self._new_id = new_id

    def walk(self, span: Span) -> str:
        """Records outcomes from the first pending occurrence on, and stops at the first that may still be delivered.

        Returns one word for the sweep's report. Raises ChangeLost if the record or the span has changed.
        """
        schedule = self._repository.get(span.user_id, span.schedule_id)
        if schedule is None:
            self._repository.erase_span(span)
            return "orphaned"
        spans = self._repository.list_spans(span.user_id, span.schedule_id)
        others = [other for other in spans if other.revision != span.revision]
        return self._walk(Walk(span, schedule, others, self._clock()))

    def _walk(self, walk: Walk) -> str:
        occurrences = walk.span.occurrences()
        for due in islice(occurrences, OCCURRENCES_AT_ONCE):
            wait_until = self._process(walk, due)
            if wait_until is not None:
                self._move(walk.span, due, wait_until)
                return "waiting"
        following = next(occurrences, None)
        if following is not None:
            self._move(walk.span, following, walk.now)
        else:
            self._close(walk)
        return "recorded"

    def _process(self, walk: Walk, due: datetime) -> datetime | None:
        """Records or queues an occurrence if it is time. Returns when to check it again.

        None: it has an outcome, or the record or another span waits for it.
        """
        run = self._run(walk.span, due)
        if run is not None and (run.has_ended or run.is_in_progress):
            return None
        if walk.is_awaited_elsewhere(due):
            return None
        wait_until = self._wait_until(walk, run, due)
        if wait_until is not None:
            if run is not None and is_interrupted(run, walk.now):
                self._starts.start(run, walk.schedule)
            return wait_until
        if self._is_caught_up(walk, due):
            self._starts.queue(self._ended(walk, run, due), walk.schedule, replacing=run)
            return walk.now + LATE_AFTER
        self._record(walk, run, due)
        return None

    def _wait_until(self, walk: Walk, run: Run | None, due: datetime) -> datetime | None:
        """Returns when to check the occurrence again, or None if neither a delivery nor a result can come any more."""
        now, span = walk.now, walk.span
        final = due + span.window + span.max_age + self._durations.event_age
        if run is not None:
            return _wait_for_end(run, now, final)
        if now < (late_at := due + span.window + LATE_AFTER):
            return late_at
        if now >= final or span.never_applied or not walk.is_active or walk.is_superseded(due):
            return None
        # Without a schedule in EventBridge, a delivery may still wait in Lambda's queue. A catch-up run need not wait
        # for it: both have the same run id and need the same claim.
        if self._is_caught_up(walk, due) and not self._gateway.has(walk.schedule):
            return None
        return min(final, now + max(LATE_AFTER, (now - due) / LOOKS_AGAIN_AFTER))

    def _is_caught_up(self, walk: Walk, due: datetime) -> bool:
        """Returns whether the occurrence gets a catch-up run: only the latest missed one does."""
        if walk.schedule.on_missed is not OnMissed.RUN_NOW or not walk.is_active or walk.is_superseded(due):
            return False
        if walk.span.timing.is_one_time:
            return walk.now <= due + walk.span.window + walk.span.max_age
        return walk.is_latest(due)

    def _record(self, walk: Walk, run: Run | None, due: datetime) -> None:
        """Records the occurrence as missed or skipped, and updates the schedule.

        Runs that end concurrently change the record, so the write is retried. Raises ChangeLost if it still fails.
        """
        for _ in range(TRIES):
            ended = self._ended(walk, run, due)
            updated = (
                None
                if walk.is_replaced
                else with_outcome(walk.schedule, ended, now=walk.now, keep_record=self._keep_record, replacing=run)
            )
            span = None if walk.is_replaced else left_open(walk.schedule, ended, now=walk.now)
            refusal = self._repository.finish(ended, replacing=run, expecting=walk.schedule, updated=updated, span=span)
            if refusal is None:
                walk.schedule = updated or walk.schedule
                return
            if refusal.run is not None or refusal.schedule is None:
                break
            walk.schedule = refusal.schedule
        raise ChangeLost

    def _ended(self, walk: Walk, run: Run | None, due: datetime) -> Run:
        """Returns the occurrence as a missed or skipped run, with the attempts of `run` if there is one."""
        span, now, keep_runs = walk.span, walk.now, self._durations.keep_runs
        ended = not_done(
            walk.schedule,
            due,
            self._ending(walk, run, due),
            earlier=run,
            claim_id=self._new_id(),
            now=now,
            keep_runs=keep_runs,
        )
        action_type = span.action_type if walk.is_replaced else ended.action_type
        return replace(
            ended,
            schedule_created_at=span.schedule_created_at,
            resource_id=span.resource_id,
            action_type=action_type,
        )

    def _ending(self, walk: Walk, run: Run | None, due: datetime) -> tuple[RunStatus, str]:
        if walk.is_replaced:
            return RunStatus.SKIPPED, reasons.REPLACED
        if not walk.is_active:
            return RunStatus.SKIPPED, reasons.schedule_was(walk.schedule.status)
        if run is not None:
            return RunStatus.MISSED, reasons.INTERRUPTED
        if walk.is_superseded(due):
            return RunStatus.SKIPPED, reasons.TIMING_CHANGED
        return RunStatus.MISSED, reasons.MISSED

    def _move(self, span: Span, since: datetime, until: datetime) -> None:
        if not self._repository.move_span(replace(span, since=since, watch_at=until), replacing=span):
            raise ChangeLost

    def _close(self, walk: Walk) -> None:
        """Deletes a span whose occurrences all have an outcome, and ends the schedule if it waited only for the span.

        Raises ChangeLost.
        """
        if walk.is_replaced or walk.schedule.pending_since is None:
            self._repository.erase_span(walk.span)
            return
        last_at = last_of(walk.schedule, walk.span)
        last = self._run(walk.span, last_at) if last_at else None
        updated = with_span_closed(walk.schedule, walk.others, last, now=walk.now, keep_record=self._keep_record)
        kept = min(walk.others, key=lambda span: span.since, default=None)
        if not self._repository.close_span(walk.span, expecting=walk.schedule, updated=updated, kept=kept):
            raise ChangeLost

    def _run(self, span: Span, at: datetime) -> Run | None:
        run_id = ids.run_id(span.user_id, span.schedule_id, at)
        return self._repository.get_run(span.user_id, span.schedule_id, run_id)


def _wait_for_end(run: Run, now: datetime, final: datetime) -> datetime | None:
    """Returns when to check a queued or running run again, or None if it cannot finish any more."""
    if run.status is RunStatus.QUEUED:
        return now + LATE_AFTER
    if not is_interrupted(run, now):
        return run.lease_until + LAMBDA_TRIES_WITHIN
    return now + LAMBDA_TRIES_WITHIN if now < final else None
