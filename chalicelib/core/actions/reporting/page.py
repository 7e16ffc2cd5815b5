"""Writes a report as one HTML page: failures first, then lateness by day, schedules, and the runs in folded lines.

The page has no script and no external resource. Every value of a user is escaped, and isolated in its direction.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..text_rules import in_one_line
from . import digest, wording
from .chart import chart
from .glyphs import SYMBOLS, glyph, role
from .page_style import POLICY, STYLE
from .palette import NOW

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable
    from datetime import date

    from ...model.run import Run
    from .digest import Group, Lateness, Line
    from .gather import Entry, Report

MOST_DAYS = 62

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{symbols}
<header class="bar-top"><svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">\
<rect width="20" height="20" rx="4" fill="{now}"/><path d="M10 4.2V10l4 2.6" fill="none" stroke="#1b1c18" \
stroke-width="2.2"/></svg>Scheduled Tasks</header>
<main>
<div class="top"><h1>{headline}</h1><p>{period}. All times are of {timezone}.</p></div>
{sections}
</main>
<footer>A link to this page ends within 12 hours. Everyone who has the link can read the page.</footer>
</body>
</html>
"""


def as_html(report: Report) -> str:
    """Returns the page of the whole report."""
    sections = (_notes(report), _figures(report), _needs_you(report), _punctuality(report))
    return PAGE.format(
        policy=escape(POLICY),
        title=escape(wording.title(report)),
        style=STYLE,
        symbols=SYMBOLS,
        now=NOW,
        headline=escape(wording.headline(report)),
        period=escape(wording.period(report)),
        timezone=escape(report.timezone),
        sections="\n".join(filter(None, (*sections, _schedules(report), _history(report)))),
    )


def _notes(report: Report) -> str:
    if not report.is_cut:
        return ""
    text = escape(" ".join(wording.notes(report)))
    return (
        '<div class="note retry"><svg class="g retry" aria-hidden="true"><use href="#warning"/></svg>'
        f"<p>{text}</p></div>"
    )


def _figures(report: Report) -> str:
    found, results = digest.lateness(report), report.results
    failed, missed, skipped = (results[status] for status in ("failed", "missed", "skipped"))
    reasons = len({group.reason for group in digest.needs_you(report) if group.status == "failed"})
    tiles = [
        _on_time(found),
        _figure("Failed", "failed", failed, "1 reason" if reasons == 1 else f"{reasons:,} reasons"),
        _figure("Missed", "missed", missed, "not delivered in time"),
        _figure("Skipped", "skipped", skipped, "on purpose"),
    ]
    return f'<dl class="figs">{"".join(tiles)}</dl>'


def _on_time(found: Lateness) -> str:
    late, on_time = found.late, found.on_time
    if not late:
        return '<div><dt>On time</dt><dd class="v">\u2013</dd><dd class="s q">no run began</dd></div>'
    detail = f"{len(on_time):,} of {len(late):,} within 1 min, median {wording.lateness(wording.median(late))}"
    return (
        f'<div><dt>On time</dt><dd class="v">{wording.share(len(on_time), len(late))}</dd>'
        f'<dd class="s q">{detail}</dd></div>'
    )


def _figure(name: str, status: str, number: int, detail: str) -> str:
    """Returns a tile. None of these asks for nothing, so it has no colour and no detail."""
    if not number:
        return f'<div><dt>{glyph(status, quiet=True)}{name}</dt><dd class="v">0</dd></div>'
    colour = f" col {role(status)}" if status in wording.NEED_YOU else ""
    return (
        f'<div><dt>{glyph(status)}{name}</dt><dd class="v{colour}">{number:,}</dd><dd class="s q">{detail}</dd></div>'
    )


def _needs_you(report: Report) -> str:
    groups = digest.needs_you(report)
    if not groups:
        return ""
    rows = "".join(_group(group, report) for group in groups)
    about = "Failed and missed runs are not tried again. A redrive does them again."
    heads = _heads(("no", "Runs"), "Schedule, reason", ("wide at", "When"))
    return _section("Needs you", about, f'<div class="card"><table>{heads}{rows}</table></div>')


def _group(group: Group, report: Report) -> str:
    when = escape(wording.when(digest.instants(group), report))
    attempts = _attempts(group.runs)
    tries = f"<small>{attempts}</small>" if attempts else ""
    return (
        f"<tr><td>{_status(group.status, f'{len(group.runs):,} {group.status}', is_strong=True)}</td>"
        f'<td><span class="b">{_name(group.name)}</span><div class="why">{_text(group.reason)}</div>{tries}'
        f'<small class="narrow">{when}</small></td><td class="wide">{when}</td></tr>'
    )


def _attempts(runs: Iterable[Run]) -> str:
    numbers = sorted({len(run.attempts) for run in runs})
    if numbers[-1] == 0:
        return ""
    if numbers[0] != numbers[-1]:
        return f"{numbers[0]} to {numbers[-1]} attempts"
    return "1 attempt" if numbers == [1] else f"{numbers[0]} attempts"


def _punctuality(report: Report) -> str:
    found = digest.lateness(report)
    if not found.late and not found.results:
        return ""
    about = ""
    if late := found.late:
        begun, middle = f"{wording.runs(len(late))} began", wording.lateness(wording.median(late))
        about = f"{begun}, median {middle}, latest {wording.lateness(late[-1])}"
    length = wording.span(digest.slots(report)[0])
    return (
        f'<figure><div class="head"><h2>Punctuality by day</h2><p class="s q">{about}</p></div>'
        f"{chart(report)}{_legend(length, found)}{_days(report)}</figure>"
    )


def _legend(length: str, found: Lateness) -> str:
    bar = (
        '<span class="st"><svg width="18" height="14" class="chart" aria-hidden="true"><rect class="bar" width="18" '
        'height="14" rx="2"/><path class="med" d="M0 9H18"/></svg>'
        f"earliest to latest start in {length}, and median</span>"
    )
    late = '<span class="st"><svg class="g retry" aria-hidden="true"><use href="#late"/></svg>later than 1 min</span>'
    others = len(found.on_time) < len(found.late)
    return f'<figcaption class="legend wide">{bar}{late if others else ""}</figcaption>'


def _days(report: Report) -> str:
    """Returns the table by day, for narrow screens, where the chart's texts would be too small."""
    days = digest.days(report)
    rows = "".join(_day(day, found) for day, found in days[:MOST_DAYS])
    left = len(days) - MOST_DAYS
    more = f'<p class="s q">and {left:,} earlier days</p>' if left > 0 else ""
    heads = _heads("Day", "Runs", ("num", "Median"), ("num", "Latest"))
    return f'<div class="narrow"><div class="card"><table>{heads}{rows}</table></div>{more}</div>'


def _day(day: date, found: Lateness) -> str:
    late = found.late
    middle, latest = (wording.lateness(wording.median(late)), wording.lateness(late[-1])) if late else ("", "")
    return (
        f'<tr><td class="nw">{wording.day(day)}</td><td>{_results(found.results)}</td>'
        f'<td class="num">{middle}</td><td class="num">{latest}</td></tr>'
    )


def _schedules(report: Report) -> str:
    entries = digest.by_need(report)
    if not entries:
        return _section("Schedules", "", '<p class="q">No schedule in this period.</p>')
    heads = _heads("Schedule", "Runs", ("num wide", "Latest"), ("wide", "Next run"), ("wide", "Action, resource"))
    rows = "".join(_schedule(entry, report) for entry in entries)
    about = f"{len(entries):,}, those that need you first"
    return _section("Schedules", about, f'<div class="card"><table>{heads}{rows}</table></div>')


def _schedule(entry: Entry, report: Report) -> str:
    schedule = entry.schedule
    assert schedule is not None  # noqa: S101 - `by_need` returns these only
    late, status = digest.Lateness.of(entry.runs).late, schedule.status.value
    kind = ' class="code"' if schedule.timing.kind == "cron" else ""
    next_run = escape(wording.next_run(schedule, report))
    next_too = f'<small class="narrow">{"next " if status == "active" and next_run else ""}{next_run}</small>'
    about = f"<bdi>{_text(schedule.resource_id)}</bdi>" if schedule.resource_id else ""
    return (
        f'<tr><td class="nm"><div class="sch">{glyph(status)}<span class="vh">{status}</span><div>'
        f'<span class="b">{_name(wording.name_of(entry))}</span>'
        f"<small{kind}>{_text(wording.timing(schedule, report))}</small></div></div></td>"
        f"<td>{_results(entry.results)}{next_too}</td>"
        f'<td class="num wide">{wording.lateness(late[-1]) if late else ""}</td><td class="wide nw">{next_run}</td>'
        f'<td class="wide">{_text(schedule.action_type)}<small>{about}</small></td></tr>'
    )


def _history(report: Report) -> str:
    lines = "".join(_line(line, report) for line in digest.history(report))
    if not lines:
        return ""
    return _section(
        "What happened", "Newest first. Successes in a row are one line.", f'<ol class="history">{lines}</ol>'
    )


def _line(line: Line, report: Report) -> str:
    succeeded = line.status == "succeeded"
    number = f"{line.number:,} " if succeeded and line.number > 1 else ""
    several = f"{line.number:,} runs " if not succeeded and line.number > 1 else ""
    name = f'<span class="b">{_name(line.name)}</span> ' if line.name is not None else ""
    colour = "" if succeeded else f' class="col {role(line.status)}"'
    reason = f'<p class="why">{_text(line.reason)}</p>' if line.reason else ""
    return (
        f'<li><div class="when">{_when(line, report)}</div>{glyph(line.status)}'
        f"<div><p>{name}<span{colour}>{several}{number}{line.status}</span></p>{reason}</div>"
        f'<div class="end">{_end(line)}</div></li>'
    )


def _when(line: Line, report: Report) -> str:
    newest, oldest = (wording.wall(run.scheduled_time, report) for run in (line.newest, line.oldest))
    times = f"{newest:%H:%M}"
    if newest.date() != oldest.date():
        times = f"from {oldest:%a} {oldest.day} {oldest:%H:%M}"
    elif f"{oldest:%H:%M}" != times:
        times = f"{oldest:%H:%M} to {newest:%H:%M}"
    return f'<span class="b">{wording.day(newest)}</span><small>{times}</small>'


def _end(line: Line) -> str:
    if line.status != "succeeded":
        return _attempts([line.newest])
    if line.latest is None:
        return ""
    return f"{'at most ' if line.number > 1 else ''}{wording.lateness(line.latest)} late"


def _results(results: Counter[str]) -> str:
    """Returns the numbers by status, worst first. Successes are quiet beside others."""
    shown = [(status, results[status]) for status in wording.ORDER if results[status]]
    if not shown:
        return '<span class="q">none</span>'
    (first, number), others = shown[0], shown[1:]
    rest = f"<small>{', '.join(f'{left:,} {status}' for status, left in others)}</small>" if others else ""
    return _status(first, f"{number:,} {first}", is_strong=first in wording.NEED_YOU) + rest


def _status(status: str, text: str, *, is_strong: bool) -> str:
    colour = f" col {role(status)}" if is_strong else ""
    return f'<span class="st{colour}">{glyph(status)}{text}</span>'


def _section(heading: str, about: str, content: str) -> str:
    note = f'<p class="s q">{about}</p>' if about else ""
    return f'<section><div class="head"><h2>{heading}</h2>{note}</div>{content}</section>'


def _heads(*heads: str | tuple[str, str]) -> str:
    return f"<thead><tr>{''.join(_head(head) for head in heads)}</tr></thead>"


def _head(head: str | tuple[str, str]) -> str:
    return f"<th>{head}</th>" if isinstance(head, str) else f'<th class="{head[0]}">{head[1]}</th>'


def _name(name: str) -> str:
    """Returns the name in an element that isolates its direction from the text around it."""
    return f"<bdi>{_text(name)}</bdi>"


def _text(text: str) -> str:
    return escape(in_one_line(text))
