"""One message of the outbox: its facts, and its content as HTML, text and source, or as request and answer."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import quote

from local.endpoint.outbox import Exchange, Message
from local.endpoint.outbox_parts import glyph, label, name, time_element
from local.endpoint.webhook_check import Check

_URL = re.compile(r"https?://[^\s<>\"']+")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_THEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width:0)", "(max-width:0)"
THEMES = ("light", "dark")
_BASE = '<base target="_blank">'

HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""The policy of an email's HTML: no script and no network. Its links open in new tabs, without the sandbox."""

NotSent = """<p class="back"><a class="btn small" href="{back}">All messages</a></p>
<div class="empty"><h2>This message is not here</h2><p>The outbox was cleared, or has newer messages only.</p></div>"""


@dataclass(frozen=True)
class Links:
    """URLs of the API's pages, "" if unknown, and the check of a webhook's signature."""

    console: str = ""
    reference: str = ""
    check: Callable[[Message], Check] | None = None


def html_document(html: str, theme: str = "") -> str:
    """Returns the email's HTML with a `base` element, so that its links open in new tabs.

    theme: light or dark shows the email as a reader with this theme sees it; "" means the browser's. The rules of a
    theme become rules that always or never apply, because a page cannot choose the theme of a sandboxed frame.
    """
    added = _BASE
    if theme:
        added += f"<style>:root{{color-scheme:{theme}!important}}</style>"
        html = _THEME.sub(lambda rule: _ALWAYS if rule[1].lower() == theme else _NEVER, html)
    head = _HEAD.search(html)
    if head is None:
        return f"<!doctype html>{added}{html}"
    return f"{html[: head.end()]}{added}{html[head.end() :]}"


def message_html(message: Message, messages: Sequence[Message], links: Links, *, back: str) -> str:
    """Returns the message. back: the URL of the list. messages: all of the outbox."""
    content = _exchange(message, messages, links) if message.exchange else _tabs(message)
    facts = "".join(f"<dt>{fact}</dt><dd>{value}</dd>" for fact, value in _facts(message, links) if value)
    return (
        f'<p class="back"><a class="btn small" href="{escape(back)}">All messages</a></p>'
        f'<article class="msg" data-number="{message.number}" aria-labelledby="subject"><div class="head">'
        f'<h2 id="subject"><bdi>{escape(message.title)}</bdi></h2>'
        f'<span class="st q">{glyph(message.channel)}{label(message.channel)}</span></div>'
        f'<dl class="facts">{facts}</dl>{content}</article>'
    )


def _facts(message: Message, links: Links) -> list[tuple[str, str]]:
    exchange, origin = message.exchange, message.origin
    receivers = [("To", message.to), ("Cc", message.cc), ("Bcc", message.bcc)]
    sent = f'<span class="times">{time_element(message.sent_at)}</span>'
    return [
        ("From", escape(message.sender)),
        *(("URL" if exchange else role, escape(", ".join(who))) for role, who in receivers),
        ("Sent", sent),
        ("Schedule", _schedule(message, links)),
        ("Run", f"<code>{escape(origin.run_id)}</code>" if origin else ""),
        ("Id", f"<code>{escape(message.message_id)}</code>" if not exchange else ""),
    ]


def _schedule(message: Message, links: Links) -> str:
    origin = message.origin
    if origin is None:
        return ""
    shown = (
        f"{name(origin.name)} <code>{escape(origin.schedule_id)}</code>" if origin.name else escape(origin.schedule_id)
    )
    if not links.console:
        return shown
    place = f"{links.console}#/schedules/{quote(origin.schedule_id, safe='')}"
    return f'<a class="link" href="{escape(place)}" target="_blank" rel="noopener">{shown}</a>'


def _tabs(message: Message) -> str:
    """Returns panes that radio buttons choose, so that a choice needs no script and outlives a refresh of the list."""
    panes = [("html", "HTML", _frame(message))] if message.html else []
    if message.text or not message.html:
        panes.append(("text", "Text", _text(message)))
    panes.append(("source", "Source", _source(message)))
    choices = "".join(_choice("tab", key, text, is_first=not number) for number, (key, text, _) in enumerate(panes))
    shown = "".join(f'<div class="pane {key}">{content}</div>' for key, _, content in panes)
    more = _preview_choices() if message.html else ""
    return (
        f'<div class="tabs"><div class="bar"><div class="seg" role="radiogroup" aria-label="Show as">{choices}</div>'
        f"{more}</div>{shown}</div>"
    )


def _preview_choices() -> str:
    widths = _choice("width", "wide", "Wide", is_first=True) + _choice("width", "narrow", "Phone")
    themes = "".join(
        _choice("theme-of-mail", key, text, is_first=key == "auto")
        for key, text in (("auto", "Auto"), ("light", "Light"), ("dark", "Dark"))
    )
    return (
        f'<div class="seg of-html end" role="radiogroup" aria-label="Width">{widths}</div>'
        f'<div class="seg of-html by-script" role="radiogroup" aria-label="Theme of the email">{themes}</div>'
    )


def _choice(group: str, key: str, text: str, *, is_first: bool = False) -> str:
    checked = " checked" if is_first else ""
    return f'<label><input class="vh" type="radio" name="{group}" value="{key}"{checked}>{text}</label>'


def _frame(message: Message) -> str:
    title = escape(f"HTML of {message.title}")
    return (
        f'<iframe class="mail" sandbox="allow-popups allow-popups-to-escape-sandbox" title="{title}" '
        f'src="/_local/outbox/html?message={message.number}"></iframe>'
        '<p class="s q">Without scripts and network. Links open in a new tab.</p>'
    )


def _text(message: Message) -> str:
    if message.channel in ("sms", "push"):
        title = f'<p class="b"><bdi>{escape(message.subject)}</bdi></p>' if message.subject else ""
        return (
            f'<div class="device {message.channel}">{title}<p class="wrap"><bdi>{_linked(message.text)}</bdi></p></div>'
        )
    if message.channel == "event":
        return _code(_pretty(message.text))
    return f'<pre class="code prose">{_linked(message.text)}</pre>'


def _source(message: Message) -> str:
    html = f"<h3>HTML</h3>{_code(message.html)}" if message.html else ""
    is_mime = not message.source.startswith("{")
    return f"{html}<h3>{'MIME message' if is_mime else 'Request to AWS'}</h3>{_code(message.source)}"


def _exchange(message: Message, messages: Sequence[Message], links: Links) -> str:
    exchange = message.exchange
    assert exchange is not None  # noqa: S101 - the caller's condition
    checks = [] if links.check is None else [_signature(links.check(message))]
    checks += [_timestamp(exchange, message.sent_at), _times_seen(message, messages)]
    head = "\n".join([exchange.request, *(f"{key}: {value}" for key, value in exchange.headers.items()), "", ""])
    said = escape(exchange.answer) if exchange.status is not None else f"No answer: {escape(exchange.error)}"
    return (
        f"<section><h3>Request</h3>{_code(head + _pretty(exchange.body))}"
        f'<p class="checks">{"".join(filter(None, checks))}</p></section>'
        f'<section><div class="head"><h3>Answer</h3>'
        f'<span class="s q">after {exchange.milliseconds:,.0f} ms</span></div>'
        f'<pre class="code wrap" tabindex="0">{said}</pre></section>'
    )


def _signature(check: Check) -> str:
    kind = {True: "succeeded", False: "failed", None: "warning"}[check.fits]
    return f'<span class="st {kind}">{glyph(kind)}{escape(check.text)}</span>'


def _timestamp(exchange: Exchange, sent_at: datetime) -> str:
    headers = {key.lower(): value for key, value in exchange.headers.items()}
    try:
        signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    except (LookupError, ValueError, OverflowError):
        return ""
    seconds = (sent_at - signed_at) // timedelta(seconds=1)
    return f'<span class="q">sent {max(seconds, 0):,} s after its timestamp</span>'


def _times_seen(message: Message, messages: Sequence[Message]) -> str:
    same = [other.number for other in messages if other.exchange and other.message_id == message.message_id]
    earlier = sum(number < message.number for number in same)
    if not message.message_id:
        return ""
    return f'<span class="q">{"the first request" if not earlier else f"request {earlier + 1}"} with this id</span>'


def _code(text: str) -> str:
    return f'<pre class="code wrap" tabindex="0">{escape(text)}</pre>'


def _pretty(text: str) -> str:
    """Returns JSON with line breaks, and any other text unchanged."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _linked(text: str) -> str:
    """Returns the escaped text with its URLs as links."""
    return _URL.sub(r'<a href="\g<0>" target="_blank" rel="noreferrer" class="link">\g<0></a>', escape(text))
