"""Derives one cause and one piece of advice from the facts about a schedule. Pure calculation."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import LATE_AFTER, OnMissed, Status
from deploy.operate.explain.facts import length

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from deploy.operate.explain.facts import DeadLetterMessage, Facts

SWEPT_WITHIN = timedelta(minutes=5)
"""Within this time the sweeper, which runs each minute, has tried."""

SEEN_BY_RECONCILE = frozenset({"State", "Arn"})
"""The parts of a schedule that ListSchedules returns; `reconcile` reads no other."""

NOTHING = "Nothing to do."
CHECK_THE_SWEEPER = "Check the sweeper: its log, and the alarms sweeper-errors and sweeper-silent."


class Diagnosis(NamedTuple):
    """Why the schedule is as it is, and what the operator should do."""

    cause: str
    advice: str


def diagnosis(facts: Facts) -> Diagnosis:
    """Returns the first diagnosis that applies: first of what stops all runs, then what is missing, then failures."""
    if facts.record is None:
        return _without_record(facts)
    parts = (part(facts, facts.record) for part in (_stopped, _missing, _of_run, _ended, _small))
    return Diagnosis(*next(chain.from_iterable(parts)))


def _without_record(facts: Facts) -> Diagnosis:
    who = f"Schedule {facts.schedule_id} of user {facts.user_id}"
    if facts.existing is not None:
        cause = f"{who} is in EventBridge but not in the table, so its work is not done."
        return Diagnosis(cause, f"Record it again: {facts.command('reconcile', '--apply')}")
    if facts.dead_letters:
        latest = max(facts.dead_letters, key=lambda message: message.sent_at)
        number = len(facts.dead_letters)
        cause = f"{who} no longer exists. Dead-letter messages: {number}, the latest {_place(latest)}."
        return Diagnosis(cause, "Create the schedule again if its work is still needed.")
    cause = f"{who} is neither in the table nor in EventBridge."
    return Diagnosis(cause, "Check both ids. A record is deleted about 90 days after its schedule has ended.")


def _place(message: DeadLetterMessage) -> str:
    return f"in the {message.queue} dead-letter queue ({message.reason})"


def _stopped(facts: Facts, record: Schedule) -> Iterator[tuple[str, str]]:
    since = facts.utc(record.updated_at)
    if record.status is Status.CANCELLED:
        by = f"Remove it there: {facts.command('reconcile', '--apply')}"
        by = by if record.confirmed else "Wait: the sweeper removes it there."
        still = " EventBridge still has it." if facts.existing else ""
        yield f"The schedule was cancelled at {since}.{still}", by if facts.existing else NOTHING
    if record.status is Status.PAUSED:
        cause = f"The schedule was paused at {since}{f' ({_reason(record)})' if record.reason else ''}"
        until = record.paused_until
        if until is None:
            yield f"{cause}.", f"Resume it: {facts.request('/resume')}"
        elif until + SWEPT_WITHIN < facts.now:
            yield f"{cause} until {facts.at(until)} and was not resumed.", CHECK_THE_SWEEPER
        else:
            yield f"{cause}.", f"Wait: it resumes automatically at {facts.at(until)}."
    yield from _held(facts, record)


def _held(facts: Facts, record: Schedule) -> Iterator[tuple[str, str]]:
    held = [run for run in facts.runs if run.status is RunStatus.HELD]
    first = held[-1].scheduled_time if held else record.first_due
    which = f"Runs waiting: {len(held)}, the first of" if held else "The next run is due at"
    if held and facts.hold is None:
        cause = f"{_the(facts, held[-1])} was held ({_reason(held[-1])}), and the hold has ended."
        yield cause, f"Wait for the release in progress, or repeat it: {facts.command('release')}"
    elif facts.hold is not None and first is not None and (held or facts.awaited is None):
        cause = f"The operator holds all runs ({facts.hold}). {which} {facts.at(first)}."
        yield cause, f"When the reason has passed, release all runs: {facts.command('release')}"


def _missing(facts: Facts, record: Schedule) -> Iterator[tuple[str, str]]:
    due = facts.awaited
    if due is not None and facts.now >= due + record.window + LATE_AFTER:
        yield _late(facts, record, due)
    if not facts.agrees(record) and record.status.is_live:
        yield _differing(facts, record)


def _late(facts: Facts, record: Schedule, due: datetime) -> tuple[str, str]:
    final = due + record.window + timedelta(seconds=record.delivery.max_age_seconds) + facts.event_age
    cause = f"The run of {facts.at(due)} is {length(facts.now - due)} late: {_why_late(facts, record, due)}."
    starts = "starts it or " if record.on_missed is OnMissed.RUN_NOW else ""
    if facts.now > final + SWEPT_WITHIN:
        return f"{cause} It should have been recorded as missed by {facts.utc(final)}.", CHECK_THE_SWEEPER
    ending = f"{starts}records it as missed by {facts.utc(final)}"
    return cause, f"Wait: unless it arrives, the sweeper {ending}. Redrive it then."


def _why_late(facts: Facts, record: Schedule, due: datetime) -> str:
    if message := facts.payload_of(due):
        return f"its payload is {_place(message)}"
    if facts.existing is not None:
        return "EventBridge has not delivered it"
    if record.timing.is_one_time:
        return "it has left EventBridge, but no delivery arrived"
    return "EventBridge has no such schedule"


def _differing(facts: Facts, record: Schedule) -> tuple[str, str]:
    kind, since = "creation" if record.is_first_revision else "change", facts.utc(record.updated_at)
    if not record.confirmed:
        cause = f"EventBridge does not yet match the {kind} of {since}."
        if record.is_leased(facts.now) and record.intent_until:
            return cause, f"Wait: the sweeper applies it after {facts.utc(record.intent_until)}."
        return cause, "Wait 5 minutes: the sweeper retries. If this stays, its log says why (postponed)."
    reconcile = facts.command("reconcile", "--apply")
    if facts.existing is None:
        return "EventBridge has no such schedule, so nothing will fire it.", f"Create it there: {reconcile}"
    differences = facts.existing.differences
    cause = "EventBridge differs from the record: " + "; ".join(map(" ".join, differences.items())) + "."
    if differences.keys() & SEEN_BY_RECONCILE:
        return cause, f"Correct EventBridge: {reconcile}"
    return cause, f"Send any change; it corrects EventBridge: {facts.request('', method='PATCH')}"


def _of_run(facts: Facts, _record: Schedule) -> Iterator[tuple[str, str]]:
    if (run := facts.run) is None:
        return
    redrive = facts.request(f"/runs/{run.run_id}/redrive")
    match run.status:
        case RunStatus.RUNNING:
            yield _running(facts, run)
        case RunStatus.QUEUED | RunStatus.RETRYING:
            yield _waiting(facts, run)
        case RunStatus.FAILED if run.acting_since or run.possibly_repeated:
            cause = f"{_failure(facts, run)} Its provider may have done the work all the same."
            yield cause, f"Ask the provider first; if it was not done, redrive the run: {redrive}"
        case RunStatus.FAILED:
            yield _failure(facts, run), f"Remove the cause, then redrive the run: {redrive}"
        case RunStatus.MISSED:
            message = facts.payload_of(run.scheduled_time)
            where = f" Its payload is {_place(message)}." if message else ""
            yield f"{_the(facts, run)} was missed: {_reason(run)}.{where}", f"Redrive the run: {redrive}"
        case RunStatus.SUCCEEDED if run.possibly_repeated:
            cause = f"{_the(facts, run)} succeeded, but may have been done twice: an attempt before it was interrupted."
            yield cause, "Ask the provider whether it was done twice."


def _running(facts: Facts, run: Run) -> tuple[str, str]:
    began = facts.utc(run.attempts[-1].started_at if run.attempts else run.scheduled_time)
    if run.is_leased(facts.now):
        return f"{_the(facts, run)} has been running since {began}.", "Wait."
    cause = f"{_the(facts, run)} began at {began} and was interrupted: the function crashed or timed out."
    return cause, "Wait: Lambda or the sweeper starts it again. If it repeats, read the Notification Lambda's log."


def _waiting(facts: Facts, run: Run) -> tuple[str, str]:
    """Returns cause and advice for a run that the sweeper will start."""
    if run.status is RunStatus.QUEUED:
        again = " again, because it was redriven" if run.redriven else ""
        cause, what, starts_at = f"{_the(facts, run)} is queued{again}.", "it", run.lease_until
    else:
        cause, what, starts_at = _failure(facts, run), "the next attempt", run.next_attempt_at or facts.now
    if starts_at + SWEPT_WITHIN < facts.now:
        return f"{cause} {what.capitalize()} should have started by {facts.utc(starts_at)}.", CHECK_THE_SWEEPER
    return cause, f"Wait: {what} starts by {facts.utc(starts_at)}."


def _failure(facts: Facts, run: Run) -> str:
    failures = sum(attempt.error is not None for attempt in run.attempts)
    times = "" if failures == 0 else " once" if failures == 1 else f" {failures} times"
    return f"{_the(facts, run)} failed{times}: {_reason(run)}."


def _the(facts: Facts, run: Run) -> str:
    return f"The run {'of' if run.is_occurrence else 'asked for at'} {facts.at(run.scheduled_time)}"


def _reason(ended: Run | Schedule) -> str:
    return (ended.reason or "no reason was recorded").rstrip(".")


def _ended(facts: Facts, record: Schedule) -> Iterator[tuple[str, str]]:
    if record.status is Status.FAILED:
        cause = f"The schedule failed and has ended: {_reason(record)}."
        yield cause, "Remove the cause, then create the schedule again."
    if record.status is Status.COMPLETED:
        last = record.last_run
        run = f"its last run, of {facts.at(last.scheduled_time)}, has the status {last.status}" if last else ""
        yield f"The schedule is completed: {_reason(record) if record.reason or not run else run}.", NOTHING


def _small(facts: Facts, record: Schedule) -> Iterator[tuple[str, str]]:
    """Yields diagnoses of conditions that do not stop later runs."""
    if due := facts.awaited:
        within = length(record.window) if record.window else "a minute"
        late_at = facts.utc(due + record.window + LATE_AFTER)
        yield f"The run of {facts.at(due)} is due.", f"Wait: delivery takes up to {within}. Late from {late_at} on."
    if not record.confirmed:
        cause = f"EventBridge has the change of {facts.utc(record.updated_at)}, but the confirmation was not recorded."
        yield cause, "Wait: the sweeper confirms it."
    if message := next((message for message in facts.dead_letters if message.undone), None):
        cause = f"One delivery was not done; its message is {_place(message)}."
        yield cause, f"Do the work now: {facts.request('/run')}"
    if facts.run and facts.run.status is RunStatus.SKIPPED:
        yield f"{_the(facts, facts.run)} was skipped: {_reason(facts.run)}.", f"Nothing to do. {_next(facts, record)}"
    well = "The schedule works."
    yield f"{well} {_the(facts, facts.run)} succeeded." if facts.run else well, f"Nothing to do. {_next(facts, record)}"


def _next(facts: Facts, record: Schedule) -> str:
    due = record.next_run_at
    return "It has no further run." if due is None else f"The next run is due at {facts.at(due)}."
