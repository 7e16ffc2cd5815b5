"""Writes a report as HTML and as CSV. Values of users are escaped in both."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from ...timing.instants import iso
from ...timing.zones import zone
from ..text_rules import in_one_line
from .gather import FAILURES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from ...model.run import Run
    from .gather import Entry, Report

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters with which a formula begins in spreadsheets, full-width forms included (owasp.org, CSV Injection)."""

FAILED_RUNS = "Failed and missed runs"

COLUMNS = (
    *("schedule_id", "name", "resource_id", "action", "schedule_status", "next_run_at"),
    *("run_id", "scheduled_time", "status", "lateness_ms", "attempts", "reason"),
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }}
</style>
</head>
<body>
<h1>{title}</h1>
{paragraphs}
<h2>Schedules</h2>
{schedules}
{runs}
</body>
</html>
"""


def title(report: Report) -> str:
    period = report.period
    return f"Schedules from {_local(period.start, report)} to {_local(period.end, report)} ({report.timezone})"


def summary(report: Report) -> str:
    """Returns a text such as `Schedules: 3. Runs: 12 (10 succeeded, 2 failed).`"""
    results = report.results
    how = f" ({_counted(results)})" if results else ""
    return f"Schedules: {len(report.schedules):,}. Runs: {results.total():,}{how}."


def notes(report: Report) -> list[str]:
    """Returns one sentence for each thing that was left out, or an empty list if the report is complete."""
    if not report.is_cut:
        return []
    found = ["This report is incomplete: the limits of its size or reading time were reached."]
    if report.lacks_failures:
        found.append("It does not contain all failed and missed runs, only the latest.")
    if report.lacks_schedules:
        found.append("It does not contain all schedules.")
    if report.without_all_runs:
        found.append(f"Schedules without all of their runs: {report.without_all_runs:,}.")
    return found


def as_html(report: Report, *, most_rows: int | None = None, links: Sequence[tuple[str, str]] = ()) -> str:
    """Returns an HTML page. `most_rows` limits the rows of each table; None: all rows. `links` are texts and URLs."""
    paragraphs = [escape(text) for text in (summary(report), *notes(report))]
    paragraphs += [f'<a href="{escape(url)}">{escape(text)}</a>' for text, url in links]
    return PAGE.format(
        title=escape(title(report)),
        paragraphs="\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs),
        schedules=_table(("schedule", "about", "action", "status", "next run", "runs"), _schedules(report), most_rows),
        runs="\n".join(f"<h2>{heading}</h2>\n{table}" for heading, table in _tables_of_runs(report, most_rows)),
    )


def failures(report: Report, *, most: int) -> list[str]:
    """Returns a heading and the latest failed and missed runs, at most `most`, as lines of text, or an empty list."""
    rows = [row for row, run in _runs(report) if run.status in FAILURES]
    if not rows:
        return []
    heading = (
        f"{FAILED_RUNS} ({len(rows):,}):"
        if len(rows) <= most
        else f"{FAILED_RUNS} (the latest {most} of {len(rows):,}):"
    )
    return [heading, *(in_one_line(" · ".join(filter(None, row))) for row in rows[:most])]


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


def _schedules(report: Report) -> Iterator[tuple[str, ...]]:
    for entry in report.entries:
        schedule = entry.schedule
        if schedule is None:
            continue
        next_run = _local(schedule.next_run_at, report) if schedule.next_run_at else ""
        yield (
            schedule.name or schedule.schedule_id,
            schedule.resource_id or "",
            schedule.action_type,
            schedule.status.value,
            next_run,
            _counted(entry.results),
        )


def _tables_of_runs(report: Report, most_rows: int | None) -> Iterator[tuple[str, str]]:
    """Yields headings and tables. Failures come first, so that other runs do not push them out of a shortened table."""
    heads = ("time", "schedule", "status", "late", "reason")
    runs = list(_runs(report))
    failed = [row for row, run in runs if run.status in FAILURES]
    if failed:
        yield FAILED_RUNS, _table(heads, failed, most_rows)
    others = [row for row, run in runs if run.status not in FAILURES]
    yield "Other runs" if failed else "Runs", _table(heads, others, most_rows)


def _runs(report: Report) -> Iterator[tuple[tuple[str, ...], Run]]:
    """Yields a row for each run, newest first, and the run."""
    found = [(run, entry.schedule) for entry in report.entries for run in entry.runs]
    for run, schedule in sorted(found, key=lambda pair: pair[0].scheduled_time, reverse=True):
        late = "" if run.lateness is None else f"{run.lateness.total_seconds():.1f} s"
        name = (schedule and schedule.name) or run.schedule_id
        yield (_local(run.scheduled_time, report), name, run.status.value, late, run.reason or ""), run


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], most: int | None) -> str:
    rows = iter(rows)
    shown = [_row("td", row) for row in islice(rows, most)]
    left = sum(1 for _ in rows)
    more = f"\n<p>… and {left:,} more in the whole report.</p>" if left else ""
    return "\n".join(["<table>", _row("th", heads), *shown, "</table>"]) + more


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _counted(results: Counter[str]) -> str:
    return ", ".join(f"{number:,} {status}" for status, number in results.most_common())


def _milliseconds(run: Run) -> int | None:
    return None if run.lateness is None else run.lateness // timedelta(milliseconds=1)


def _local(instant: datetime, report: Report) -> str:
    return f"{instant.astimezone(zone(report.timezone)):%Y-%m-%d %H:%M}"
