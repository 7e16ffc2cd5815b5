"""Whether a delivery is to be done, decided from what the table holds. Pure calculation; time comes in as `now`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.core.model.run import MOST_ATTEMPTS, Attempt, Run, RunStatus
from chalicelib.core.model.schedule import OnUnknown, Overlap, Schedule, Status
from chalicelib.core.model.transitions import occurrence_for
from chalicelib.core.timing.instants import iso

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from chalicelib.core.model.payload import Delivery, Started
    from chalicelib.core.model.schedule import Timing

DONE = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED})

ENDED_BY_ITSELF = (Status.COMPLETED, Status.FAILED)
"""What it still owes to a run that was begun before, or that a person asks for."""

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
    """How often it ran, and which runs have not ended, only the record itself can tell."""
    return delivery.schedule.max_runs is not None or delivery.schedule.overlap is Overlap.SKIP


def believed(delivery: Delivery) -> Schedule:
    """The record as it stands if nothing happened since the payload was written: what the first claim expects."""
    if delivery.started is not None:
        return delivery.schedule
    schedule = replace(delivery.schedule, status=Status.ACTIVE)
    return replace(schedule, next_run_at=_scheduled_time(delivery, schedule))


def believed_run(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> Run | None:
    """The run as it was recorded before we were invoked for it; EventBridge's deliveries have none."""
    if delivery.started is None:
        return None
    if delivery.started.run is not None:
        return delivery.started.run
    queued = _new_run(delivery, schedule, invocation)
    return replace(queued, status=RunStatus.QUEUED, claim_id=delivery.started.claim_id)


def judge(
    delivery: Delivery, schedule: Schedule, existing: Run | None, invocation: Invocation
) -> Do | Record | Done | Leased:
    """What to do about a delivery, given the schedule's record and the run that stands for its occurrence, if any."""
    if existing and (existing.status in DONE or _waits(existing, invocation)):
        return Done(existing)
    if existing and existing.is_leased(invocation.started_at):
        return Leased(existing)
    run = _taken_over(_new_run(delivery, schedule, invocation), existing)
    if (reason := _reason_to_skip(delivery, schedule, existing)) is not None:
        return Done(existing) if existing and _stays(existing, delivery) else _put(run, RunStatus.SKIPPED, reason)
    if invocation.hold is not None:
        return _put(run, RunStatus.HELD, invocation.hold)
    if existing and (reason := _reason_to_stop(schedule, existing)) is not None:
        return _put(run, RunStatus.FAILED, reason)
    return Do(_attempt(run, invocation))


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


def _put(run: Run, status: RunStatus, reason: str) -> Record:
    return Record(replace(run, status=status, reason=reason))


def _reason_to_stop(schedule: Schedule, existing: Run) -> str | None:
    """Why what was begun, and did not end, is not begun once more."""
    if existing.acting_since is not None and schedule.on_unknown is OnUnknown.STOP:
        return "nobody knows whether it was done: the process died while it was at it, and on_unknown is stop"
    if existing.tries > schedule.retry.max_retries + LAMBDA_TRIES:
        return f"the invocation crashed or timed out {existing.tries} times"
    return None


def _reason_to_skip(delivery: Delivery, schedule: Schedule, existing: Run | None) -> str | None:
    if delivery.started is not None:
        return _reason_not_to_start(delivery.scheduled_time, delivery.started, schedule, existing)
    if schedule.status is not Status.ACTIVE and not _ended_by_a_miss(schedule, existing):
        return f"the schedule was {schedule.status}"
    return _reason_against_its_time(delivery, schedule, _scheduled_time(delivery, schedule))


def _ended_by_a_miss(schedule: Schedule, existing: Run | None) -> bool:
    """Was this occurrence given up while the schedule was active, so that its delivery comes after all?"""
    return schedule.status in ENDED_BY_ITSELF and existing is not None and existing.status is RunStatus.MISSED


def _reason_against_its_time(delivery: Delivery, schedule: Schedule, occurrence: datetime) -> str | None:
    if delivery.schedule.created_at != schedule.created_at:
        return "superseded: it is of an earlier schedule under this id"
    if _was_paused(schedule, occurrence):
        return "the schedule was paused"
    if schedule.is_excluded(occurrence):
        return "the date is excluded"
    if (reason := _reason_against_another(schedule, occurrence)) is not None:
        return reason
    if delivery.schedule.revision != schedule.revision and not _is_owed(delivery, schedule):
        return "superseded: a later change of the schedule has no occurrence at this time"
    return None


def _was_paused(schedule: Schedule, occurrence: datetime) -> bool:
    """Before the end of the pause, and not owed from before its beginning."""
    return (
        schedule.paused_until is not None
        and occurrence < schedule.paused_until
        and occurrence not in schedule.pending_occurrences
    )


def _reason_against_another(schedule: Schedule, occurrence: datetime) -> str | None:
    """What earlier runs that have not ended leave no room for."""
    others = [at for at in schedule.in_progress if at != occurrence]
    if schedule.max_runs is not None and schedule.run_count + len(others) >= schedule.max_runs:
        return f"max_runs: {schedule.max_runs} were carried out or are under way"
    earlier = [at for at in others if at < occurrence]
    if schedule.overlap is Overlap.SKIP and earlier:
        return f"overlap: the run of {iso(earlier[-1])} has not ended"
    return None


def _reason_not_to_start(at: datetime, started: Started, schedule: Schedule, existing: Run | None) -> str | None:
    """A person may run a paused schedule now; what we retry or make up for is an occurrence like any other."""
    if at < schedule.created_at:
        return "superseded: it is of an earlier schedule under this id"
    a_person_asked = started.token is not None or (existing is not None and existing.redriven)
    if not a_person_asked and schedule.max_runs is not None and schedule.run_count >= schedule.max_runs:
        return f"max_runs: {schedule.max_runs} were carried out"
    allowed = (Status.ACTIVE, *ENDED_BY_ITSELF, *((Status.PAUSED,) if a_person_asked else ()))
    return None if schedule.status in allowed else f"the schedule was {schedule.status}"


def _is_owed(delivery: Delivery, schedule: Schedule) -> bool:
    """An old revision is no reason to skip: what lies before the change, or in the new timing as well, is owed."""
    if delivery.scheduled_time <= schedule.timing_changed_at:
        return True
    return occurrence_for(schedule.timing, delivery.scheduled_time, schedule.window) is not None


def _new_run(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> Run:
    scheduled_time = _scheduled_time(delivery, schedule)
    return Run(
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        resource_id=schedule.resource_id,
        scheduled_time=scheduled_time,
        token=delivery.started.token if delivery.started else None,
        watched=delivery.started is not None,
        delivered_for=delivery.scheduled_time,
        status=RunStatus.RUNNING,
        revision=schedule.revision,
        action_type=schedule.action_type,
        claim_id=invocation.claim_id,
        lease_until=invocation.lease_until,
        lateness=invocation.started_at - scheduled_time,
        expires_at=scheduled_time + invocation.keep_runs,
    )


def _scheduled_time(delivery: Delivery, schedule: Schedule) -> datetime:
    """The planned instant this stands for. EventBridge is the engine and our calendar the witness: one it did not
    foresee counts under the time that EventBridge names. What we started ourselves has its time.
    """
    if delivery.started is not None:
        return delivery.scheduled_time
    timing = _timing(delivery, schedule)
    return occurrence_for(timing, delivery.scheduled_time, schedule.window) or delivery.scheduled_time


def _timing(delivery: Delivery, schedule: Schedule) -> Timing:
    before_the_change = delivery.scheduled_time <= schedule.timing_changed_at
    return delivery.schedule.timing if before_the_change else schedule.timing


def _taken_over(run: Run, existing: Run | None) -> Run:
    """With all that the run which stood there has to tell.

    Its schedule waits no more for one that was put off, missed or skipped: if this invocation dies, only a watch knows.
    """
    if existing is None:
        return run
    return replace(
        run,
        watched=run.watched or existing.watched or existing.status is not RunStatus.RUNNING,
        attempts=_story(existing),
        lateness=existing.lateness if existing.attempts else run.lateness,
        tries=existing.tries,
        acting_since=existing.acting_since,
        possibly_repeated=existing.possibly_repeated,
        redriven=existing.redriven,
        counted=existing.counted,
        expires_at=max(filter(None, (run.expires_at, existing.expires_at)), default=None),
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


def _story(existing: Run) -> tuple[Attempt, ...]:
    """The attempts so far; one that never ended was cut short, by a crash or its time-out."""
    return tuple(
        a if a.ended_at or a.error else replace(a, error="cut short: the invocation crashed or timed out")
        for a in existing.attempts
    )
