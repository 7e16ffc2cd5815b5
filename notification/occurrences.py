"""Which occurrence a delivery stands for, and whether its schedule owes it and waits for it. Pure calculation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from heapq import nsmallest
from itertools import takewhile
from typing import TYPE_CHECKING

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import CLOCKS_DIFFER, Status
from chalicelib.core.model.transitions import occurrence_for
from chalicelib.core.timing.instants import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from chalicelib.core.model.payload import Delivery
    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule, Timing
    from chalicelib.core.model.span import Span

STANDS_FOR_WITHIN = timedelta(hours=3)
"""How far a delivery that our calendar does not foresee may be from the occurrence that it stands for. Laws on time
zones move the clocks by up to an hour; EventBridge may know such a law and we not, or the other way.
"""

MAX_CANDIDATES = 8


def is_owed(delivery: Delivery, schedule: Schedule, *, was_due: bool) -> bool:
    """An old revision is no reason to skip what lies before the change, or in the current timing as well.

    The process that changed the timing may have had a clock that is behind: so an occurrence of the old timing that is
    delivered shortly after the change is done too. `was_due` decides where `depends_on_what_was_due`.
    """
    if depends_on_what_was_due(delivery, schedule):
        return was_due
    if delivery.schedule.timing == schedule.timing or _is_before_the_change(delivery, schedule):
        return True
    return occurrence_for(schedule.timing, delivery.scheduled_time, schedule.window) is not None


def depends_on_what_was_due(delivery: Delivery, schedule: Schedule) -> bool:
    """Whether the timing may have been changed twice: before the occurrence, of which EventBridge did not hear, and
    after it. What was due at the latest change, and has no run, is in an open span.
    """
    if delivery.started is not None or delivery.schedule.revision == schedule.revision:
        return False
    at = delivery.scheduled_time
    is_before = at < schedule.timing_changed_at - CLOCKS_DIFFER
    return is_before and occurrence_for(delivery.schedule.timing, at, schedule.window) is not None


def scheduled_time_of(delivery: Delivery, schedule: Schedule) -> datetime:
    """The planned instant this stands for. EventBridge is the engine and our calendar the witness: one it did not
    foresee counts under the time that EventBridge names. What we started ourselves has its time.
    """
    if delivery.started is not None:
        return delivery.scheduled_time
    return _occurrence(delivery, schedule) or delivery.scheduled_time


def _occurrence(delivery: Delivery, schedule: Schedule) -> datetime | None:
    """The occurrence that EventBridge delivers, or None if our calendar has none near that time.

    A one-time schedule has one occurrence, so any delivery of its timing is that one, whatever law EventBridge goes by.
    """
    timing = _timing(delivery, schedule)
    if timing.is_one_time and timing == delivery.schedule.timing:
        return timing.next_occurrence(EPOCH)
    return occurrence_for(timing, delivery.scheduled_time, schedule.window)


def _timing(delivery: Delivery, schedule: Schedule) -> Timing:
    return delivery.schedule.timing if _is_before_the_change(delivery, schedule) else schedule.timing


def _is_before_the_change(delivery: Delivery, schedule: Schedule) -> bool:
    """As far as the clocks of two processes can tell."""
    return delivery.scheduled_time <= schedule.timing_changed_at + CLOCKS_DIFFER


def is_unforeseen(delivery: Delivery, schedule: Schedule) -> bool:
    """Does neither the timing of the record nor that of the payload have it? One that was changed is no other law."""
    if delivery.started is not None or _occurrence(delivery, schedule) is not None:
        return False
    return occurrence_for(delivery.schedule.timing, delivery.scheduled_time, schedule.window) is None


def stands_for(run: Run, delivery: Delivery, schedule: Schedule, spans: Sequence[Span]) -> list[datetime]:
    """The occurrences that an unforeseen run may stand for: those that have no outcome yet, the nearest first.

    `spans` are the schedule's open ones. A run that a change superseded, or of a schedule that was stopped, stands for
    none.
    """
    is_of_its_timing = delivery.schedule.timing == schedule.timing
    if schedule.status is not Status.ACTIVE or (run.status is RunStatus.SKIPPED and not is_of_its_timing):
        return []
    earliest, latest = run.scheduled_time - STANDS_FOR_WITHIN, run.scheduled_time + STANDS_FOR_WITHIN
    open_ones: list[Iterator[datetime]] = [span.moved_to(max(span.since, earliest)).occurrences() for span in spans]
    if schedule.next_run_at is not None and is_of_its_timing:
        open_ones.append(schedule.occurrences(max(earliest, schedule.next_run_at) - timedelta(seconds=1)))
    near = (at for ascending in open_ones for at in takewhile(lambda at: at <= latest, ascending))
    return nsmallest(MAX_CANDIDATES, near, key=lambda at: abs(at - run.scheduled_time))


def stood_for(run: Run, occurrence: datetime) -> Run:
    """The occurrence that an unforeseen run stands for, recorded as skipped; a delivery of its own may take it over."""
    reason = f"stood for by {run.run_id}"
    skipped = replace(run, scheduled_time=occurrence, delivered_for=occurrence, status=RunStatus.SKIPPED, reason=reason)
    return replace(
        skipped, unforeseen=False, watched=False, reserved=False, attempts=(), tries=0, lateness=None, acting_since=None
    )


def is_awaited(delivery: Delivery, schedule: Schedule) -> bool:
    """Does the schedule wait for this occurrence, so that the sweeper finds it if the invocation of its run dies?

    It waits for none that nobody foresaw, nor for one of an earlier timing that was not due at the change, nor for one
    before its own beginning, which a process with a clock ahead took for over. A span may wait for one of an earlier
    timing; a watch beside it does no harm.
    """
    occurrence = _occurrence(delivery, schedule)
    if occurrence is None or schedule.next_run_at is None:
        return False
    is_to_come = schedule.next_run_at <= occurrence and schedule.timing_changed_at < occurrence
    return is_to_come and _has(schedule.timing, occurrence, delivery)


def _has(timing: Timing, occurrence: datetime, delivery: Delivery) -> bool:
    return timing == delivery.schedule.timing or timing.next_occurrence(occurrence - timedelta(seconds=1)) == occurrence
