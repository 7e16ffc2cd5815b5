"""Parts of the outbox's page: glyphs, times and names."""

from datetime import datetime
from html import escape

from chalicelib.core.actions.reporting.glyphs import SHAPES

_OUTLINE = 'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"'
_LINES = {
    "email": "M1.8 3.3h12.4v9.4H1.8zM2 3.6l6 5 6-5",
    "sms": "M1.8 2.5h12.4v8.6H7l-3.2 2.7v-2.7h-2z",
    "push": "M3.8 11.3V7a4.2 4.2 0 0 1 8.4 0v4.3l1.3.9h-11zM6.6 14h2.8",
    "topic": "M3 13.5V8.6m0 0 10-5v9.6l-10-4.6zm3 2 .8 3.2h2.2l-.7-2.2",
    "webhook": "M1.5 5.4h11M9.3 2.2l3.2 3.2-3.2 3.2M14.5 11.4h-8m2.4-2.6-2.6 2.6 2.6 2.6",
    "event": "M9.2 1.6 3.4 9h4l-.7 5.4L12.6 7h-4z",
    "reference": "M2 4h12M2 8h12M2 12h8",
    "console": "M2 13.2h12M4 13V8m4 5V3m4 10V6",
}
_OF_STATUS = ("succeeded", "failed", "warning")

_ALL = {
    **{icon: f'<path d="{path}" {_OUTLINE}/>' for icon, path in _LINES.items()},
    **{status: SHAPES[status] for status in _OF_STATUS},
}
SYMBOLS = (
    '<svg class="vh" width="0" height="0" aria-hidden="true" focusable="false">'
    + "".join(f'<symbol id="g-{icon}" viewBox="0 0 16 16">{shape}</symbol>' for icon, shape in _ALL.items())
    + "</svg>"
)


def glyph(icon: str) -> str:
    """Returns the icon of a channel, place or status. The word is beside it."""
    return f'<svg class="g {icon}" aria-hidden="true"><use href="#g-{icon}"/></svg>'


def label(channel: str) -> str:
    return "SMS" if channel == "sms" else channel.capitalize()


def time_element(instant: datetime) -> str:
    """Returns the time of day in UTC. The script replaces it with that of the reader's zone."""
    return f'<time datetime="{instant:%Y-%m-%dT%H:%M:%S.%f}Z">{instant:%H:%M:%S}</time>'


def name(text: str) -> str:
    """Returns the text in an element that isolates its direction. It may be cut in its line: its title has all."""
    return f'<bdi title="{escape(text)}">{escape(text)}</bdi>'
