"""The page of the local issuer that asks who signs in. It has no scripts, and shows nothing of the request."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

DEFAULT_USER = "alice"

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 26rem; margin: 0 auto; padding: 12vh 1.25rem 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
p { margin: 0 0 1.5rem; }
button, input { font: inherit; padding: .6rem .9rem; border-radius: 6px; border: 1px solid GrayText; }
button { cursor: pointer; font-weight: 600; }
.main { width: 100%; background: CanvasText; color: Canvas; border-color: CanvasText; }
form + form { margin-top: 2rem; padding-top: 1.5rem; border-top: 1px solid GrayText; }
label { display: block; margin-bottom: .35rem; }
.row { display: flex; gap: .5rem; }
.row input { flex: 1; min-width: 0; }
[role=alert] { border-left: 4px solid #c5281c; padding-left: .75rem; }
:focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - local cloud</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""

_FORMS = """<h1>Sign in to Scheduled Tasks</h1>
<p>This is the token issuer of the local cloud. It asks for no password and has no users of its own.</p>
{alert}<form method="post">
<input type="hidden" name="user" value="{user}">
<button class="main" autofocus>Sign in as {user}</button>
</form>
<form method="post">
<label for="user">Another user</label>
<div class="row">
<input id="user" name="user" required maxlength="128" autocomplete="off" autocapitalize="none" spellcheck="false">
<button>Sign in</button>
</div>
</form>"""

_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()


def render(problem: str = "") -> str:
    """Returns the page. problem: why the last form was refused; empty if there was none."""
    alert = f'<p role="alert">{escape(problem)}</p>\n' if problem else ""
    return _whole("Sign in", _FORMS.format(alert=alert, user=escape(DEFAULT_USER)))


def render_error(problem: str) -> str:
    """Returns the page for a request that cannot be answered with a redirect."""
    return _whole("Sign-in refused", f'<h1>Sign-in refused</h1>\n<p role="alert">{escape(problem)}</p>')


def page_headers(redirect_origin: str | None) -> dict[str, str]:
    """Returns the page's security headers. redirect_origin: the origin of the client; None: there is no form."""
    form_action = f"'self' {redirect_origin}" if redirect_origin else "'none'"
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action {form_action}; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        # Not no-referrer: with it, browsers send `Origin: null` with the form.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def _whole(title: str, content: str) -> str:
    return _PAGE.format(title=title, style=_STYLE, content=content)
