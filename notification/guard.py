"""Whether a delivery is to be done, decided from what the table holds. Pure calculation; time comes in as `now`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.core.model.run import MOST_ATTEMPTS, Attempt, Run, RunStatus
from chalicelib.core.model.schedule import CLOCKS_DIFFER, OnUnknown, Overlap, Schedule, Status
from chalicelib.core.timing.instants import iso

from . import occurrences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chalicelib.core.model.payload import Delivery, Started
    from chalicelib.core.model.span import Span

DONE = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED})

ENDED_BY_ITSELF = (Status.COMPLETED, Status.FAILED)
"""What it still owes to a run that was begun before, or that a person asks for."""

NOT_ITS_TIME = "superseded: a later change of the schedule has no occurrence at this time"

OF_AN_EARLIER_SCHEDULE = "superseded: it is of an earlier schedule under this id"

BEGUN_BEFORE = timedelta(minutes=20)
"""How long a run that began before a change may still be at work: Lambda's longest timeout, and clocks that differ."""

LAMBDA_TRIES = 2
"""Lambda tries an invocation that crashed so often again, of its own (Terraform, modules/notification_function)."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the Lambda: when it started, until when its claims hold, and the id it claims with.

    `hold` says why the operator holds all runs; None: he does not.
    """

    started_at: datetime
    lease_until: datetime
    claim_id: str
    keep_runs: timedelta
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class Do:
    """Claim this run and do its work."""

    run: Run


@dataclass(frozen=True, slots=True)
class Record:
    """Do no work, but record the run as it stands here: skipped, held or failed, with the reason."""

    run: Run


@dataclass(frozen=True, slots=True)
class Done:
    """A duplicate: the occurrence has its ending, or waits for another time."""

    run: Run


@dataclass(frozen=True, slots=True)
class Leased:
    """Another invocation is at it."""

    run: Run


def decides_by_the_record(delivery: Delivery) -> bool:
    """How often it ran, which runs have not ended, and what is still to come, only the record itself can tell."""
    sent = delivery.schedule
    return sent.max_runs is not None or sent.overlap is Overlap.SKIP or occurrences.is_unforeseen(delivery, sent)


def believed(delivery: Delivery) -> Schedule:
    """The record as it stands if nothing happened since the payload was written: what the first claim expects."""
    if delivery.started is not None:
        return delivery.schedule
    schedule = replace(delivery.schedule, status=Status.ACTIVE)
    return replace(schedule, next_run_at=occurrences.scheduled_time_of(delivery, schedule))


def believed_run(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> Run | None:
    """The run as it was recorded before we were invoked for it; EventBridge's deliveries have none."""
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
    """What to do about a delivery, given the schedule's record and the run that stands for its occurrence, if any.

    `spans` are the schedule's open ones, where `depends_on_spans`. The record is the one that `with_running` gives.
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
    """What to do about a run that is to be done and that no other invocation works on."""
    if invocation.hold is not None:
        return _put(_reserved(run, schedule), RunStatus.HELD, invocation.hold)
    if existing and (reason := _reason_to_stop(schedule, existing)) is not None:
        return _put(run, RunStatus.FAILED, reason)
    return Do(_reserved(_attempt(run, invocation), schedule))


def _earlier_schedule(delivery: Delivery, schedule: Schedule, existing: Run | None) -> datetime | None:
    """The creation of the earlier schedule under this id that the run belongs to; None if it is of this one.

    It is an identity: the clocks of two processes cannot be compared.
    """
    of_run = existing.schedule_created_at if existing is not None and delivery.started is not None else None
    made_for = {delivery.schedule.created_at, of_run} - {None, schedule.created_at}
    return next(iter(made_for), None)


def _superseded(run: Run, delivery: Delivery, schedule: Schedule, existing: Run | None) -> Record | Done:
    """Recorded for itself, and not where this schedule waits for an occurrence of its own."""
    if existing is None:
        is_recorded = delivery.started is not None or run.scheduled_time <= schedule.created_at
    else:
        is_recorded = existing.schedule_created_at != schedule.created_at and not _stays(existing, delivery)
    return _put(run, RunStatus.SKIPPED, OF_AN_EARLIER_SCHEDULE) if is_recorded else Done(existing or run)


def _waits(existing: Run, invocation: Invocation) -> bool:
    """Is it to be done at another time than now?"""
    if existing.status is RunStatus.HELD:
        return invocation.hold is not None
    at = existing.next_attempt_at
    return existing.status is RunStatus.RETRYING and at is not None and invocation.started_at < at


def _stays(existing: Run, delivery: Delivery) -> bool:
    """Is it recorded already, or begun by us, so that EventBridge's delivery of it has no say any more?"""
    is_ours = existing.status in (RunStatus.QUEUED, RunStatus.RETRYING) and delivery.started is None
    return is_ours or existing.status in (RunStatus.SKIPPED, RunStatus.MISSED)


def _reserved(run: Run, schedule: Schedule) -> Run:
    """What begins counts for `max_runs` at once; what was counted before, or a person asked for, is outside of it."""
    is_new = schedule.max_runs is not None and run.is_occurrence and not run.counted and not run.redriven
    return replace(run, reserved=run.reserved or is_new)


def _is_leased(existing: Run, schedule: Schedule, invocation: Invocation) -> bool:
    """Our clock may be ahead of the holder's. Work that must not be repeated is not given up while it may go on."""
    must_not_repeat = existing.acting_since is not None and schedule.on_unknown is OnUnknown.STOP
    return existing.is_leased(invocation.started_at - (CLOCKS_DIFFER if must_not_repeat else timedelta(0)))


def _put(run: Run, status: RunStatus, reason: str) -> Record:
    return Record(replace(run, status=status, reason=reason, waits=run.waits or status is RunStatus.HELD))


def _reason_to_stop(schedule: Schedule, existing: Run) -> str | None:
    """Why what was begun, and did not end, is not begun once more."""
    if existing.acting_since is not None and schedule.on_unknown is OnUnknown.STOP:
        return "nobody knows whether it was done: the process died while it was at it, and on_unknown is stop"
    if existing.tries > schedule.retry.max_retries + LAMBDA_TRIES:
        return f"the invocation crashed or timed out {existing.tries} times"
    return None


def _reason_to_skip(delivery: Delivery, schedule: Schedule, existing: Run | None, spans: Sequence[Span]) -> str | None:
    if delivery.started is not None:
        return _reason_not_to_start(delivery.started, schedule, existing)
    if schedule.status is not Status.ACTIVE and not _is_still_to_be_done(schedule, existing):
        return f"the schedule was {schedule.status}"
    return _reason_against_its_time(delivery, schedule, existing, spans)


def _is_still_to_be_done(schedule: Schedule, existing: Run | None) -> bool:
    """Was this occurrence given up while the schedule was active, or begun before the schedule ended by itself?"""
    was_begun = existing is not None and existing.status in (RunStatus.MISSED, RunStatus.RUNNING)
    return was_begun and schedule.status in ENDED_BY_ITSELF


def _reason_against_its_time(
    delivery: Delivery, schedule: Schedule, existing: Run | None, spans: Sequence[Span]
) -> str | None:
    occurrence = occurrences.scheduled_time_of(delivery, schedule)
    if _is_in_a_pause(delivery, schedule, occurrence) and not any(span.has(occurrence) for span in spans):
        return "the schedule was paused"
    if schedule.is_excluded(occurrence):
        return "the date is excluded"
    if (reason := _reason_against_another(schedule, occurrence, existing)) is not None:
        return reason
    was_due = any(span.has(occurrence) for span in spans) or (existing is not None and existing.reason != NOT_ITS_TIME)
    if delivery.schedule.revision != schedule.revision and not occurrences.is_owed(delivery, schedule, was_due=was_due):
        return NOT_ITS_TIME
    return None


def depends_on_spans(delivery: Delivery, schedule: Schedule) -> bool:
    """Whether only the open spans say if the occurrence was due before the pause began, or the timing was changed."""
    occurrence, since = occurrences.scheduled_time_of(delivery, schedule), schedule.pending_since
    if since is None or occurrence < since:
        return False
    is_in_a_pause = _is_in_a_pause(delivery, schedule, occurrence)
    return is_in_a_pause or occurrences.depends_on_what_was_due(delivery, schedule)


def with_running(schedule: Schedule, existing: Run | None, running: Sequence[Run]) -> Schedule:
    """The record as if it had counted and listed, at their claim, those of its runs that are at work.

    `running` are those, where `depends_on_running`. `existing` is the run that is decided on.
    """
    others = [run for run in running if run.is_occurrence and (existing is None or run.run_id != existing.run_id)]
    listed = {*schedule.running, *(run.scheduled_time for run in others)}
    uncounted = sum(run.is_uncounted for run in others)
    return replace(schedule, reserved=schedule.reserved + uncounted, running=tuple(sorted(listed)))


def depends_on_running(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> bool:
    """Whether runs may be at work that began before the schedule had its `max_runs`, or its `overlap: skip`."""
    is_limited = schedule.max_runs is not None or schedule.overlap is Overlap.SKIP
    is_outside = delivery.started is not None and delivery.started.token is not None
    is_recent = not schedule.is_first_revision and invocation.started_at < schedule.updated_at + BEGUN_BEFORE
    return is_limited and is_recent and not is_outside


def _is_in_a_pause(delivery: Delivery, schedule: Schedule, occurrence: datetime) -> bool:
    """Does it lie before the end of a pause, and was its payload written before that end?

    A resume by a clock that is ahead ends the pause late. EventBridge delivers the payload that the resume wrote only
    for occurrences after the resume, whatever their time is.
    """
    until = schedule.paused_until
    return until is not None and occurrence < until and delivery.schedule.updated_at < until


def _reason_against_another(schedule: Schedule, occurrence: datetime, existing: Run | None) -> str | None:
    """What other runs that have not ended leave no room for."""
    if _is_full(schedule, existing):
        return f"max_runs: {schedule.max_runs} were carried out or are under way"
    others = [at for at in schedule.in_progress if at < occurrence]
    others += [at for at in schedule.running if at != occurrence]
    if schedule.overlap is not Overlap.SKIP:
        return None
    if others:
        return f"overlap: the run of {iso(others[-1])} has not ended"
    unlisted = schedule.waiting_runs - len(schedule.in_progress)
    return f"overlap: {unlisted} earlier runs have not ended" if unlisted > 0 else None


def _is_full(schedule: Schedule, existing: Run | None) -> bool:
    """Is there no room for a run more, beside that which `existing` has already?"""
    if schedule.max_runs is None or (existing is not None and (existing.counted or existing.counts)):
        return False
    held = existing is not None and existing.holds_reservation
    return schedule.run_count + schedule.reserved - held >= schedule.max_runs


def _reason_not_to_start(started: Started, schedule: Schedule, existing: Run | None) -> str | None:
    """A person may run a paused schedule now; what we retry or make up for is an occurrence like any other."""
    a_person_asked = started.token is not None or (existing is not None and existing.redriven)
    if not a_person_asked and _is_full(schedule, existing):
        return f"max_runs: {schedule.max_runs} were carried out or are under way"
    allowed = (Status.ACTIVE, *ENDED_BY_ITSELF, *((Status.PAUSED,) if a_person_asked else ()))
    return None if schedule.status in allowed else f"the schedule was {schedule.status}"


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
    """One try more. That an earlier one may have done it is remembered for good."""
    return replace(
        run,
        attempts=(*run.attempts, Attempt(invocation.started_at))[-MOST_ATTEMPTS:],
        tries=run.tries + 1,
        possibly_repeated=run.possibly_repeated or run.acting_since is not None,
        acting_since=None,
    )
