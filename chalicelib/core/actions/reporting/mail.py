"""Writes the email of a report: tables and inline styles, which mail programs require, and the same as plain text.

The email has the main results itself, because the links in it expire. It is bounded: Gmail cuts emails of more than
102 KB, at whatever place that is.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..text_rules import in_one_line
from . import digest, wording
from .glyphs import CHARACTERS, role
from .palette import DARK, LIGHT, NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .digest import Group
    from .gather import Entry, Report

MOST_ROWS = 20
"""The most groups of failures, and the most schedules."""

LONGEST_NAME, LONGEST_REASON = 80, 200

FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"'
HIDDEN = "display:none;max-height:0;overflow:hidden"

# Class -> the role of its text in the dark theme. Mail programs that drop the style sheet keep the inline light theme.
DARK_TEXTS = {"tx": "ink", "q": "ink-2", "lk": "link", "fail": "fail", "miss": "miss"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>
:root{{color-scheme:light dark;supported-color-schemes:light dark}}
@media (max-width:520px){{.in{{padding:20px 16px!important}}.out{{padding:0!important}}\
.hero{{font-size:21px!important;line-height:26px!important}}.fg{{font-size:22px!important}}}}
@media (prefers-color-scheme:dark){{{dark}}}
</style>
</head>
<body class="bg" style="margin:0;padding:0;background:{canvas}">
<div style="{hidden}">{preview}</div>
<table {table} class="bg" width="100%" style="background:{canvas}"><tr><td class="out" align="center" \
style="padding:24px 12px">
<table {table} class="cd" width="600" style="width:100%;max-width:600px;background:{surface};border:1px solid {line};\
border-radius:10px;color:{ink}"><tr><td class="in" style="padding:28px 32px;{font};font-size:14px;line-height:20px">
{content}
</td></tr></table>
</td></tr></table>
</body>
</html>
"""


def as_mail(report: Report, links: Sequence[tuple[str, str]]) -> str:
    """Returns the HTML part. `links` are texts and URLs; the first one is shown as a button."""
    content = (
        _brand(report),
        _h1(wording.headline(report)),
        *(_paragraph(note) for note in wording.notes(report)),
        _figures(report),
        _links(links),
        *_needs_you(report),
        *_schedules(report),
        _foot(),
    )
    return PAGE.format(
        title=escape(wording.title(report)),
        preview=escape(wording.headline(report)),
        content="\n".join(content),
        dark=_dark(),
        hidden=HIDDEN,
        table=TABLE,
        font=FONT,
        **{role: LIGHT[role] for role in ("canvas", "surface", "line", "ink")},
    )


def as_text(report: Report, links: Sequence[tuple[str, str]]) -> str:
    """Returns the plain text part: the same in the same order."""
    lines = [wording.headline(report), f"{wording.period(report)} ({report.timezone})"]
    lines += wording.notes(report)
    for text, url in links:
        lines += ["", f"{text}:", url]
    groups, others = digest.needs_you(report), _others(report)
    if groups:
        lines += ["", "NEEDS YOU", *(_group_text(group, report) for group in groups[:MOST_ROWS])]
        lines += _left(len(groups), "failures")
    if others:
        lines += ["", _heading(report).upper(), *(_entry_text(entry, report) for entry in others[:MOST_ROWS])]
        lines += _left(len(others), "schedules")
    return "\n".join([*lines, "", _FOOT])


_FOOT = "The links end within 12 hours and need no sign-in: everyone who has this email can read the report."


def _group_text(group: Group, report: Report) -> str:
    about = (
        f"{len(group.runs):,} {group.status}",
        _cut(group.name, LONGEST_NAME),
        _cut(group.reason, LONGEST_REASON),
        wording.when(digest.instants(group), report),
    )
    return " \u00b7 ".join(filter(None, about))


def _entry_text(entry: Entry, report: Report) -> str:
    schedule = entry.schedule
    assert schedule is not None  # noqa: S101 - `by_need` returns these only
    about = (_cut(wording.name_of(entry), LONGEST_NAME), _results(entry), _next(entry, report))
    return " \u00b7 ".join(filter(None, about))


def _left(number: int, what: str) -> list[str]:
    return [f"and {number - MOST_ROWS:,} more {what}, in the whole report"] if number > MOST_ROWS else []


def _dark() -> str:
    texts = "".join(f".{name}{{color:{DARK[role]}!important}}" for name, role in DARK_TEXTS.items())
    return (
        f".bg{{background:{DARK['canvas']}!important}}"
        f".cd{{background:{DARK['surface']}!important;color:{DARK['ink']}!important}}"
        f".cd,.ln{{border-color:{DARK['line']}!important}}{texts}"
        f".bt{{background:{DARK['solid']}!important}}.bt a{{color:{DARK['on-solid']}!important}}"
    )


def _brand(report: Report) -> str:
    about = f"Scheduled Tasks \u00b7 {wording.period(report)}, {report.timezone}"
    return (
        f'<table {TABLE}><tr><td width="12"><div style="width:12px;height:12px;background:{NOW};border-radius:3px;'
        f'font-size:0;line-height:0">&nbsp;</div></td>{_cell(_quiet(escape(about)), "padding-left:8px")}</tr></table>'
    )


def _figures(report: Report) -> str:
    found, results = digest.lateness(report), report.results
    share = wording.share(len(found.on_time), len(found.late)) if found.late else "\u2013"
    tiles = [_figure(share, "on time", "tx")]
    for status in ("failed", "missed", "skipped"):
        number = results[status]
        tiles.append(_figure(f"{number:,}", status, role(status) if number and status in wording.NEED_YOU else "tx"))
    return f'<table {TABLE} width="100%"><tr>{"".join(tiles)}</tr></table>'


def _figure(value: str, name: str, kind: str) -> str:
    size = "font-size:26px;line-height:32px;font-weight:600"
    shown = f'<span class="fg {kind}" style="{size};color:{LIGHT[DARK_TEXTS[kind]]}">{value}</span>'
    return f'<td width="25%" style="{FONT};vertical-align:top;padding:0 8px 0 0">{shown}<br>{_quiet(name)}</td>'


def _links(links: Sequence[tuple[str, str]]) -> str:
    (text, url), others = links[0], links[1:]
    button = (
        f'<td class="bt" bgcolor="{LIGHT["solid"]}" style="background:{LIGHT["solid"]};border-radius:6px">'
        f'<a href="{escape(url)}" target="_blank" style="display:inline-block;padding:11px 18px;{FONT};font-size:14px;'
        f'line-height:20px;font-weight:600;color:{LIGHT["on-solid"]};text-decoration:none">{escape(text)}</a></td>'
    )
    rest = "".join(
        _cell(
            f'<a class="lk" href="{escape(url)}" target="_blank" style="color:{LIGHT["link"]}">{escape(text)}</a>',
            "padding-left:18px",
        )
        for text, url in others
    )
    return f'<table {TABLE} style="margin:22px 0 8px"><tr>{button}{rest}</tr></table>'


def _needs_you(report: Report) -> Iterator[str]:
    groups = digest.needs_you(report)
    if groups:
        yield _h2("Needs you")
        yield _table([_group(group, report) for group in groups[:MOST_ROWS]], _left(len(groups), "failures"))


def _group(group: Group, report: Report) -> str:
    kind = role(group.status)
    number = f"{CHARACTERS[group.status]}&nbsp;{len(group.runs):,}&nbsp;{group.status}"
    status = f'<b class="{kind}" style="color:{LIGHT[kind]}">{number}</b>'
    about = (
        f"<b>{_name(group.name)}</b>",
        escape(_cut(group.reason, LONGEST_REASON)),
        _quiet(escape(wording.when(digest.instants(group), report))),
    )
    cells = _line("width:92px;white-space:nowrap", status), _line("padding-left:12px", "<br>".join(filter(None, about)))
    return "".join(cells)


def _schedules(report: Report) -> Iterator[str]:
    others = _others(report)
    if others:
        yield _h2(_heading(report))
        yield _table([_entry(entry, report) for entry in others[:MOST_ROWS]], _left(len(others), "schedules"))


def _others(report: Report) -> list[Entry]:
    """Returns the schedules of which no run failed or was missed: "Needs you" has the others."""
    return [entry for entry in digest.by_need(report) if not any(entry.results[status] for status in wording.NEED_YOU)]


def _heading(report: Report) -> str:
    return "Everything else" if digest.needs_you(report) else "Schedules"


def _entry(entry: Entry, report: Report) -> str:
    schedule = entry.schedule
    assert schedule is not None  # noqa: S101 - `by_need` returns these only
    timing = _quiet(escape(_cut(wording.timing(schedule, report), LONGEST_NAME)))
    right = f"{_results(entry)}<br>{_quiet(escape(_next(entry, report)))}"
    return _line("", f"{_name(wording.name_of(entry))}<br>{timing}") + _line(
        "padding-left:12px;text-align:right;white-space:nowrap", right
    )


def _results(entry: Entry) -> str:
    return wording.counted(entry.results) or "no run"


def _next(entry: Entry, report: Report) -> str:
    schedule = entry.schedule
    assert schedule is not None  # noqa: S101 - `by_need` returns these only
    text = wording.next_run(schedule, report)
    return f"next {text}" if text and schedule.status.value == "active" else text


def _foot() -> str:
    style = (
        f"margin:24px 0 0;padding-top:14px;border-top:1px solid {LIGHT['line']};{FONT};font-size:12px;line-height:18px"
    )
    return f'<p class="q ln" style="{style};color:{LIGHT["ink-2"]}">{_FOOT}</p>'


def _h1(text: str) -> str:
    style = f"margin:12px 0 20px;{FONT};font-size:24px;line-height:29px;font-weight:600;color:{LIGHT['ink']}"
    return f'<h1 class="hero tx" style="{style}">{escape(text).replace(". ", ".<br>", 1)}</h1>'


def _h2(text: str) -> str:
    style = f"margin:24px 0 8px;{FONT};font-size:16px;line-height:21px;font-weight:600;color:{LIGHT['ink']}"
    return f'<h2 class="tx" style="{style}">{text}</h2>'


def _paragraph(text: str) -> str:
    return f'<p class="q" style="margin:0 0 8px;{FONT};font-size:13px;color:{LIGHT["ink-2"]}">{escape(text)}</p>'


def _table(rows: Sequence[str], more: Sequence[str]) -> str:
    last = [f'<td class="ln" colspan="2" style="{_border()}">{_quiet(text)}</td>' for text in more]
    lines = "".join(f"<tr>{row}</tr>" for row in (*rows, *last))
    plain = 'width="100%" cellpadding="0" cellspacing="0" border="0"'
    return f'<table {plain} style="border-collapse:collapse">{lines}</table>'


def _line(style: str, content: str) -> str:
    return f'<td class="ln" style="{_border()};vertical-align:top;word-break:break-word;{style}">{content}</td>'


def _border() -> str:
    return f"padding:10px 0;border-top:1px solid {LIGHT['line']};{FONT};font-size:14px;line-height:20px"


def _cell(content: str, style: str) -> str:
    return f'<td style="{style};{FONT};font-size:14px">{content}</td>'


def _quiet(content: str) -> str:
    return f'<span class="q" style="color:{LIGHT["ink-2"]};font-size:13px;line-height:18px">{content}</span>'


def _name(name: str) -> str:
    """Returns the name in an element that isolates its direction from the text around it."""
    return f"<bdi>{escape(_cut(name, LONGEST_NAME))}</bdi>"


def _cut(text: str, most: int) -> str:
    line = in_one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}\u2026"
