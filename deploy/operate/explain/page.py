"""The text that `explain` prints: the diagnosis, and below it the facts, one per line."""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from chalicelib.core.model.schedule import Status
from deploy.operate.explain.diagnosis import diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from deploy.operate.explain.facts import Facts

OCCURRENCES, ATTEMPTS, DEAD_LETTERS = 5, 5, 10

NOT_SHOWN = frozenset({"user_id", "schedule_id", "metadata", "name", "applied", "action", "last_run", "request_digest"})
"""Fields that the page shows elsewhere, or whose texts users wrote."""


def explanation(facts: Facts) -> Iterator[str]:
    """Yields the lines."""
    cause, advice = diagnosis(facts)
    yield f"Cause:   {cause}"
    yield f"Advice:  {advice}"
    if "/v1/" in advice:
        yield "         (to the API, with a token that has the scope schedules:admin)"
    yield f"Time:    {facts.now:%Y-%m-%d} {facts.at(facts.now)}"
    parts = {
        "Record": _record(facts),
        "EventBridge": _eventbridge(facts),
        "Operator": _operator(facts),
        "Next occurrences": _occurrences(facts),
        "Latest runs": (line for run in facts.runs for line in _run(facts, run)),
        "Dead-letter messages": _dead_letters(facts),
    }
    for title, lines in parts.items():
        yield from ("", title, *(f"  {line}" for line in list(lines) or ["none"]))


def _record(facts: Facts) -> Iterator[str]:
    """Yields each field that differs from its default, so that new fields are shown as well."""
    for field in fields(facts.record) if facts.record else ():
        value = getattr(facts.record, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if field.name not in NOT_SHOWN and (value != default or field.name == "confirmed"):
            yield f"{field.name:<24}{_shown(facts, value)}"
    for span in facts.spans:
        times = f"{facts.at(span.since)} to {facts.at(span.until)}"
        yield f"{'pending before a change':<24}{times}, {span.timing.expression}; checked at {facts.utc(span.watch_at)}"


def _shown(facts: Facts, value: Any) -> str:
    match value:
        case datetime():
            return f"{facts.at(value)}, {facts.distance(value)}"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(facts.at(part) if isinstance(part, datetime) else str(part) for part in value)
    if not hasattr(value, "__dataclass_fields__"):
        return str(value)
    parts = {field.name: getattr(value, field.name) for field in fields(value)}
    return ", ".join(f"{name} {_shown(facts, part)}" for name, part in parts.items() if part is not None)


def _eventbridge(facts: Facts) -> Iterator[str]:
    if facts.existing is None:
        expected = facts.record is not None and facts.agrees(facts.record)
        yield f"no such schedule{', as expected' if expected else ''}"
        return
    differences = facts.existing.differences if facts.record is None or facts.record.status.is_live else {}
    yield f"{facts.existing.state}{'' if differences or facts.record is None else ', as in the record'}"
    yield from (f"differs: {part} {difference}" for part, difference in differences.items())


def _operator(facts: Facts) -> Iterator[str]:
    if facts.function_unread:
        yield f"hold unknown: {facts.function_unread}"
    else:
        yield "no hold" if facts.hold is None else f"holds all runs: {facts.hold}"


def _occurrences(facts: Facts) -> Iterator[str]:
    record = facts.record
    coming = islice(record.timing.occurrences(facts.now), OCCURRENCES) if record and record.status.is_live else ()
    for at in coming:
        yield f"{facts.at(at)}, {facts.distance(at)}{_left_out(record, at) if record else ''}"


def _left_out(record: Schedule, at: datetime) -> str:
    if record.is_excluded(at):
        return ": excluded"
    resumed = record.paused_until is not None and record.paused_until <= at
    return ": paused" if record.status is Status.PAUSED and not resumed else ""


def _run(facts: Facts, run: Run) -> Iterator[str]:
    notes = {
        "run now": not run.is_occurrence,
        "redriven": run.redriven,
        "possibly repeated": run.possibly_repeated,
        f"next attempt at {facts.utc(run.next_attempt_at or facts.now)}": run.next_attempt_at is not None,
        f"started {run.lateness.total_seconds() if run.lateness else 0:.1f} s late": run.lateness is not None,
        f"run id {run.run_id}": True,
    }
    yield f"{facts.at(run.scheduled_time)}, {facts.distance(run.scheduled_time)}: {run.status}"
    if run.reason:
        yield f"  reason: {run.reason}"
    yield f"  {', '.join(note for note, applies in notes.items() if applies)}"
    for number, attempt in list(enumerate(run.attempts, 1))[-ATTEMPTS:]:
        took = f" ({(attempt.ended_at - attempt.started_at).total_seconds():.1f} s)" if attempt.ended_at else ""
        outcome = attempt.error or ("succeeded" if attempt.ended_at else "not ended")
        yield f"  attempt {number}: {facts.utc(attempt.started_at)}{took}: {outcome}"


def _dead_letters(facts: Facts) -> Iterator[str]:
    yield from facts.looked_at
    for message in facts.dead_letters[:DEAD_LETTERS]:
        run = "" if message.scheduled_time is None else f", run of {facts.at(message.scheduled_time)}"
        yield f"{message.queue} queue, sent {facts.utc(message.sent_at)}{run}: {message.reason}"
    if len(facts.dead_letters) > DEAD_LETTERS:
        yield f"and {len(facts.dead_letters) - DEAD_LETTERS} earlier messages"
