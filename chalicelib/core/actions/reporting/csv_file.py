"""Writes a report as CSV, a row per run and per schedule without runs. Values of users are no formulas in it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

from ...timing.instants import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model.run import Run
    from .gather import Entry, Report

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters with which a formula begins in spreadsheets, full-width forms included (owasp.org, CSV Injection)."""

COLUMNS = (
    *("schedule_id", "name", "resource_id", "action", "schedule_status", "next_run_at"),
    *("run_id", "scheduled_time", "status", "lateness_ms", "attempts", "reason"),
)


def as_csv(report: Report) -> bytes:
    """Returns a row per run and per schedule without runs, in UTF-8 with a byte order mark, which spreadsheets need."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    rows.writerow(COLUMNS)
    for entry in report.entries:
        for run in entry.runs or (None,):
            rows.writerow([_cell(value) for value in _values(entry, run)])
    return text.getvalue().encode("utf-8-sig")


def _values(entry: Entry, run: Run | None) -> Iterator[str | int | None]:
    schedule = entry.schedule
    if schedule is None:
        assert run is not None  # noqa: S101 - without a schedule there are only runs
        yield from (run.schedule_id, None, run.resource_id, run.action_type, None, None)
    else:
        yield from (schedule.schedule_id, schedule.name, schedule.resource_id, schedule.action_type)
        yield from (schedule.status.value, iso(schedule.next_run_at) if schedule.next_run_at else None)
    if run is None:
        yield from [None] * 6
        return
    yield from (
        run.run_id,
        iso(run.scheduled_time),
        run.status.value,
        _milliseconds(run),
        len(run.attempts),
        run.reason,
    )


def _cell(value: str | int | None) -> str | int | None:
    """Adds a quote before a text that spreadsheets would evaluate as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _milliseconds(run: Run) -> int | None:
    return None if run.lateness is None else run.lateness // timedelta(milliseconds=1)
