"""Draws how late the runs of a report began, as SVG: a bar and a median a slot, and marks of what did not succeed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from html import escape
from math import log10
from typing import TYPE_CHECKING

from ...timing.zones import zone
from . import digest, wording
from .glyphs import role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .digest import Lateness
    from .gather import Report

LEFT, RIGHT, TOP, PLOT = 64, 990, 14, 132
ROW = 20
MARKED = ("failed", "missed", "skipped")
LINES = (
    (timedelta(seconds=0.1), "0.1 s"),
    (timedelta(seconds=1), "1 s"),
    (timedelta(seconds=10), "10 s"),
    (timedelta(minutes=1), "1 min"),
    (timedelta(minutes=10), "10 min"),
    (timedelta(hours=1), "1 h"),
    (timedelta(hours=12), "12 h"),
    (timedelta(days=7), "7 days"),
)
SHORTEST = LINES[0][0]
MOST_LABELS, LABEL = 13, 64
SHORT, A_YEAR = timedelta(days=2), timedelta(days=366)


def chart(report: Report) -> str:
    """Returns an `svg` element, whose label says the same as the drawing; the table by day has the figures."""
    drawing = _Drawing(report)
    height = drawing.bottom + 22
    return (
        f'<svg class="chart wide" viewBox="0 0 1000 {height}" width="100%" role="img" '
        f'aria-label="{escape(label(report))}">'
        + "".join((*drawing.lines(), *drawing.days(), *drawing.slots()))
        + "</svg>"
    )


def label(report: Report) -> str:
    found = digest.lateness(report)
    if not found.late:
        return "Lateness by day: no run began in this period"
    late = found.late
    return (
        f"Lateness by day: {wording.runs(len(late))} began, the median {wording.lateness(wording.median(late))} "
        f"and the latest {wording.lateness(late[-1])} after their time"
    )


class _Drawing:
    """One drawing: time to the right, lateness upwards on a logarithmic scale."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._length, self._slots = digest.slots(report)
        self._whole = report.period.end - report.period.start
        late = digest.lateness(report).late
        self._top = next((line for line, _ in LINES[4:] if not late or late[-1] <= line), LINES[-1][0])
        every = digest.lateness(report).results
        self._rows = [status for status in MARKED if every[status]]
        self.bottom = TOP + PLOT + ROW * len(self._rows) + 8

    def lines(self) -> Iterator[str]:
        """Yields the lines of the scale. The one of a minute, the limit of "on time", is dashed."""
        for late, text in LINES:
            if late <= self._top:
                y, kind = self._y(late), "lim" if late == wording.ON_TIME else "grid"
                yield f'<path class="{kind}" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
                yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
        for row, status in enumerate(self._rows):
            yield f'<text x="{LEFT - 8}" y="{self._row(row) + 12:.1f}" text-anchor="end">{status}</text>'

    def days(self) -> Iterator[str]:
        """Yields a line and a text at each midnight of the report's zone, or at hours of a short period."""
        ticks = list(self._hours() if self._whole <= SHORT else self._midnights())
        step = max(1, -(-len(ticks) // MOST_LABELS))
        labels = [(max(self._x(tick), LEFT), text) for tick, text in map(self._labelled, ticks[::step])]
        ends = [*(x for x, _ in labels[1:]), RIGHT + 8]
        for (x, text), following in zip(labels, ends, strict=False):
            yield f'<path class="grid" d="M{x:.1f} {TOP}V{self.bottom}"/>'
            if following - x >= LABEL:
                yield f'<text x="{x + 4:.1f}" y="{self.bottom + 14}">{text}</text>'

    def slots(self) -> Iterator[str]:
        width = (RIGHT - LEFT) * (self._length / self._whole)
        for number, found in sorted(self._slots.items()):
            x = LEFT + number * width
            yield from self._bar(found, x + width * 0.22, width * 0.56)
            yield from self._marks(found, min(x + width / 2, RIGHT - 7))

    def _bar(self, found: Lateness, x: float, width: float) -> Iterator[str]:
        on_time, middle = found.on_time, x + width / 2
        if on_time:
            top, bottom = self._y(on_time[-1]) - 1.5, self._y(on_time[0]) + 1.5
            size = f'width="{width:.1f}" height="{bottom - top:.1f}"'
            yield f'<rect class="bar" x="{x:.1f}" y="{top:.1f}" {size} rx="2"/>'
            y = self._y(wording.median(on_time))
            yield f'<path class="med" d="M{x - 2:.1f} {y:.1f}h{width + 4:.1f}"/>'
        if len(on_time) < len(found.late):
            title = f"{wording.runs(len(found.late) - len(on_time))}, at most {wording.lateness(found.late[-1])} late"
            yield _mark("late", "retry", middle, self._y(found.late[-1]) - 7, title)

    def _marks(self, found: Lateness, middle: float) -> Iterator[str]:
        for row, status in enumerate(self._rows):
            if number := found.results[status]:
                yield _mark(status, role(status), middle, self._row(row), f"{number:,} {status}")

    def _hours(self) -> Iterator[datetime]:
        """Yields every fourth full hour on the clocks of the report's zone."""
        period = self._report.period
        first = wording.wall(period.start, self._report).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        hours = (first + timedelta(hours=number) for number in range(1, self._whole // timedelta(hours=1) + 2))
        return (hour for hour in hours if hour < period.end and wording.wall(hour, self._report).hour % 4 == 0)

    def _midnights(self) -> Iterator[datetime]:
        """Yields at most 1,000 days, so that a period of centuries costs no more than one of years."""
        period, tz = self._report.period, zone(self._report.timezone)
        first, last = wording.wall(period.start, self._report).date(), wording.wall(period.end, self._report).date()
        step = max(1, (last - first).days // 1000)
        days = (first + timedelta(days=number) for number in range(0, (last - first).days + 1, step))
        return (midnight for midnight in (datetime.combine(day, time(), tz) for day in days) if midnight < period.end)

    def _labelled(self, tick: datetime) -> tuple[datetime, str]:
        shown = wording.wall(tick, self._report)
        if self._whole <= SHORT:
            return tick, f"{shown:%H:%M}" if shown.hour else wording.day(shown)
        return tick, wording.day(shown) if self._whole <= A_YEAR else f"{shown:%b} {shown.year}"

    def _x(self, instant: datetime) -> float:
        return LEFT + (RIGHT - LEFT) * ((instant - self._report.period.start) / self._whole)

    def _y(self, late: timedelta) -> float:
        shown = min(max(late, SHORTEST), self._top)
        return TOP + PLOT * (1 - log10(shown / SHORTEST) / log10(self._top / SHORTEST))

    def _row(self, row: int) -> float:
        return TOP + PLOT + 10 + ROW * row


def _mark(shape: str, role_: str, middle: float, y: float, title: str) -> str:
    return (
        f'<g class="g {role_}"><title>{escape(title)}</title>'
        f'<use href="#{shape}" x="{middle - 7:.1f}" y="{y:.1f}" width="14" height="14"/></g>'
    )
