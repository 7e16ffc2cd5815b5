"""Finds the occurrence of a delivery, and whether it is due and its schedule waits for it. Pure calculation."""

from __future__ import annotations

from datetime import timedelta
from heapq import nsmallest
from itertools import takewhile
from typing import TYPE_CHECKING

from chalicelib.core.frozen import replace
from chalicelib.core.model import reasons
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
"""Largest distance between an unforeseen delivery and the occurrence that it stands for. EventBridge and the pinned
tzdata may know different laws on time zones, which usually move clocks by up to an hour.
"""

MAX_CANDIDATES = 8


def is_due(delivery: Delivery, schedule: Schedule, *, was_due: bool) -> bool:
    """Returns whether the occurrence is due although its payload has an old revision.

    It is due if it lies before the change, or if the current timing has it as well. The clock of the process that
    changed the timing may be behind, so an occurrence of the old timing shortly after the change is due too. `was_due`
    is the answer if `depends_on_what_was_due`.
    """
    if depends_on_what_was_due(delivery, schedule):
        return was_due
    if delivery.schedule.timing == schedule.timing or _is_before_the_change(delivery, schedule):
        return True
    return occurrence_for(schedule.timing, delivery.scheduled_time, schedule.window) is not None


def depends_on_what_was_due(delivery: Delivery, schedule: Schedule) -> bool:
    """Returns whether the timing may have been changed twice: before the occurrence without reaching EventBridge, and
    after it. An open span has each occurrence that was due at the latest change and has no run.
    """
    if delivery.started is not None or delivery.schedule.revision == schedule.revision:
        return False
    at = delivery.scheduled_time
    is_before = at < schedule.timing_changed_at - CLOCKS_DIFFER
    return is_before and occurrence_for(delivery.schedule.timing, at, schedule.window) is not None


def scheduled_time_of(delivery: Delivery, schedule: Schedule) -> datetime:
    """Returns the planned instant of the delivery's occurrence.

    EventBridge decides what fires: an occurrence that this service did not calculate has the time that EventBridge
    names. A run that this service started has its own time.
    """
    if delivery.started is not None:
        return delivery.scheduled_time
    return _occurrence(delivery, schedule) or delivery.scheduled_time


def _occurrence(delivery: Delivery, schedule: Schedule) -> datetime | None:
    """Returns the occurrence that EventBridge delivers; None if the timing has none near that time.

    A one-time schedule has one occurrence, so every delivery of its timing is for that one, even if EventBridge applies
    another law on time zones.
    """
    timing = _timing(delivery, schedule)
    if timing.is_one_time and timing == delivery.schedule.timing:
        return timing.next_occurrence(EPOCH)
    return occurrence_for(timing, delivery.scheduled_time, schedule.window)


def _timing(delivery: Delivery, schedule: Schedule) -> Timing:
    return delivery.schedule.timing if _is_before_the_change(delivery, schedule) else schedule.timing


def _is_before_the_change(delivery: Delivery, schedule: Schedule) -> bool:
    """Returns whether the delivery is for a time before the change of timing, allowing for clocks that differ."""
    return delivery.scheduled_time <= schedule.timing_changed_at + CLOCKS_DIFFER


def is_unforeseen(delivery: Delivery, schedule: Schedule) -> bool:
    """Returns whether neither the record's timing nor the payload's has the delivered time.

    An occurrence of the payload's timing is foreseen: the timing has changed since, not the law on time zones.
    """
    if delivery.started is not None or _occurrence(delivery, schedule) is not None:
        return False
    return occurrence_for(delivery.schedule.timing, delivery.scheduled_time, schedule.window) is None


def stands_for(run: Run, delivery: Delivery, schedule: Schedule, spans: Sequence[Span]) -> list[datetime]:
    """Returns the occurrences that an unforeseen run may stand for: those without an outcome, the nearest first.

    `spans` are the schedule's open spans. Returns none for a run that a change superseded, and for a schedule that is
    not active.
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
    """Returns a skipped run for the occurrence that an unforeseen run stands for. Its own delivery may replace it."""
    reason = reasons.stood_for_by(run.run_id)
    skipped = replace(run, scheduled_time=occurrence, delivered_for=occurrence, status=RunStatus.SKIPPED, reason=reason)
    return replace(
        skipped, unforeseen=False, watched=False, reserved=False, attempts=(), tries=0, lateness=None, acting_since=None
    )


def is_awaited(delivery: Delivery, schedule: Schedule) -> bool:
    """Returns whether the schedule's own watch covers this occurrence if the invocation of its run dies.

    It does not cover an unforeseen occurrence, one of an earlier timing that was not due at the change, or one before
    `next_run_at` or the change of timing, which a process whose clock is ahead may have counted as past. A span may
    also cover an occurrence of an earlier timing; two watches do no harm.
    """
    occurrence = _occurrence(delivery, schedule)
    if occurrence is None or schedule.next_run_at is None:
        return False
    is_to_come = schedule.next_run_at <= occurrence and schedule.timing_changed_at < occurrence
    return is_to_come and _has(schedule.timing, occurrence, delivery)


def _has(timing: Timing, occurrence: datetime, delivery: Delivery) -> bool:
    return timing == delivery.schedule.timing or timing.next_occurrence(occurrence - timedelta(seconds=1)) == occurrence
