"""The reasons that this service records for a run or a schedule. Clients read them.

Some have details: these begin with, or contain, one of the short constants, such as `SUPERSEDED`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..timing.instants import iso

if TYPE_CHECKING:
    from datetime import datetime

    from .schedule import Status

# Skipped runs

SUPERSEDED = "superseded"
MAX_RUNS = "max_runs"
OVERLAP = "overlap"
STOOD_FOR_BY = "stood for by"

NOT_ITS_TIME = f"{SUPERSEDED}: a later change of the schedule has no occurrence at this time"
OF_AN_EARLIER_SCHEDULE = f"{SUPERSEDED}: the run belongs to an earlier schedule with this id"
TIMING_CHANGED = f"{SUPERSEDED}: the timing was changed within two minutes of this time"
REPLACED = "the schedule ended, and a new schedule has its id"
DATE_EXCLUDED = "the date is excluded"
NO_RECORD = "the schedule has no record"


def schedule_was(status: Status) -> str:
    return f"the schedule was {status}"


def max_runs_reached(limit: int) -> str:
    return f"{MAX_RUNS}: the limit of {limit} is reached, including runs in progress"


def overlaps(earlier: datetime) -> str:
    """`earlier` is the scheduled time of the run in progress."""
    return f"{OVERLAP}: the run of {iso(earlier)} has not ended"


def overlaps_unlisted(number: int) -> str:
    """`number` is the number of runs in progress whose times the record does not list."""
    return f"{OVERLAP}: {number} earlier runs have not ended"


def stood_for_by(run_id: str) -> str:
    return f"{STOOD_FOR_BY} {run_id}"


# Missed runs

MISSED = "not delivered in time, or EventBridge did not have the schedule"
INTERRUPTED = "the run was interrupted and did not finish"

# Failed runs

CRASHED = "the invocation crashed or timed out"
ON_UNKNOWN_IS_STOP = "on_unknown is stop"

MAY_BE_DONE = f"the work may have been done: the invocation was interrupted, and {ON_UNKNOWN_IS_STOP}"


def failed_and_may_be_done(error: str) -> str:
    return f"{error}; the work may have been done, and {ON_UNKNOWN_IS_STOP}"


def crashed(times: int) -> str:
    return f"{CRASHED} {times} times"


def without_schedule(reason: str | None) -> str:
    """`reason` is the run's reason before its schedule was deleted."""
    return f"{reason}; its schedule is gone"


# Schedules

FAILED_IN_A_ROW = "consecutive runs failed"
PASSED_IN_THE_PAUSE = "the last occurrence passed during the pause"


def failed_in_a_row(number: int, last: str | None) -> str:
    """`last` is the reason of the last failed run."""
    return f"{number} {FAILED_IN_A_ROW}; the last failure: {last}"


def change_refused(error: str) -> str:
    return f"EventBridge refused a change: {error}"
