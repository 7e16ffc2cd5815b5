"""One sentence about a known, for the person who asks why it did not run. Pure calculation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LATE_AFTER, OnMissed, Status
from deploy.operate.explain.facts import ScheduleFacts
from deploy.operate.explain.formatting import TimeFormat, failures_of, reason_of, span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from chalicelib.core.model.run import Run
    from deploy.operate.explain.facts import DeadLetterMessage, Facts

SWEPT_WITHIN = timedelta(minutes=5)
"""When what the sweeper is to do each minute has certainly been tried."""

SEEN_BY_RECONCILE = frozenset({"State", "Arn"})
"""What ListSchedules tells of a schedule; the rest of it reconcile does not look into."""

CARRIED_OUT = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED})


def diagnosis(facts: Facts) -> str:
    """Returns what is wrong and what to do about it, or that the schedule is well."""
    if facts.record is None:
        return _without_record(facts)
    known = ScheduleFacts(facts, facts.record)
    return next(sentence for sentence_of in SENTENCES if (sentence := sentence_of(known)) is not None)


# Without a record


def _without_record(facts: Facts) -> str:
    who = f"{facts.schedule_id} of {facts.user_id}"
    if facts.existing is not None:
        fix = facts.command("reconcile", "--apply")
        return (
            f"Schedule {who} stands in EventBridge and has no record, so what it fires goes to the work dead-letter "
            f"queue undone: {fix} records it again."
        )
    if facts.dead_letters:
        return f"There is no schedule {who} any more, but {_dead_letters(facts)}."
    return (
        f"There is no schedule {who}, neither in the table nor in EventBridge: see that both ids are right; a record "
        f"goes about 90 days after its schedule has ended."
    )


def _dead_letters(facts: Facts) -> str:
    latest = max(facts.dead_letters, key=lambda message: message.sent_at)
    number = "a dead letter is" if len(facts.dead_letters) == 1 else f"{len(facts.dead_letters)} dead letters are"
    return f"{number} about it, the latest one {_where(latest, TimeFormat(facts.now))}"


def _where(message: DeadLetterMessage, times: TimeFormat) -> str:
    of = "" if message.scheduled_time is None else f"of {times.short(message.scheduled_time)} "
    return f"{of}in the {message.queue} queue ({message.reason})"


# What stops it


def _cancelled(known: ScheduleFacts) -> str | None:
    if known.record.status is not Status.CANCELLED:
        return None
    begin = f"It was cancelled at {known.utc(known.record.updated_at)}"
    if known.facts.existing is None:
        return f"{begin}, and nothing is done any more."
    by = known.facts.command("reconcile", "--apply") if known.record.confirmed else "the sweeper"
    return f"{begin}, and nothing is done any more; EventBridge still has it, until {by} removes it."


def _paused(known: ScheduleFacts) -> str | None:
    record = known.record
    if record.status is not Status.PAUSED:
        return None
    begin = f"It was paused at {known.utc(record.updated_at)}" + (f" ({reason_of(record)})" if record.reason else "")
    if record.paused_until is not None and record.paused_until + SWEPT_WITHIN < known.now:
        return f"{begin} until {known.at(record.paused_until)}, and has not gone on: look whether the sweeper runs."
    if record.paused_until is not None:
        return f"{begin}: no occurrence is done until {known.at(record.paused_until)}, when it goes on by itself."
    return f"{begin}: no occurrence is done until somebody resumes it: {known.facts.request('/resume')}."


def _held(known: ScheduleFacts) -> str | None:
    held = [run for run in known.facts.runs if run.status is RunStatus.HELD]
    release = known.facts.command("release")
    if known.facts.hold is None:
        return _held_after_release(known, held[-1], release) if held else None
    waiting = _waiting(known, held)
    if waiting is None:
        return None
    return f"The operator holds all runs ({known.facts.hold}): {waiting} for {release}."


def _waiting(known: ScheduleFacts, held: list[Run]) -> str | None:
    """What the hold is the reason for; `held` is newest first. What is due and not even held has another one."""
    if len(held) > 1:
        return f"{len(held)} runs, the first of {known.at(held[-1].scheduled_time)}, wait"
    if held:
        return f"the run of {known.at(held[0].scheduled_time)} waits"
    due = known.record.first_due
    return None if due is None or known.awaited is not None else f"the run of {known.at(due)} will wait"


def _held_after_release(known: ScheduleFacts, run: Run, release: str) -> str:
    return (
        f"{known.the_run(run)} was held ({reason_of(run)}) and nothing is held any more: a release that is under way "
        f"starts it, or else {release}."
    )


# What is missing


def _late(known: ScheduleFacts) -> str | None:
    due, record = known.awaited, known.record
    if due is None or known.now < due + record.window + LATE_AFTER:
        return None
    final = due + record.window + timedelta(seconds=record.delivery.max_age_seconds) + known.facts.event_age
    ending = "made up for or recorded as missed" if record.on_missed is OnMissed.RUN_NOW else "recorded as missed"
    begin = f"The run of {known.at(due)} is {span(known.now - due)} late: {_why_late(known, due)}"
    if known.now > final + SWEPT_WITHIN:
        return f"{begin}; the sweeper should have seen to it by {known.utc(final)}: look whether it runs."
    return f"{begin}; unless it comes, it is {ending} by {known.utc(final)}."


def _why_late(known: ScheduleFacts, due: datetime) -> str:
    if (payload := known.payload_of(due)) is not None:
        return payload
    if known.facts.existing is not None:
        return "nothing has delivered it"
    if known.record.timing.is_one_time:
        return "it has left EventBridge, fired or removed, and nothing has arrived"
    return "EventBridge has no such schedule"


def _disagreeing(known: ScheduleFacts) -> str | None:
    if known.agrees or not known.record.status.is_live:
        return None
    if not known.record.confirmed:
        return _being_applied(known)
    reconcile = known.facts.command("reconcile", "--apply")
    existing = known.facts.existing
    if existing is None:
        return f"EventBridge has no such schedule, and nothing will fire it: {reconcile} makes it again."
    differences = "; ".join(f"{part} {difference}" for part, difference in existing.differences.items())
    begin = f"EventBridge has it otherwise than the record says ({differences})"
    if existing.differences.keys() & SEEN_BY_RECONCILE:
        return f"{begin}: {reconcile} puts that right."
    return f"{begin}: any change puts that right, {known.facts.request('', method='PATCH')}."


def _being_applied(known: ScheduleFacts) -> str:
    record = known.record
    change = "creation" if record.is_first_revision else "change"
    begin = f"Its {change} of {known.utc(record.updated_at)} has not reached EventBridge"
    if record.is_leased(known.now) and record.intent_until:
        return f"{begin} yet: if it is not there by {known.utc(record.intent_until)}, the sweeper brings it."
    return f"{begin}: the sweeper tries again, and its log says why the change was postponed."


def _due(known: ScheduleFacts) -> str | None:
    due, record = known.awaited, known.record
    if due is None:
        return None
    slack = "EventBridge may be a minute late"
    if record.window:
        slack = f"EventBridge delivers it within {span(record.window)}"
    late_at = due + record.window + LATE_AFTER
    return f"The run of {known.at(due)} is due: {slack}, and it is late from {known.utc(late_at)} on."


# How a run is getting on


def _of_latest_run(known: ScheduleFacts) -> str | None:
    sentence_of = None if known.run is None else OF_RUN.get(known.run.status)
    return None if sentence_of is None or known.run is None else sentence_of(known, known.run)


def _running(known: ScheduleFacts, run: Run) -> str:
    began = run.attempts[-1].started_at if run.attempts else run.scheduled_time
    if run.is_leased(known.now):
        return f"{known.the_run(run)} is under way since {known.utc(began)}."
    return (
        f"{known.the_run(run)} began at {known.utc(began)} and never ended: its process died, and Lambda, or else the "
        f"sweeper, does it again."
    )


def _queued(known: ScheduleFacts, run: Run) -> str:
    begin = f"{known.the_run(run)} is queued" + (" to be done again" if run.redriven else "")
    start_at = known.utc(run.lease_until)
    if run.lease_until + SWEPT_WITHIN < known.now:
        return f"{begin} and should have begun at {start_at}: look whether the sweeper runs."
    return f"{begin}: if it has not begun by {start_at}, the sweeper starts it."


def _retrying(known: ScheduleFacts, run: Run) -> str:
    begin, at = _failure(known, run), run.next_attempt_at or known.now
    if at + SWEPT_WITHIN < known.now:
        return f"{begin}; its next attempt was due at {known.utc(at)} and has not begun: look whether the sweeper runs."
    return f"{begin}; next attempt at {known.utc(at)}."


def _run_failed(known: ScheduleFacts, run: Run) -> str:
    begin = _failure(known, run)
    if run.acting_since or run.possibly_repeated:
        return f"{begin}; it may have been done all the same, so ask its provider before {known.redrive(run)}."
    return f"{begin}; to have it done again: {known.redrive(run)}."


def _failure(known: ScheduleFacts, run: Run) -> str:
    return f"{known.the_run(run)} failed{failures_of(run)}: {reason_of(run)}"


def _missed(known: ScheduleFacts, run: Run) -> str:
    reasons = filter(None, (reason_of(run), known.payload_of(run.scheduled_time)))
    return f"{known.the_run(run)} was missed: {'; '.join(reasons)}; to have it done: {known.redrive(run)}."


def _succeeded(known: ScheduleFacts, run: Run) -> str | None:
    if not run.possibly_repeated:
        return None
    return (
        f"{known.the_run(run)} succeeded and may have been done twice, because an attempt before ended without a word; "
        f"{known.following()}."
    )


OF_RUN: Mapping[RunStatus, Callable[[ScheduleFacts, Run], str | None]] = {
    RunStatus.RUNNING: _running,
    RunStatus.QUEUED: _queued,
    RunStatus.RETRYING: _retrying,
    RunStatus.FAILED: _run_failed,
    RunStatus.MISSED: _missed,
    RunStatus.SUCCEEDED: _succeeded,
}


# How it ended, or goes on


def _failed(known: ScheduleFacts) -> str | None:
    if known.record.status is not Status.FAILED:
        return None
    return f"It failed, and nothing is done any more: {reason_of(known.record)}."


def _completed(known: ScheduleFacts) -> str | None:
    last_run = known.record.last_run
    if known.record.status is not Status.COMPLETED:
        return None
    if known.record.reason is not None or last_run is None:
        return f"It is completed: {reason_of(known.record)}."
    ended = last_run.status if last_run.status in CARRIED_OUT else f"was {last_run.status}"
    return f"It is completed: its last run, of {known.at(last_run.scheduled_time)}, {ended}."


def _unconfirmed(known: ScheduleFacts) -> str | None:
    if known.record.confirmed:
        return None
    return (
        f"EventBridge has it as its change of {known.utc(known.record.updated_at)} says; the sweeper still has to "
        f"confirm that; {known.following()}."
    )


def _undone(known: ScheduleFacts) -> str | None:
    message = next((message for message in known.facts.dead_letters if message.undone), None)
    if message is None:
        return None
    where = _where(message, TimeFormat(known.now, known.record.timing.timezone))
    instead = known.facts.request("/run")
    return f"A delivery was not done and has no run, {where}; to make up for it: {instead}; {known.following()}."


def _skipped(known: ScheduleFacts) -> str | None:
    run = known.run
    if run is None or run.status is not RunStatus.SKIPPED:
        return None
    return f"{known.the_run(run)} was skipped: {reason_of(run)}; {known.following()}."


def _well(known: ScheduleFacts) -> str:
    if known.run is None:
        due = known.record.next_run_at
        first = "it has no occurrence" if due is None else f"its first run is due at {known.at(due)}"
        return f"It is active and well: {first}."
    return f"It is active and well: the run of {known.at(known.run.scheduled_time)} succeeded, and {known.following()}."


SENTENCES: tuple[Callable[[ScheduleFacts], str | None], ...] = (
    _cancelled,
    _paused,
    _held,
    _late,
    _disagreeing,
    _of_latest_run,
    _failed,
    _completed,
    _due,
    _unconfirmed,
    _undone,
    _skipped,
    _well,
)
"""The first one that has something to say says it: what stops all runs, then what is missing, then what went wrong."""
