"""The outbox as a web page: a list of messages, and beside it the message that the URL names.

The page works without its script, which adds live refresh. The URL has the state: `channel`, `search`, `before`, and
`message`, which are numbers of messages.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from local.endpoint.outbox import Message
from local.endpoint.outbox_message import Links, NotSent, message_html
from local.endpoint.outbox_parts import SYMBOLS, glyph, label, name, time_element

PATH = "/_local/outbox"
MOST_ROWS = 100
CHANNELS = ("email", "sms", "push", "topic", "webhook", "event")

_STATIC = Path(__file__).parent / "static"
_TOKENS = Path(__file__).parents[2] / "chalicelib/api/console/static/tokens.css"
STATIC = {
    "tokens.css": (_TOKENS, "text/css"),
    "outbox.css": (_STATIC / "outbox.css", "text/css"),
    "outbox.js": (_STATIC / "outbox.js", "text/javascript"),
}
"""Files by their names below PATH, and their types. The colours are the console's: there is one file of them."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{path}/tokens.css">
<link rel="stylesheet" href="{path}/outbox.css">
<script src="{path}/outbox.js" defer></script>
</head>
<body>
{symbols}
<a class="skip btn" href="#main">Skip to content</a>
<header class="side">
<a class="brand" href="{path}"><svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">\
<rect class="sun" width="20" height="20" rx="4"/><path class="hand" d="M10 4.2V10l4 2.6"/></svg>Scheduled Tasks</a>
<nav aria-label="Local cloud"><ul>
<li><a href="{path}" aria-current="page">{icon}Outbox</a></li>
{elsewhere}</ul></nav>
<div class="foot"><p class="clock" id="clock">{now}<span class="zone">UTC</span>\
<span class="whose"><br>clock of the local cloud</span></p>
<div class="seg theme" id="theme" role="radiogroup" aria-label="Theme" hidden>
<label><input class="vh" type="radio" name="theme" value="" checked>System</label>\
<label><input class="vh" type="radio" name="theme" value="light" id="theme-light">Light</label>\
<label><input class="vh" type="radio" name="theme" value="dark" id="theme-dark">Dark</label>
</div></div>
</header>
<main id="main" class="{view}">
<div class="top"><div><h1>Outbox</h1><p id="count">{count} {left}</p></div>
<button class="btn" id="clear" type="button" hidden>Clear</button></div>
<p class="vh" role="status" id="said"></p>
<div class="note" role="alert" id="gone" hidden>{warning}<p class="b">The local cloud does not answer</p>\
<p>Check that <code>make run</code> is running. The messages below are those of <span id="seen"></span>.</p></div>
{content}
</main>
</body>
</html>
"""

_EMPTY = """<section class="card empty" id="box"><p class="glyphs">{glyphs}</p><h2>Nothing has been sent yet</h2>
<p>Create a schedule, for example with the curl command that <code>make run</code> printed. Its email appears here ten
seconds later, without a reload.</p></section>"""

_BOX = """<div class="bar" id="bar"><nav class="seg" aria-label="Channel">{channels}</nav>
<form class="find" action="{path}" role="search">{kept}<input class="in" type="search" name="search" value="{search}" \
placeholder="Subject, text, address or run" aria-label="Search subject, text, address or run" autocomplete="off">\
</form></div>
<div class="box" id="box"><div class="inbox card">
<a class="fresh" id="fresh" href="{newest}" {is_older}>{fresh}</a>
<ul id="list" aria-label="Messages">{rows}</ul>{nothing}{older}</div>
<div class="msgs card" id="message" tabindex="-1">{message}</div></div>"""


@dataclass(frozen=True)
class View:
    """What the URL asks for. `before`: only messages with smaller numbers. `message`: the number of the shown one."""

    channel: str = ""
    search: str = ""
    before: int | None = None
    message: int | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> "View":
        """Returns the view of a query string. A value that is not valid counts as missing."""
        channel = arguments.get("channel", "")
        before, message = (_number(arguments.get(name, "")) for name in ("before", "message"))
        return cls(channel if channel in CHANNELS else "", arguments.get("search", "").strip(), before, message)

    @property
    def url(self) -> str:
        members = {name: value for name, value in vars(self).items() if value}
        return f"{PATH}?{urlencode(members)}" if members else PATH

    def shows(self, message: Message) -> bool:
        is_of_channel = self.channel in ("", message.channel)
        return is_of_channel and (not self.search or message.contains(self.search))


def render(messages: Sequence[Message], view: View, now: datetime, links: Links, *, sent: int) -> str:
    """Returns the complete page. Texts are escaped, and HTML is in a sandboxed frame of its own document.

    sent: the number of all messages, of which `messages` are the latest.
    """
    return _PAGE.format(
        path=PATH,
        title=f"Outbox ({sent:,}) \u00b7 local cloud",
        symbols=SYMBOLS,
        icon=glyph("email"),
        elsewhere=_elsewhere(links),
        now=time_element(now),
        view="outbox one" if view.message is not None and messages else "outbox",
        count=_count(len(messages), sent),
        left=_left(messages),
        warning=glyph("warning"),
        content=_box(messages, view, links) if messages else _EMPTY.format(glyphs=_channel_glyphs()),
    )


def _elsewhere(links: Links) -> str:
    places = (("API reference", "reference", links.reference), ("Console", "console", links.console))
    return "".join(f'<li><a href="{escape(url)}">{glyph(icon)}{text}</a></li>\n' for text, icon, url in places if url)


def _count(kept: int, sent: int) -> str:
    if not sent:
        return "No messages."
    if kept < sent:
        return f"The latest {kept:,} of {sent:,} messages, newest first."
    return "1 message." if sent == 1 else f"{sent:,} messages, newest first."


def _left(messages: Sequence[Message]) -> str:
    if any(message.exchange for message in messages):
        return "Only webhooks were sent to their addresses."
    return "Nothing has left this machine."


def _channel_glyphs() -> str:
    return "".join(glyph(channel) for channel in ("email", "webhook", "sms"))


def _box(messages: Sequence[Message], view: View, links: Links) -> str:
    found = [message for message in messages if view.shows(message)]
    here = [message for message in found if view.before is None or message.number < view.before]
    rows, left = here[:MOST_ROWS], len(here) - MOST_ROWS
    shown = view.message if view.message is not None else rows[0].number if rows else None
    older = replace(view, before=rows[-1].number, message=None).url if left > 0 else ""
    return _BOX.format(
        path=PATH,
        channels=_channels(messages, view),
        kept=f'<input type="hidden" name="channel" value="{view.channel}">' if view.channel else "",
        search=escape(view.search),
        newest=escape(replace(view, before=None, message=None).url),
        is_older="" if view.before is not None else "hidden",
        fresh="Newest messages",
        rows="".join(_row(message, view, is_shown=message.number == shown) for message in rows),
        nothing="" if rows else f'<p class="q none">{_nothing(view)}</p>',
        older=f'<a class="more" href="{escape(older)}">Older ({left:,})</a>' if older else "",
        message=_shown(messages, rows, view, links),
    )


def _shown(messages: Sequence[Message], rows: Sequence[Message], view: View, links: Links) -> str:
    """Returns the message that the URL names, or else the newest one; on a phone the list is shown instead."""
    if view.message is None:
        return message_html(rows[0], messages, links, back=view.url) if rows else ""
    found = next((message for message in messages if message.number == view.message), None)
    if found is None:
        return NotSent.format(back=escape(replace(view, message=None).url))
    return message_html(found, messages, links, back=replace(view, message=None).url)


def _channels(messages: Sequence[Message], view: View) -> str:
    counts = Counter(message.channel for message in messages)
    every = [("", "All", len(messages)), *((channel, label(channel), counts[channel]) for channel in CHANNELS)]
    return "".join(_channel(*tab, view) for tab in every if tab[2] or tab[0] in ("email", view.channel))


def _channel(channel: str, text: str, number: int, view: View) -> str:
    current = ' aria-current="true"' if channel == view.channel else ""
    url = escape(replace(view, channel=channel, before=None, message=None).url)
    return f'<a href="{url}"{current}>{glyph(channel) if channel else ""}{text} {number:,}</a>'


def _nothing(view: View) -> str:
    word = label(view.channel) if view.channel == "sms" else view.channel
    what = f"{word} message" if word else "message"
    return f"No {what} matches \u201c{escape(view.search)}\u201d." if view.search else f"No {what} here."


def _row(message: Message, view: View, *, is_shown: bool) -> str:
    current = ' aria-current="true"' if is_shown else ""
    url = escape(replace(view, message=message.number).url)
    return (
        f'<li data-number="{message.number}"><a href="{url}"{current}>{glyph(message.channel)}'
        f'<span class="b">{name(message.title)}</span>{time_element(message.sent_at)}'
        f'<small><span class="vh">{message.channel}, </span>{_about(message)}</small>{_outcome(message)}</a></li>'
    )


def _about(message: Message) -> str:
    receivers = [*message.to, *message.cc, *message.bcc]
    to = escape(_short(receivers[0], message.channel)) if receivers else "no address"
    if len(receivers) > 1:
        to += f" and {len(receivers) - 1:,} more"
    schedule = f" \u00b7 {name(message.origin.name or message.origin.schedule_id)}" if message.origin else ""
    return f"to {to}{schedule}"


def _short(receiver: str, channel: str) -> str:
    """Returns an address as it is, and only the end of an ARN, which is the part that differs."""
    if receiver.startswith("arn:"):
        return f"\u2026/{re.split('[/:]', receiver)[-1]}"
    return f"bus {receiver}" if channel == "event" else receiver


def _outcome(message: Message) -> str:
    exchange = message.exchange
    if exchange is None:
        return ""
    status = exchange.status
    said = f"answered {status}" if status is not None else f"no answer: {escape(exchange.error)}"
    kind = "succeeded" if status is not None and 200 <= status < 300 else "failed"  # noqa: PLR2004 - HTTP's classes
    return f'<small class="st {kind}">{glyph(kind)}{said}</small>'


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None  # noqa: PLR2004 - digits
