"""The page that `explain` prints: the diagnosis, and below it each fact on its line."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from chalicelib.core.model.schedule import Status
from chalicelib.scheduling import english
from deploy.operate.explain.diagnosis import diagnosis
from deploy.operate.explain.formatting import TimeFormat, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from chalicelib.core.model.run import Attempt, Run
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.core.model.span import Span
    from deploy.operate.explain.facts import DeadLetterMessage, Facts

OCCURRENCES = 5
ATTEMPTS = 5
DEAD_LETTERS = 10


def explanation(facts: Facts) -> Iterator[str]:
    """Line by line."""
    times = TimeFormat(facts.now, facts.record.timing.timezone if facts.record else "UTC")
    yield diagnosis(facts)
    yield ""
    yield f"It is {times.long(facts.now)}."
    parts = {
        "Record": _record(facts, times),
        "EventBridge": _eventbridge(facts),
        "Operator": _operator(facts),
        "Next occurrences": _occurrences(facts, times),
        "Latest runs": _runs(facts, times),
        "Dead letters": _dead_letters(facts, times),
    }
    for title, lines in parts.items():
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


# The record


def _record(facts: Facts, times: TimeFormat) -> Iterator[str]:
    record = facts.record
    if record is None:
        yield "none in the table"
        return
    yield f"status      {_status(record)}"
    yield f"confirmed   {_confirmed(record, times)}"
    yield f"timing      {english.describe(record.timing.parsed)}"
    yield f"            {record.timing.expression}, time zone {record.timing.timezone}"
    yield f"action      {record.action_type}" + (f", about {record.resource_id}" if record.resource_id else "")
    yield f"next run    {_next_run(record, times)}"
    yield f"runs        {_counts(record)}"
    yield f"rules       {_rules(record)}"
    yield f"changed     {times.utc(record.updated_at)}, {times.distance(record.updated_at)}; revision {record.revision}"
    yield from _particulars(record, times)
    yield from (f"pending     {_pending(found, times)}" for found in facts.spans)


def _status(record: Schedule) -> str:
    return f"{record.status}: {record.reason}" if record.reason else str(record.status)


def _confirmed(record: Schedule, times: TimeFormat) -> str:
    if record.confirmed:
        return "yes, EventBridge is known to agree"
    lease = "nowhere" if record.intent_until is None else times.utc(record.intent_until)
    return f"no, the change is on its way; its lease ends {lease}"


def _next_run(record: Schedule, times: TimeFormat) -> str:
    if record.next_run_at is None:
        return "none"
    awaited = "" if record.next_run_at > times.now else ", and not accounted for"
    return times.full(record.next_run_at) + awaited


def _counts(record: Schedule) -> str:
    most = "" if record.max_runs is None else f" of {record.max_runs} at most"
    failures = f", failures in a row: {record.failures_in_a_row}" if record.failures_in_a_row else ""
    return f"{record.run_count} carried out{most}{failures}"


def _rules(record: Schedule) -> str:
    rules = [
        f"{record.retry.max_retries} retries from {record.retry.backoff_seconds} s on",
        f"on_unknown {record.on_unknown}",
        f"on_missed {record.on_missed}",
        f"overlap {record.overlap}",
        f"delivered within {record.delivery.max_age_seconds} s",
    ]
    if record.pause_after_failures:
        rules.append(f"paused after {record.pause_after_failures} failures in a row")
    return ", ".join(rules)


def _particulars(record: Schedule, times: TimeFormat) -> Iterator[str]:
    """What not every schedule has."""
    if record.window:
        yield f"window      {span(record.window)}"
    if record.paused_until:
        yield f"paused      until {times.full(record.paused_until)}"
    if record.exclusions:
        yield f"excluded    {', '.join(map(str, record.exclusions))}"
    if record.in_progress:
        yield f"unfinished  {_unfinished(record, times)}"


def _unfinished(record: Schedule, times: TimeFormat) -> str:
    unlisted = record.waiting_runs - len(record.in_progress)
    listed = ", ".join(map(times.short, record.in_progress))
    return f"{listed}, and {unlisted} earlier ones" if unlisted > 0 else listed


def _pending(found: Span, times: TimeFormat) -> str:
    return (
        f"{found.timing.expression}, {times.short(found.since)} to {times.short(found.until)}: due before a change; "
        f"looked at again at {times.utc(found.watch_at)}"
    )


# EventBridge, operator, calendar


def _eventbridge(facts: Facts) -> Iterator[str]:
    existing = facts.existing
    if existing is None:
        yield "has no such schedule"
        return
    yield f"has it, {existing.state}"
    if facts.record is not None and facts.record.status.is_live:
        yield from (f"differs: {part} {difference}" for part, difference in existing.differences.items())
        if not existing.differences:
            yield "as the record says"


def _operator(facts: Facts) -> Iterator[str]:
    if facts.function_unread:
        yield f"not known whether he holds runs: {facts.function_unread}"
    else:
        yield "holds nothing" if facts.hold is None else f"holds all runs: {facts.hold}"


def _occurrences(facts: Facts, times: TimeFormat) -> Iterator[str]:
    record = facts.record
    if record is None or not record.status.is_live:
        yield "none"
        return
    coming = list(islice(record.timing.occurrences(facts.now), OCCURRENCES))
    for at in coming:
        yield times.full(at) + _left_out(record, at)
    if len(coming) < OCCURRENCES:
        yield "no other" if coming else "none"


def _left_out(record: Schedule, at: datetime) -> str:
    """Why this occurrence will not be carried out, as far as is known now."""
    if record.is_excluded(at):
        return ": excluded"
    ends_before = record.paused_until is not None and record.paused_until <= at
    return ": paused" if record.status is Status.PAUSED and not ends_before else ""


# Runs


def _runs(facts: Facts, times: TimeFormat) -> Iterator[str]:
    if not facts.runs:
        yield "none"
    for run in facts.runs:
        yield _headline(run, times)
        yield f"  run {run.run_id}{_lateness(run)}"
        attempts = list(enumerate(run.attempts, 1))
        yield from (f"  attempt {number}: {_attempt(attempt, times)}" for number, attempt in attempts[-ATTEMPTS:])


def _headline(run: Run, times: TimeFormat) -> str:
    parts = [
        f"{times.full(run.scheduled_time)}: {run.status}",
        f": {run.reason}" if run.reason else "",
        "" if run.is_occurrence else ", asked for outside the timing",
        f"; next attempt at {times.utc(run.next_attempt_at)}" if run.next_attempt_at else "",
        ", asked for again" if run.redriven else "",
        ", possibly done twice" if run.possibly_repeated else "",
    ]
    return "".join(parts)


def _lateness(run: Run) -> str:
    return "" if run.lateness is None else f", began {run.lateness.total_seconds():.1f} s after its time"


def _attempt(attempt: Attempt, times: TimeFormat) -> str:
    began = f"began at {times.utc(attempt.started_at)}"
    if attempt.ended_at is None:
        return f"{began}, {attempt.error or 'has not ended'}"
    took = (attempt.ended_at - attempt.started_at).total_seconds()
    return f"{began}, took {took:.1f} s: {attempt.error or 'done'}"


# Dead letters


def _dead_letters(facts: Facts, times: TimeFormat) -> Iterator[str]:
    yield from facts.looked_at
    for message in facts.dead_letters[:DEAD_LETTERS]:
        yield _dead_letter(message, times)
    if len(facts.dead_letters) > DEAD_LETTERS:
        yield f"and {len(facts.dead_letters) - DEAD_LETTERS} older ones"


def _dead_letter(message: DeadLetterMessage, times: TimeFormat) -> str:
    run = "" if message.scheduled_time is None else f", of {times.short(message.scheduled_time)}"
    return f"{message.queue} queue, since {times.utc(message.sent_at)}{run}: {message.reason}"
