"""The glyphs of statuses: shapes for pages, characters for emails. Each differs from the others without its colour."""

from __future__ import annotations

from .palette import STATUS_ROLES

_LINE = 'fill="none" stroke="currentColor"'

SHAPES = {
    "succeeded": '<circle cx="8" cy="8" r="6.5" fill="currentColor"/>'
    '<path class="cut" d="m5 8.2 2.1 2.1L11.2 6" fill="none" stroke-width="1.8"/>',
    "queued": f'<circle cx="8" cy="8" r="5.6" {_LINE} stroke-width="1.8" stroke-dasharray="2.4 2"/>',
    "running": f'<circle cx="8" cy="8" r="5.6" {_LINE} stroke-width="1.8"/>'
    '<path d="M8 4.6a3.4 3.4 0 0 1 0 6.8z" fill="currentColor"/>',
    "retrying": f'<path d="M13 8a5 5 0 1 1-1.6-3.7" {_LINE} stroke-width="2"/>'
    '<path d="M12.9 1.4v4.2H8.7z" fill="currentColor"/>',
    "failed": '<rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2" fill="currentColor"/>'
    '<path class="cut" d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" fill="none" stroke-width="1.8"/>',
    "missed": f'<circle cx="8" cy="8" r="5.2" {_LINE} stroke-width="2"/>'
    f'<path d="M2 14 14 2" {_LINE} stroke-width="2"/>',
    "skipped": f'<path d="m2.5 3.5 5 4.5-5 4.5zm6 0 5 4.5-5 4.5z" {_LINE} stroke-width="1.6" stroke-linejoin="round"/>',
    "held": f'<rect x="1.9" y="1.9" width="12.2" height="12.2" rx="2" {_LINE} stroke-width="1.7"/>'
    f'<path d="M6.3 5.2v5.6m3.4-5.6v5.6" {_LINE} stroke-width="1.8"/>',
    "active": '<path d="M4.5 3 12.5 8l-8 5z" fill="currentColor"/>',
    "paused": f'<path d="M5.2 3v10m5.6-10v10" {_LINE} stroke-width="3"/>',
    "completed": f'<path d="m2.5 8.5 3.6 3.6L13.5 4.5" {_LINE} stroke-width="2.2"/>',
    "cancelled": f'<circle cx="8" cy="8" r="5.6" {_LINE} stroke-width="1.8"/>'
    f'<path d="M5 8h6" {_LINE} stroke-width="1.8"/>',
    "late": f'<path d="M8 2.4 13.6 8 8 13.6 2.4 8z" {_LINE} stroke-width="1.8"/>',
    "warning": f'<path d="M8 1.8 15 14H1z" {_LINE} stroke-width="1.7" stroke-linejoin="round"/>'
    f'<path d="M8 6v4m0 1.4v1.4" {_LINE} stroke-width="1.7"/>',
}
"""Status -> the content of an SVG of 16 by 16. A schedule and a run that failed have the same."""

CHARACTERS = {
    "succeeded": "\u2713",
    "queued": "\u25cc",
    "running": "\u25d0",
    "retrying": "\u21bb",
    "failed": "\u2715",
    "missed": "\u2298",
    "skipped": "\u00bb",
    "held": "\u2225",
    "active": "\u25b8",
    "paused": "\u2016",
    "completed": "\u2713",
    "cancelled": "\u2296",
}
"""Status -> a character that mail programs have in their fonts and show as text, not as a coloured picture."""

SYMBOLS = (
    '<svg class="vh" aria-hidden="true" focusable="false" width="0" height="0">'
    + "".join(f'<symbol id="{name}" viewBox="0 0 16 16">{shape}</symbol>' for name, shape in SHAPES.items())
    + "</svg>"
)
"""The shapes, once a page."""


def glyph(status: str, *, quiet: bool = False) -> str:
    """Returns the shape as an element without a name: the status is written beside it. `quiet`: without its colour."""
    return f'<svg class="g {"off" if quiet else role(status)}" aria-hidden="true"><use href="#{status}"/></svg>'


def role(status: str) -> str:
    return STATUS_ROLES.get(status, "retry")
