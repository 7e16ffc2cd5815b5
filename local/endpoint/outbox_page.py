"""The outbox as one self-contained web page that refreshes itself every two seconds."""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape

from local.endpoint.outbox import Message

_URL = re.compile(r"https?://[^\s<>\"']+")
_SCRIPT = """
async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["count", "messages"]) {
      const [now, next] = [document.getElementById(id), page.getElementById(id)];
      if (now.innerHTML !== next.innerHTML) now.replaceChildren(...next.childNodes);
    }
  } catch { document.getElementById("count").textContent = "No answer: check that the local cloud is running."; }
}
setInterval(refresh, 2000);
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    f"script-src 'sha256-{b64encode(sha256(_SCRIPT.encode()).digest()).decode()}'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox - local cloud</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 50rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }}
header {{ display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .5rem 1rem; }}
h1 {{ font-size: 1.4rem; margin: 0; }}
h2 {{ font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }}
article, .empty {{ border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem;
  padding: 1rem; margin-top: 1rem; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .5rem 0; font-size: .9rem; }}
dt {{ opacity: .75; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .75rem 0 0; }}
iframe {{ width: 100%; height: 16rem; border: 0; background: #fff; margin-top: .5rem; }}
code {{ overflow-wrap: anywhere; }}
.channel {{ font-size: .8rem; border: 1px solid; border-radius: 1rem; padding: 0 .6rem; }}
</style>
</head>
<body>
<header><h1>Outbox</h1><p role="status" aria-live="polite" id="count">{count}</p></header>
<p>All messages sent through the local cloud, newest first. None of them leaves this machine.</p>
<main id="messages">{messages}</main>
<script>{script}</script>
</body>
</html>
"""

_EMPTY = """<section class="empty"><h2>No messages yet</h2>
<p>Create a schedule, for example with the curl command that <code>make run</code> printed. Its email appears here
ten seconds later; you need not reload the page.</p></section>"""

_MESSAGE = """<article>
<header><h2>{subject}</h2><span class="channel">{channel}</span></header>
<dl>{details}</dl>
{body}</article>"""


def render(messages: Sequence[Message]) -> str:
    """Returns the complete page. Texts are escaped, and HTML is in a sandboxed iframe without scripts."""
    shown = "\n".join(_message(message) for message in messages) or _EMPTY
    return _PAGE.format(script=_SCRIPT, count=_count(len(messages)), messages=shown)


def _count(number: int) -> str:
    return "1 message" if number == 1 else f"{number} messages"


def _message(message: Message) -> str:
    return _MESSAGE.format(
        subject=escape(message.subject or "(no subject)"),
        channel=escape(message.channel),
        details="".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in _details(message) if value),
        body=_body(message),
    )


def _details(message: Message) -> list[tuple[str, str]]:
    return [
        ("From", message.sender),
        ("To", ", ".join(message.to)),
        ("Cc", ", ".join(message.cc)),
        ("Bcc", ", ".join(message.bcc)),
        ("Sent", f"{message.sent_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Id", message.message_id),
    ]


def _body(message: Message) -> str:
    text = f"<pre>{_linked(message.text)}</pre>\n" if message.text else ""
    if not message.html:
        return text
    title = escape(f"HTML of {message.subject or 'the message'}")
    return f'{text}<iframe sandbox title="{title}" srcdoc="{escape(message.html)}"></iframe>\n'


def _linked(text: str) -> str:
    """Returns the escaped text with its URLs as links, because links in the sandboxed HTML cannot be opened."""
    return _URL.sub(r'<a href="\g<0>" target="_blank" rel="noreferrer">\g<0></a>', escape(text))
