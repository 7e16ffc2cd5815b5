"""Reports with what a test says, without a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.core.actions.report_period import Period
from chalicelib.core.actions.reporting.gather import Entry, Report
from chalicelib.core.model.run import Attempt, Run, RunStatus
from chalicelib.core.model.schedule import Schedule, Status, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable

START = datetime(2027, 3, 15, tzinfo=UTC)
WEEK = Period(START, START + timedelta(days=7))
LINKS = [("Open the whole report", "https://s3/a.html?x=1&y=2"), ("Download as CSV", "https://s3/a.csv?x=1&y=2")]


def a_schedule(schedule_id: str = "s1", **details: Any) -> Schedule:
    usual = {
        "timing": Timing("rate(1 hour)", start_at=START),
        "action_type": "email",
        "status": Status.ACTIVE,
        "name": "Nightly export",
        "resource_id": "erp",
        "next_run_at": WEEK.end + timedelta(hours=1),
    }
    known = {"user_id": "alice", "schedule_id": schedule_id, "revision": 1, "action_revision": 1}
    times = dict.fromkeys(("created_at", "updated_at", "timing_changed_at"), START)
    return Schedule(**{**known, **times, **usual, **details})


def a_run(
    hours: float, status: RunStatus = RunStatus.SUCCEEDED, *, schedule_id: str = "s1", late: float = 0.4, **details: Any
) -> Run:
    at = START + timedelta(hours=hours)
    began = status not in (RunStatus.MISSED, RunStatus.SKIPPED, RunStatus.HELD, RunStatus.QUEUED)
    usual = {
        "attempts": (Attempt(at),) if began else (),
        "lateness": timedelta(seconds=late) if began else None,
        "lease_until": at,
        "action_type": "email",
    }
    known = {"user_id": "alice", "schedule_id": schedule_id, "revision": 1, "claim_id": "c"}
    return Run(**{**known, "scheduled_time": at, "delivered_for": at, "status": status, **usual, **details})


def an_entry(runs: Iterable[Run] = (), **details: Any) -> Entry:
    schedule = a_schedule(**details)
    mine = [replace(run, schedule_id=schedule.schedule_id) for run in runs]
    return Entry(schedule, tuple(sorted(mine, key=lambda run: run.scheduled_time, reverse=True)))


def a_report(*entries: Entry, timezone: str = "UTC", period: Period = WEEK, **details: Any) -> Report:
    return Report(period, timezone, entries, **details)


def a_full_report() -> Report:
    """The most that a report can have: 2,000 runs in lines of their own, names and reasons as long as they can be."""
    name, reason = "\u05d0'" * 100, '\u05d1"' * 250
    entries = [
        an_entry(
            [
                a_run(hours=run * 1.5, status=status, reason=f"{run}{reason}"[:500])
                for run, status in zip(
                    range(100), [RunStatus.FAILED, RunStatus.MISSED, RunStatus.SKIPPED] * 34, strict=False
                )
            ],
            schedule_id=f"s{number}",
            name=f"{number}{name}"[:200],
            resource_id=name[:200],
        )
        for number in range(20)
    ]
    return a_report(*entries)
