"""Checks README.md's promises for one schedule against what happened. Each violation is a sentence.

The checks follow the promises, not the code. The test itself counts the expected occurrences. The actual ones are read
from the provider's list, from the invocations that returned, and from the records that a client can read. The checks
never ask the project when an occurrence is due.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.core.model.run import Run, RunStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from chalicelib.core.model.schedule import Schedule
    from tests.simulation.simulator import Life

CARRIED_OUT = (RunStatus.SUCCEEDED, RunStatus.FAILED)
ENDED = (*CARRIED_OUT, RunStatus.SKIPPED, RunStatus.MISSED)
EVENT_AGE = timedelta(hours=1)


@dataclass(frozen=True)
class Promised:
    """What the client of one schedule may rely on.

    `due` are the occurrences that must have an ending by now, `also` those that may have one: what was due while a
    change was made, or will be. `stopped` are those that a pause or a cancel may have overtaken.
    """

    schedule: Schedule
    due: Collection[datetime]
    also: Collection[datetime] = ()
    stopped: Collection[datetime] = ()


def broken(life: Life, promised: Promised) -> list[str]:
    """Sentences; none if every promise was kept."""
    runs = [run for run in life.runs_of(promised.schedule) if run.is_occurrence]
    record = life.now_of(promised.schedule)
    return [
        *_unended(promised, runs),
        *(fault for run in runs for fault in _of_run(life, promised, record, run)),
        *_of_record(record, runs),
    ]


def _unended(promised: Promised, runs: list[Run]) -> Iterator[str]:
    """Each occurrence has one ending, with a reason if it was not carried out."""
    times = Counter(run.scheduled_time for run in runs)
    yield from (f"{at:%d %H:%M} has {times[at]} runs" for at in sorted(promised.due) if times[at] != 1)
    for run in runs:
        if run.status not in ENDED:
            yield f"{run.scheduled_time:%d %H:%M} is still {run.status}"
        elif run.status is not RunStatus.SUCCEEDED and not run.reason:
            yield f"{run.scheduled_time:%d %H:%M} is {run.status} and does not say why"


def _of_run(life: Life, promised: Promised, record: Schedule, run: Run) -> Iterator[str]:
    name = f"{run.scheduled_time:%d %H:%M} {run.status} ({run.reason})"
    effects = life.done().count(run.run_id)
    may_be_repeated = run.possibly_repeated or run.acting_since is not None
    if run.status in CARRIED_OUT and not _is_meant(promised, run):
        yield f"{name} was carried out and is none of its times"
    if run.status is RunStatus.SUCCEEDED and not effects:
        yield f"{name} was never done"
    if effects > 1 and not run.possibly_repeated:
        yield f"{name} was done {effects} times and does not say so"
    if effects and run.status is not RunStatus.SUCCEEDED and not may_be_repeated:
        yield f"{name} was done and does not say so"
    if (
        run.status is RunStatus.MISSED
        and came_in_time(life, record, run)
        and run.scheduled_time not in promised.stopped
    ):
        yield f"{name} was delivered in time"


def _is_meant(promised: Promised, run: Run) -> bool:
    """What EventBridge fired and our calendar did not foresee says so itself."""
    return run.scheduled_time in promised.due or run.scheduled_time in promised.also or run.unforeseen


def came_in_time(life: Life, record: Schedule, run: Run) -> bool:
    """Did an invocation for it return before anybody had to give it up?"""
    last = (
        run.scheduled_time
        + timedelta(minutes=record.flexible_window_minutes, seconds=record.delivery.max_age_seconds)
        + EVENT_AGE
    )
    since = record.created_at
    came = (at for at, event in life.ended_well if _is_of(event, run) and _created_at(event) == since)
    return any(at <= last for at in came)


def _is_of(event: Mapping[str, Any], run: Run) -> bool:
    of = datetime.fromisoformat(event["scheduled_time"])
    return event["schedule_id"] == run.schedule_id and of == run.scheduled_time and "started" not in event


def _created_at(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["created_at"])


def _of_record(record: Schedule, runs: list[Run]) -> Iterator[str]:
    """The counter is the number of runs that were carried out, and `max_runs` is a cap."""
    carried_out = sum(run.status in CARRIED_OUT or run.counted for run in runs)
    interrupted = sum(run.status not in CARRIED_OUT and bool(run.attempts) for run in runs)
    if not carried_out <= record.run_count <= carried_out + interrupted:
        yield f"counts {record.run_count} runs, and {carried_out} were carried out"
    by_itself = sum(run.status in CARRIED_OUT and not run.redriven for run in runs)
    if record.max_runs is not None and by_itself > record.max_runs:
        yield f"was to run {record.max_runs} times and ran {by_itself} times"
