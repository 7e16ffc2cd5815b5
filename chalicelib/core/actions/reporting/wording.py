"""The texts of reports: times on the clocks of the report's zone, durations, counts and sentences."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ...timing.zones import zone
from .gather import FAILURES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable
    from datetime import date, datetime

    from ...model.schedule import Schedule
    from .gather import Entry, Report

ON_TIME = timedelta(minutes=1)
"""EventBridge invokes its targets within the minute (its User Guide), so a start within one minute is on time."""

NO_BREAK = "\u00a0"
A_DAY = timedelta(days=1)
NEED_YOU = tuple(status.value for status in FAILURES)
ORDER = (*NEED_YOU, "held", "retrying", "skipped", "running", "queued", "succeeded")
"""The order of statuses: what needs the reader first."""


def title(report: Report) -> str:
    """Returns the default subject, such as `Your schedules, Mon 15 to Sun 21 Mar 2027`."""
    return f"Your schedules, {period(report)}"


def period(report: Report) -> str:
    """Returns whole days as dates, and other periods as two times."""
    start, end = (wall(instant, report) for instant in (report.period.start, report.period.end))
    if (start.hour, start.minute) != (0, 0) or (end.hour, end.minute) != (0, 0):
        return f"{day(start)} {start.year} {start:%H:%M} to {day(end)} {end.year} {end:%H:%M}"
    last = end - A_DAY
    if start.date() == last.date():
        return f"{day(start)} {start.year}"
    if (start.year, start.month) == (last.year, last.month):
        return f"{start:%a} {start.day} to {day(last)} {last.year}"
    return f"{day(start)} {start.year} to {day(last)} {last.year}"


def headline(report: Report) -> str:
    """Returns the result in one or two sentences, such as `5 runs failed and 1 was missed. 953 of 962 succeeded.`"""
    results = report.results
    failed, missed, succeeded, total = results["failed"], results["missed"], results["succeeded"], results.total()
    if not total:
        return "No run in this period."
    needs = [f"{runs(failed)} failed"] if failed else []
    if missed:
        needs.append(f"{missed:,} {'was' if missed == 1 else 'were'} missed" if failed else f"{runs(missed)} missed")
    rest = f"{succeeded:,} of {total:,} succeeded."
    if not needs:
        return f"No run failed and none was missed. {rest}"
    return f"{' and '.join(needs)}. {rest}"


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


def runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number:,} runs"


def counted(results: Counter[str]) -> str:
    """Returns a text such as `2 failed, 10 succeeded`, worst first."""
    return ", ".join(f"{results[status]:,} {status}" for status in ORDER if results[status])


def name_of(entry: Entry) -> str:
    return entry.schedule.name or entry.schedule.schedule_id if entry.schedule else entry.runs[0].schedule_id


def timing(schedule: Schedule, report: Report) -> str:
    """Returns `Once`, `Every 6 hours`, or the cron expression with its zone if that is not the report's."""
    parsed = schedule.timing.parsed
    if parsed.kind == "at":
        return "Once"
    if parsed.kind == "rate":
        return f"Every {_length(parsed.text)}"
    other = schedule.timing.timezone
    return parsed.text + (f", {other}" if other != report.timezone else "")


def _length(rate: str) -> str:
    number, unit = rate.removeprefix("rate(").removesuffix(")").split(" ")
    return unit.removesuffix("s") if number == "1" else f"{number} {unit}"


def next_run(schedule: Schedule, report: Report) -> str:
    """Returns when it runs next, or why it does not."""
    if schedule.status.value == "paused":
        until = schedule.paused_until
        return f"paused until {short(until, report)}" if until else "paused"
    if not schedule.status.is_live:
        return schedule.status.value
    return short(schedule.next_run_at, report) if schedule.next_run_at else ""


def wall(instant: datetime, report: Report) -> datetime:
    return instant.astimezone(zone(report.timezone))


def day(date: date) -> str:
    return f"{date:%a} {date.day} {date:%b}"


def short(instant: datetime, report: Report) -> str:
    """Returns a text such as `Mon 15 Mar 09:00`. The year is added if it is not that of the period's end."""
    shown = wall(instant, report)
    year = "" if shown.year == wall(report.period.end, report).year else f" {shown.year}"
    return f"{day(shown)}{year} {shown:%H:%M}"


def when(instants: Iterable[datetime], report: Report, *, most: int = 4) -> str:
    """Returns the instants, at most `most` of them. One time of day that they share is given once."""
    every = sorted(wall(instant, report) for instant in instants)
    shown, left = every[-most:], len(every[:-most])
    more = f" and {left:,} earlier" if left else ""
    days = [day(each).replace(" ", NO_BREAK) for each in shown]
    if len(shown) > 1 and len({f"{each:%H:%M}" for each in every}) == 1:
        return f"{', '.join(days)}, {shown[0]:%H:%M}{more}"
    return ", ".join(f"{name}{NO_BREAK}{each:%H:%M}" for name, each in zip(days, shown, strict=True)) + more


def lateness(late: timedelta) -> str:
    """Returns a text such as `0.4 s`, `22 min` or `3.5 h`."""
    seconds = late.total_seconds()
    if seconds < 59.95:  # noqa: PLR2004 - what is not shown as 60.0 s
        return f"{seconds:.1f} s"
    if late < timedelta(minutes=99.5):
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def median(found: list[timedelta]) -> timedelta:
    """Returns the middle one of the sorted list, the lower of two."""
    return found[(len(found) - 1) // 2]


def share(part: int, whole: int) -> str:
    """Returns a percentage, rounded down: 100% only if it is the whole."""
    return f"{part * 1000 // whole / 10:.1f}".removesuffix(".0") + "%"


def span(length: timedelta) -> str:
    """Returns the length of a slot, such as `4 hours`."""
    hours = length / timedelta(hours=1)
    if hours < 1:
        return f"{length / timedelta(minutes=1):.0f} minutes"
    if hours < 24:  # noqa: PLR2004 - a day
        return "an hour" if hours == 1 else f"{hours:.0f} hours"
    return "a day" if hours == 24 else f"{hours / 24:.0f} days"  # noqa: PLR2004
