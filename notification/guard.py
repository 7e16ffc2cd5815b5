"""Decides from the table's items whether a delivery's work must be done. Pure calculation: the time is an argument."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.core.frozen import Frozen, replace
from chalicelib.core.model import reasons
from chalicelib.core.model.run import MOST_ATTEMPTS, Attempt, Run, RunStatus
from chalicelib.core.model.schedule import CLOCKS_DIFFER, OnUnknown, Overlap, Schedule, Status

from . import occurrences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chalicelib.core.model.payload import Delivery, Started
    from chalicelib.core.model.span import Span

DONE = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED})

ENDED_BY_ITSELF = (Status.COMPLETED, Status.FAILED)
"""A schedule with one of these may still finish a run that began earlier, or do one that a client asks for."""

BEGUN_BEFORE = timedelta(minutes=20)
"""How long a run that began before a change may still be running: Lambda's longest timeout plus clock differences."""

LAMBDA_TRIES = 2
"""Lambda's own retries of an invocation that crashed (Terraform, modules/notification_function)."""


class Invocation(Frozen):
    """One invocation of the Lambda: its start, the end of its leases, and the id of its claims.

    `keep_runs` is how long a run's record is kept. `hold` is the operator's reason to hold all runs; None if they do
    not hold them.
    """

    started_at: datetime
    lease_until: datetime
    claim_id: str
    keep_runs: timedelta
    hold: str | None = None


class Do(Frozen):
    """Claim this run and do its work."""

    run: Run


class Record(Frozen):
    """Do no work; record this run as skipped, held or failed, with the reason."""

    run: Run


class Done(Frozen):
    """Do nothing: the occurrence has an outcome, or its run waits for a later attempt or for the release."""

    run: Run


class Leased(Frozen):
    """Another invocation holds the run's lease."""

    run: Run


def decides_by_the_record(delivery: Delivery) -> bool:
    """Returns whether the record must be read first: the payload lacks the run count and the runs in progress."""
    sent = delivery.schedule
    return sent.max_runs is not None or sent.overlap is Overlap.SKIP or occurrences.is_unforeseen(delivery, sent)


def believed(delivery: Delivery) -> Schedule:
    """Returns the record that the first claim expects: unchanged since the payload was written."""
    if delivery.started is not None:
        return delivery.schedule
    schedule = replace(delivery.schedule, status=Status.ACTIVE)
    return replace(schedule, next_run_at=occurrences.scheduled_time_of(delivery, schedule))


def believed_run(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> Run | None:
    """Returns the run as it was recorded before this invocation; None for EventBridge's deliveries, which have none."""
    if delivery.started is None:
        return None
    if delivery.started.run is not None:
        return delivery.started.run
    queued = _new_run(delivery, schedule, invocation)
    return replace(queued, status=RunStatus.QUEUED, claim_id=delivery.started.claim_id)


def judge(
    delivery: Delivery,
    schedule: Schedule,
    existing: Run | None,
    invocation: Invocation,
    spans: Sequence[Span] = (),
) -> Do | Record | Done | Leased:
    """Decides about a delivery.

    `schedule` is the record that `with_running` returns. `existing` is the run of the delivery's occurrence; None if it
    has none. `spans` are the schedule's open spans; they are needed only if `depends_on_spans`.
    """
    if existing and (existing.status in DONE or _waits(existing, invocation)):
        return Done(existing)
    if existing and _is_leased(existing, schedule, invocation):
        return Leased(existing)
    new = _new_run(delivery, schedule, invocation)
    run = new.with_history_of(existing) if existing else new
    if (of := _earlier_schedule(delivery, schedule, existing)) is not None:
        return _superseded(replace(run, schedule_created_at=of), delivery, schedule, existing)
    reason = _reason_to_skip(delivery, schedule, existing, spans)
    if reason is not None:
        return Done(existing) if existing and _stays(existing, delivery) else _put(run, RunStatus.SKIPPED, reason)
    return _judge_due(run, schedule, existing, invocation)


def _judge_due(run: Run, schedule: Schedule, existing: Run | None, invocation: Invocation) -> Do | Record:
    """Decides about a run that is due and that no other invocation works on."""
    if invocation.hold is not None:
        return _put(_reserved(run, schedule), RunStatus.HELD, invocation.hold)
    if existing and (reason := _reason_to_stop(schedule, existing)) is not None:
        return _put(run, RunStatus.FAILED, reason)
    return Do(_reserved(_attempt(run, invocation), schedule))


def _earlier_schedule(delivery: Delivery, schedule: Schedule, existing: Run | None) -> datetime | None:
    """Returns when the earlier schedule of the run was created; None if the run belongs to this schedule.

    Creation times are compared for equality only: the clocks of two processes differ.
    """
    of_run = existing.schedule_created_at if existing is not None and delivery.started is not None else None
    made_for = {delivery.schedule.created_at, of_run} - {None, schedule.created_at}
    return next(iter(made_for), None)


def _superseded(run: Run, delivery: Delivery, schedule: Schedule, existing: Run | None) -> Record | Done:
    """Records the run as superseded, except where this schedule waits for its own occurrence at that time."""
    if existing is None:
        is_recorded = delivery.started is not None or run.scheduled_time <= schedule.created_at
    else:
        is_recorded = existing.schedule_created_at != schedule.created_at and not _stays(existing, delivery)
    return _put(run, RunStatus.SKIPPED, reasons.OF_AN_EARLIER_SCHEDULE) if is_recorded else Done(existing or run)


def _waits(existing: Run, invocation: Invocation) -> bool:
    """Returns whether the run waits for the release, or for its next attempt."""
    if existing.status is RunStatus.HELD:
        return invocation.hold is not None
    at = existing.next_attempt_at
    return existing.status is RunStatus.RETRYING and at is not None and invocation.started_at < at


def _stays(existing: Run, delivery: Delivery) -> bool:
    """Returns whether the existing run is kept: skipped, missed, or to be started by this service, not EventBridge."""
    is_ours = existing.status in (RunStatus.QUEUED, RunStatus.RETRYING) and delivery.started is None
    return is_ours or existing.status in (RunStatus.SKIPPED, RunStatus.MISSED)


def _reserved(run: Run, schedule: Schedule) -> Run:
    """Counts the run for `max_runs` when it begins, unless it was counted before or a client asked for it."""
    is_new = schedule.max_runs is not None and run.is_occurrence and not run.counted and not run.redriven
    return replace(run, reserved=run.reserved or is_new)


def _is_leased(existing: Run, schedule: Schedule, invocation: Invocation) -> bool:
    """Returns whether another invocation holds the run.

    This clock may be ahead of the holder's, so the lease of work that must not be repeated is extended by the largest
    difference.
    """
    must_not_repeat = existing.acting_since is not None and schedule.on_unknown is OnUnknown.STOP
    return existing.is_leased(invocation.started_at - (CLOCKS_DIFFER if must_not_repeat else timedelta(0)))


def _put(run: Run, status: RunStatus, reason: str) -> Record:
    return Record(replace(run, status=status, reason=reason, waits=run.waits or status is RunStatus.HELD))


def _reason_to_stop(schedule: Schedule, existing: Run) -> str | None:
    """Returns why an interrupted run must not be retried, or None."""
    if existing.acting_since is not None and schedule.on_unknown is OnUnknown.STOP:
        return reasons.MAY_BE_DONE
    if existing.tries > schedule.retry.max_retries + LAMBDA_TRIES:
        return reasons.crashed(existing.tries)
    return None


def _reason_to_skip(delivery: Delivery, schedule: Schedule, existing: Run | None, spans: Sequence[Span]) -> str | None:
    if delivery.started is not None:
        return _reason_not_to_start(delivery.started, schedule, existing)
    if schedule.status is not Status.ACTIVE and not _is_still_to_be_done(schedule, existing):
        return reasons.schedule_was(schedule.status)
    return _reason_against_its_time(delivery, schedule, existing, spans)


def _is_still_to_be_done(schedule: Schedule, existing: Run | None) -> bool:
    """Returns whether the occurrence was missed, or its run began, before the schedule ended by itself."""
    was_begun = existing is not None and existing.status in (RunStatus.MISSED, RunStatus.RUNNING)
    return was_begun and schedule.status in ENDED_BY_ITSELF


def _reason_against_its_time(
    delivery: Delivery, schedule: Schedule, existing: Run | None, spans: Sequence[Span]
) -> str | None:
    occurrence = occurrences.scheduled_time_of(delivery, schedule)
    if _is_in_a_pause(delivery, schedule, occurrence) and not any(span.has(occurrence) for span in spans):
        return reasons.schedule_was(Status.PAUSED)
    if schedule.is_excluded(occurrence):
        return reasons.DATE_EXCLUDED
    if (reason := _reason_against_another(schedule, occurrence, existing)) is not None:
        return reason
    is_recorded_as_due = existing is not None and existing.reason != reasons.NOT_ITS_TIME
    was_due = is_recorded_as_due or any(span.has(occurrence) for span in spans)
    if delivery.schedule.revision != schedule.revision and not occurrences.is_due(delivery, schedule, was_due=was_due):
        return reasons.NOT_ITS_TIME
    return None


def depends_on_spans(delivery: Delivery, schedule: Schedule) -> bool:
    """Returns whether the open spans decide if the occurrence was due before a pause or a change of timing."""
    occurrence, since = occurrences.scheduled_time_of(delivery, schedule), schedule.pending_since
    if since is None or occurrence < since:
        return False
    is_in_a_pause = _is_in_a_pause(delivery, schedule, occurrence)
    return is_in_a_pause or occurrences.depends_on_what_was_due(delivery, schedule)


def with_running(schedule: Schedule, existing: Run | None, running: Sequence[Run]) -> Schedule:
    """Returns the record with its runs in progress counted and listed, as if it had been limited when they began.

    `running` are the runs in progress under the schedule's id; they are needed only if `depends_on_running`.
    `existing` is the run to decide about.
    """
    occurring = [run for run in running if run.is_occurrence and run.belongs_to(schedule)]
    others = [run for run in occurring if existing is None or run.run_id != existing.run_id]
    listed = {*schedule.running, *(run.scheduled_time for run in others)}
    uncounted = sum(run.is_uncounted for run in others)
    return replace(schedule, reserved=schedule.reserved + uncounted, running=tuple(sorted(listed)))


def depends_on_running(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> bool:
    """Returns whether runs may be in progress that began before the schedule got `max_runs` or `overlap: skip`."""
    is_limited = schedule.max_runs is not None or schedule.overlap is Overlap.SKIP
    is_outside = delivery.started is not None and delivery.started.token is not None
    is_recent = not schedule.is_first_revision and invocation.started_at < schedule.updated_at + BEGUN_BEFORE
    return is_limited and is_recent and not is_outside


def _is_in_a_pause(delivery: Delivery, schedule: Schedule, occurrence: datetime) -> bool:
    """Returns whether the occurrence and the writing of its payload precede the end of a pause.

    A resume by a process whose clock is ahead records an end that is too late. EventBridge delivers the payload that
    the resume wrote only for occurrences after the resume, so those are not in the pause.
    """
    until = schedule.paused_until
    return until is not None and occurrence < until and delivery.schedule.updated_at < until


def _reason_against_another(schedule: Schedule, occurrence: datetime, existing: Run | None) -> str | None:
    """Returns why other runs leave no room for this one (`max_runs`, `overlap`), or None."""
    if (full := _reason_if_full(schedule, existing)) is not None:
        return full
    others = [at for at in schedule.in_progress if at < occurrence]
    others += [at for at in schedule.running if at != occurrence]
    if schedule.overlap is not Overlap.SKIP:
        return None
    if others:
        return reasons.overlaps(others[-1])
    unlisted = schedule.waiting_runs - len(schedule.in_progress)
    return reasons.overlaps_unlisted(unlisted) if unlisted > 0 else None


def _reason_if_full(schedule: Schedule, existing: Run | None) -> str | None:
    """Returns the reason if `max_runs` is reached. A run that has its place already, `existing`, always has room."""
    limit = schedule.max_runs
    if limit is None or (existing is not None and (existing.counted or existing.counts)):
        return None
    held = existing is not None and existing.holds_reservation
    return reasons.max_runs_reached(limit) if schedule.run_count + schedule.reserved - held >= limit else None


def _reason_not_to_start(started: Started, schedule: Schedule, existing: Run | None) -> str | None:
    """Returns why a run that this service starts must be skipped, or None.

    A client may run a paused schedule now, or redrive a run of it. Retries and caught-up runs need an active one.
    """
    a_person_asked = started.token is not None or (existing is not None and existing.redriven)
    if not a_person_asked and (full := _reason_if_full(schedule, existing)) is not None:
        return full
    allowed = (Status.ACTIVE, *ENDED_BY_ITSELF, *((Status.PAUSED,) if a_person_asked else ()))
    return None if schedule.status in allowed else reasons.schedule_was(schedule.status)


def _new_run(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> Run:
    scheduled_time = occurrences.scheduled_time_of(delivery, schedule)
    return Run(
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        resource_id=schedule.resource_id,
        scheduled_time=scheduled_time,
        schedule_created_at=schedule.created_at,
        token=delivery.started.token if delivery.started else None,
        unforeseen=occurrences.is_unforeseen(delivery, schedule),
        watched=delivery.started is not None or not occurrences.is_awaited(delivery, schedule),
        delivered_for=delivery.scheduled_time,
        status=RunStatus.RUNNING,
        revision=schedule.revision,
        action_type=schedule.action_type,
        claim_id=invocation.claim_id,
        lease_until=invocation.lease_until,
        lateness=invocation.started_at - scheduled_time,
        expires_at=invocation.started_at + invocation.keep_runs,
    )


def _attempt(run: Run, invocation: Invocation) -> Run:
    """Adds an attempt. If an earlier one may have done the work, the run stays marked as possibly repeated."""
    return replace(
        run,
        attempts=(*run.attempts, Attempt(invocation.started_at))[-MOST_ATTEMPTS:],
        tries=run.tries + 1,
        possibly_repeated=run.possibly_repeated or run.acting_since is not None,
        acting_since=None,
    )
