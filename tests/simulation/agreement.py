"""Checks that the table, EventBridge and the runs agree when no work is left. Each difference is a sentence."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.aws.eventbridge import schedule_request
from chalicelib.core.model import ids
from chalicelib.core.model.run import Run, RunStatus
from chalicelib.testing.gateway import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chalicelib.core.model.schedule import Schedule, Timing
    from tests.simulation.simulator import Life

UNDONE = (RunStatus.FAILED, RunStatus.SKIPPED, RunStatus.MISSED)


def disagreements(life: Life) -> list[str]:
    """Between the table and EventBridge, and whatever nobody has brought to its end."""
    records = {ids.scheduler_name(record.user_id, record.schedule_id): record for record in life.records()}
    return [
        *_only_in_eventbridge(life, records),
        *(f"{_name(record)}: {fault}" for record in records.values() for fault in _faults(life, record)),
        *(f"run {run.run_id} is still {run.status}" for run in life.all_runs() if not run.has_ended),
        *(f"run {run.run_id} is {run.status} without a reason" for run in life.all_runs() if _is_unexplained(run)),
    ]


def silent_disagreements(life: Life) -> list[str]:
    """What is confirmed and yet not so in EventBridge."""
    return [
        f"{_name(record)}: {fault}"
        for record in life.records()
        if record.confirmed
        for fault in (_differences(life, record) if record.status.is_live else _leftovers(life, record))
    ]


def _leftovers(life: Life, record: Schedule) -> Iterator[str]:
    """One that has ended by its last run may still stand: EventBridge removes it by itself."""
    found = life.in_eventbridge(record)
    if found is not None and found["ActionAfterCompletion"] != "DELETE":
        yield "still stands in EventBridge"


def _only_in_eventbridge(life: Life, records: Mapping[str, Schedule]) -> Iterator[str]:
    for name, request in life.bridge.schedules.items():
        if name not in records:
            yield f"EventBridge has {request['Description']} without a record"
        elif not records[name].status.is_live:
            yield f"EventBridge still has {request['Description']}, which is {records[name].status}"


def _faults(life: Life, record: Schedule) -> Iterator[str]:
    if not record.confirmed:
        yield "is not confirmed"
    if record.pending_since is not None:
        yield f"has an open span since {record.pending_since:%H:%M}"
    if record.next_run_at is not None and record.next_run_at <= life.clock.now:
        yield f"waits for {record.next_run_at:%H:%M}, which is over"
    if record.status.is_live:
        yield from _differences(life, record)


def _differences(life: Life, record: Schedule) -> Iterator[str]:
    found, action = life.in_eventbridge(record), life.action_of(record)
    if action is None:
        yield "has no action"
    elif found is None:
        yield "is not in EventBridge"
    else:
        wanted = schedule_request(record, action, NAMES, now=life.clock.now)
        # The StartDate depends on when the request was made.
        compared = (found.keys() | wanted.keys()) - {"StartDate"}
        if different := sorted(key for key in compared if found.get(key) != wanted.get(key)):
            yield f"EventBridge has another {different}"
        # One that is paused past its end has no start any more.
        start = found.get("StartDate") if record.timing.kind == "rate" else None
        if start is not None and not _is_in_phase(record.timing, start):
            yield f"EventBridge counts from {start}"


def _is_in_phase(timing: Timing, start: datetime) -> bool:
    return timing.next_occurrence(start - datetime.resolution) == start


def _is_unexplained(run: Run) -> bool:
    return run.status in UNDONE and not run.reason


def _name(record: Schedule) -> str:
    return f"{record.user_id}/{record.schedule_id} ({record.status})"
