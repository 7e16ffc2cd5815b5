"""One sentence about a schedule, for the person who asks why it did not run. Pure calculation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LATE_AFTER, OnMissed, Status
from deploy.operate.explain.case import Case, call, command, failures_of, reason_of
from deploy.operate.explain.formatting import Clockface, span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from chalicelib.core.model.run import Run
    from deploy.operate.explain.facts import Evidence, Letter

SWEPT_WITHIN = timedelta(minutes=5)
"""When what the sweeper is to do each minute has certainly been tried."""

SEEN_BY_RECONCILE = frozenset({"State", "Arn"})
"""What ListSchedules tells of a schedule; the rest of it reconcile does not look into."""

CARRIED_OUT = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED})


def verdict(found: Evidence) -> str:
    """What is the matter, or that nothing is, and what to do about it."""
    if found.record is None:
        return _without_record(found)
    case = Case(found, found.record)
    return next(sentence for tell in SENTENCES if (sentence := tell(case)) is not None)


# Without a record


def _without_record(found: Evidence) -> str:
    who = f"{found.schedule_id} of {found.user_id}"
    if found.existing is not None:
        mend = command(found, "reconcile", "--apply")
        return (
            f"Schedule {who} stands in EventBridge and has no record, so what it fires goes to the work dead-letter "
            f"queue undone: {mend} records it again."
        )
    if found.letters:
        return f"There is no schedule {who} any more, but {_letters(found)}."
    return (
        f"There is no schedule {who}, neither in the table nor in EventBridge: see that both ids are right; a record "
        f"goes about 90 days after its schedule has ended."
    )


def _letters(found: Evidence) -> str:
    latest = max(found.letters, key=lambda letter: letter.sent_at)
    number = "a dead letter is" if len(found.letters) == 1 else f"{len(found.letters)} dead letters are"
    return f"{number} about it, the latest one {_told(latest, Clockface(found.now))}"


def _told(letter: Letter, times: Clockface) -> str:
    of = "" if letter.scheduled_time is None else f"of {times.short(letter.scheduled_time)} "
    return f"{of}in the {letter.queue} queue ({letter.reason})"


# What stops it


def _cancelled(case: Case) -> str | None:
    if case.record.status is not Status.CANCELLED:
        return None
    begin = f"It was cancelled at {case.utc(case.record.updated_at)}"
    if case.found.existing is None:
        return f"{begin}, and nothing is done any more."
    by = command(case.found, "reconcile", "--apply") if case.record.confirmed else "the sweeper"
    return f"{begin}, and nothing is done any more; EventBridge still has it, until {by} removes it."


def _paused(case: Case) -> str | None:
    record = case.record
    if record.status is not Status.PAUSED:
        return None
    begin = f"It was paused at {case.utc(record.updated_at)}" + (f" ({reason_of(record)})" if record.reason else "")
    if record.paused_until is not None and record.paused_until + SWEPT_WITHIN < case.now:
        return f"{begin} until {case.at(record.paused_until)}, and has not gone on: look whether the sweeper runs."
    if record.paused_until is not None:
        return f"{begin}: no occurrence is done until {case.at(record.paused_until)}, when it goes on by itself."
    return f"{begin}: no occurrence is done until somebody resumes it: {call(case.found, '/resume')}."


def _held(case: Case) -> str | None:
    held = [run for run in case.found.runs if run.status is RunStatus.HELD]
    release = command(case.found, "release")
    if case.found.hold is None:
        return _held_still(case, held[-1], release) if held else None
    waiting = _waiting(case, held)
    if waiting is None:
        return None
    return f"The operator holds all runs ({case.found.hold}): {waiting} for {release}."


def _waiting(case: Case, held: list[Run]) -> str | None:
    """What the hold is the reason for; `held` is newest first. What is due and not even held has another one."""
    if len(held) > 1:
        return f"{len(held)} runs, the first of {case.at(held[-1].scheduled_time)}, wait"
    if held:
        return f"the run of {case.at(held[0].scheduled_time)} waits"
    due = case.record.first_due
    return None if due is None or case.awaited is not None else f"the run of {case.at(due)} will wait"


def _held_still(case: Case, run: Run, release: str) -> str:
    return (
        f"{case.the_run(run)} was held ({reason_of(run)}) and nothing is held any more: a release that is under way "
        f"starts it, or else {release}."
    )


# What is missing


def _late(case: Case) -> str | None:
    due, record = case.awaited, case.record
    if due is None or case.now < due + record.window + LATE_AFTER:
        return None
    final = due + record.window + timedelta(seconds=record.delivery.max_age_seconds) + case.found.event_age
    ending = "made up for or recorded as missed" if record.on_missed is OnMissed.RUN_NOW else "recorded as missed"
    begin = f"The run of {case.at(due)} is {span(case.now - due)} late: {_why_late(case, due)}"
    if case.now > final + SWEPT_WITHIN:
        return f"{begin}; the sweeper should have seen to it by {case.utc(final)}: look whether it runs."
    return f"{begin}; unless it comes, it is {ending} by {case.utc(final)}."


def _why_late(case: Case, due: datetime) -> str:
    if (payload := case.payload_of(due)) is not None:
        return payload
    if case.found.existing is not None:
        return "nothing has delivered it"
    if case.record.timing.is_one_time:
        return "it has left EventBridge, fired or removed, and nothing has arrived"
    return "EventBridge has no such schedule"


def _disagreeing(case: Case) -> str | None:
    if case.agrees or not case.record.status.is_live:
        return None
    if not case.record.confirmed:
        return _on_its_way(case)
    reconcile = command(case.found, "reconcile", "--apply")
    existing = case.found.existing
    if existing is None:
        return f"EventBridge has no such schedule, and nothing will fire it: {reconcile} makes it again."
    differences = "; ".join(f"{part} {difference}" for part, difference in existing.differences.items())
    begin = f"EventBridge has it otherwise than the record says ({differences})"
    if existing.differences.keys() & SEEN_BY_RECONCILE:
        return f"{begin}: {reconcile} puts that right."
    return f"{begin}: any change puts that right, {call(case.found, '', method='PATCH')}."


def _on_its_way(case: Case) -> str:
    record = case.record
    change = "creation" if record.is_first_revision else "change"
    begin = f"Its {change} of {case.utc(record.updated_at)} has not reached EventBridge"
    if record.is_leased(case.now) and record.intent_until:
        return f"{begin} yet: if it is not there by {case.utc(record.intent_until)}, the sweeper brings it."
    return f"{begin}: the sweeper tries again, and its log says why the change was postponed."


def _due(case: Case) -> str | None:
    due, record = case.awaited, case.record
    if due is None:
        return None
    slack = "EventBridge may be a minute late"
    if record.window:
        slack = f"EventBridge delivers it within {span(record.window)}"
    late_at = due + record.window + LATE_AFTER
    return f"The run of {case.at(due)} is due: {slack}, and it is late from {case.utc(late_at)} on."


# How a run is getting on


def _of_its_run(case: Case) -> str | None:
    tell = None if case.run is None else OF_RUN.get(case.run.status)
    return None if tell is None or case.run is None else tell(case, case.run)


def _running(case: Case, run: Run) -> str:
    began = run.attempts[-1].started_at if run.attempts else run.scheduled_time
    if run.is_leased(case.now):
        return f"{case.the_run(run)} is under way since {case.utc(began)}."
    return (
        f"{case.the_run(run)} began at {case.utc(began)} and never ended: its process died, and Lambda, or else the "
        f"sweeper, does it again."
    )


def _queued(case: Case, run: Run) -> str:
    begin = f"{case.the_run(run)} is queued" + (" to be done again" if run.redriven else "")
    start_at = case.utc(run.lease_until)
    if run.lease_until + SWEPT_WITHIN < case.now:
        return f"{begin} and should have begun at {start_at}: look whether the sweeper runs."
    return f"{begin}: if it has not begun by {start_at}, the sweeper starts it."


def _retrying(case: Case, run: Run) -> str:
    begin, at = _failure(case, run), run.next_attempt_at or case.now
    if at + SWEPT_WITHIN < case.now:
        return f"{begin}; its next attempt was due at {case.utc(at)} and has not begun: look whether the sweeper runs."
    return f"{begin}; next attempt at {case.utc(at)}."


def _run_failed(case: Case, run: Run) -> str:
    begin = _failure(case, run)
    if run.acting_since or run.possibly_repeated:
        return f"{begin}; it may have been done all the same, so ask its provider before {case.redrive(run)}."
    return f"{begin}; to have it done again: {case.redrive(run)}."


def _failure(case: Case, run: Run) -> str:
    return f"{case.the_run(run)} failed{failures_of(run)}: {reason_of(run)}"


def _missed(case: Case, run: Run) -> str:
    reasons = filter(None, (reason_of(run), case.payload_of(run.scheduled_time)))
    return f"{case.the_run(run)} was missed: {'; '.join(reasons)}; to have it done: {case.redrive(run)}."


def _succeeded(case: Case, run: Run) -> str | None:
    if not run.possibly_repeated:
        return None
    return (
        f"{case.the_run(run)} succeeded and may have been done twice, because an attempt before ended without a word; "
        f"{case.following()}."
    )


OF_RUN: Mapping[RunStatus, Callable[[Case, Run], str | None]] = {
    RunStatus.RUNNING: _running,
    RunStatus.QUEUED: _queued,
    RunStatus.RETRYING: _retrying,
    RunStatus.FAILED: _run_failed,
    RunStatus.MISSED: _missed,
    RunStatus.SUCCEEDED: _succeeded,
}


# How it ended, or goes on


def _failed(case: Case) -> str | None:
    if case.record.status is not Status.FAILED:
        return None
    return f"It failed, and nothing is done any more: {reason_of(case.record)}."


def _completed(case: Case) -> str | None:
    last_run = case.record.last_run
    if case.record.status is not Status.COMPLETED:
        return None
    if case.record.reason is not None or last_run is None:
        return f"It is completed: {reason_of(case.record)}."
    ended = last_run.status if last_run.status in CARRIED_OUT else f"was {last_run.status}"
    return f"It is completed: its last run, of {case.at(last_run.scheduled_time)}, {ended}."


def _unconfirmed(case: Case) -> str | None:
    if case.record.confirmed:
        return None
    return (
        f"EventBridge has it as its change of {case.utc(case.record.updated_at)} says; the sweeper still has to "
        f"confirm that; {case.following()}."
    )


def _undone(case: Case) -> str | None:
    letter = next((letter for letter in case.found.letters if letter.undone), None)
    if letter is None:
        return None
    where = _told(letter, Clockface(case.now, case.record.timing.timezone))
    instead = call(case.found, "/run")
    return f"A delivery was not done and has no run, {where}; to make up for it: {instead}; {case.following()}."


def _skipped(case: Case) -> str | None:
    run = case.run
    if run is None or run.status is not RunStatus.SKIPPED:
        return None
    return f"{case.the_run(run)} was skipped: {reason_of(run)}; {case.following()}."


def _well(case: Case) -> str:
    if case.run is None:
        due = case.record.next_run_at
        first = "it has no occurrence" if due is None else f"its first run is due at {case.at(due)}"
        return f"It is active and well: {first}."
    return f"It is active and well: the run of {case.at(case.run.scheduled_time)} succeeded, and {case.following()}."


SENTENCES: tuple[Callable[[Case], str | None], ...] = (
    _cancelled,
    _paused,
    _held,
    _late,
    _disagreeing,
    _of_its_run,
    _failed,
    _completed,
    _due,
    _unconfirmed,
    _undone,
    _skipped,
    _well,
)
"""The first one that has something to say says it: what stops all runs, then what is missing, then what went wrong."""
