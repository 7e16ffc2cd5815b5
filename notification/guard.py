"""Whether a delivery is to be done, decided from what the table holds. Pure calculation; time comes in as `now`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.core.accounting import occurrence_for
from chalicelib.core.run import Attempt, Run, RunStatus
from chalicelib.core.schedule import Schedule, Status

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from chalicelib.core.payload import Delivery, Started
    from chalicelib.core.schedule import Timing

DONE = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the Lambda: when it started, until when its claims hold, and the id it claims with."""

    started_at: datetime
    lease_until: datetime
    claim_id: str
    keep_runs: timedelta


@dataclass(frozen=True, slots=True)
class Do:
    """Claim this run and do its work."""

    run: Run


@dataclass(frozen=True, slots=True)
class Skip:
    """Record that the occurrence was not done, and why."""

    run: Run


@dataclass(frozen=True, slots=True)
class Done:
    """A duplicate: the occurrence has its ending."""

    run: Run


@dataclass(frozen=True, slots=True)
class Leased:
    """Another invocation is at it."""

    run: Run


def believed(delivery: Delivery) -> Schedule:
    """The record as it stands if nothing happened since the payload was written: what the first claim expects."""
    schedule = replace(delivery.schedule, status=Status.ACTIVE)
    return replace(schedule, next_run_at=_scheduled_time(delivery, schedule))


def believed_run(delivery: Delivery, schedule: Schedule, invocation: Invocation) -> Run | None:
    """The run as it was recorded before we were invoked for it; EventBridge's deliveries have none."""
    if delivery.started is None:
        return None
    queued = _new_run(delivery, schedule, invocation)
    return replace(queued, status=RunStatus.QUEUED, claim_id=delivery.started.claim_id)


def judge(
    delivery: Delivery, schedule: Schedule, standing: Run | None, invocation: Invocation
) -> Do | Skip | Done | Leased:
    """What to do about a delivery, given the schedule's record and the run that stands for its occurrence, if any."""
    if standing and standing.status in DONE:
        return Done(standing)
    if standing and standing.is_leased(invocation.started_at):
        return Leased(standing)
    reason = _reason_to_skip(delivery, schedule)
    if reason is None:
        return Do(_attempt(_new_run(delivery, schedule, invocation), standing, invocation))
    if standing and standing.status in (RunStatus.SKIPPED, RunStatus.MISSED):
        return Done(standing)
    skipped = _new_run(delivery, schedule, invocation)
    return Skip(replace(skipped, status=RunStatus.SKIPPED, reason=reason, attempts=_story(standing)))


def _reason_to_skip(delivery: Delivery, schedule: Schedule) -> str | None:
    if delivery.started is not None:
        return _reason_not_to_start(delivery.started, schedule)
    if schedule.status is not Status.ACTIVE:
        return f"the schedule was {schedule.status}"
    return _reason_against_its_time(delivery, schedule, _scheduled_time(delivery, schedule))


def _reason_against_its_time(delivery: Delivery, schedule: Schedule, occurrence: datetime) -> str | None:
    if delivery.schedule.created_at != schedule.created_at:
        return "superseded: it is of an earlier schedule under this id"
    if _was_paused(schedule, occurrence):
        return "the schedule was paused"
    if schedule.is_excluded(occurrence):
        return "the date is excluded"
    if delivery.schedule.revision != schedule.revision and not _is_owed(delivery, schedule):
        return "superseded: a later change of the schedule has no occurrence at this time"
    return None


def _was_paused(schedule: Schedule, occurrence: datetime) -> bool:
    """Before the end of the pause, and not owed from before its beginning."""
    return schedule.paused_until is not None and occurrence < schedule.paused_until and occurrence not in schedule.owed


def _reason_not_to_start(started: Started, schedule: Schedule) -> str | None:
    """A person may run a paused schedule now; what is made up for is an occurrence like any other."""
    allowed = (Status.ACTIVE, Status.PAUSED) if started.token else (Status.ACTIVE,)
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


def _attempt(run: Run, standing: Run | None, invocation: Invocation) -> Run:
    lateness = standing.lateness if standing and standing.attempts else run.lateness
    return replace(run, attempts=(*_story(standing), Attempt(invocation.started_at)), lateness=lateness)


def _story(standing: Run | None) -> tuple[Attempt, ...]:
    """The attempts so far; one that never ended was cut short, by a crash or its time-out."""
    attempts = standing.attempts if standing else ()
    return tuple(
        a if a.ended_at else replace(a, error="cut short: the invocation crashed or timed out") for a in attempts
    )
