"""The page that the console shows instead of itself while it is not set up. It has neither scripts nor styles."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_CONFIGURED = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Scheduled Tasks</title>
<h1>The console is not set up</h1>
<p>The API needs these settings, so that users can sign in:</p>
<ul>{missing}</ul>
<p><code>docs/deploy.md</code> describes how to register the console at the issuer of tokens.</p>
</html>
"""


def not_configured(missing: Sequence[str]) -> str:
    """Returns the page that names the missing environment variables."""
    return _NOT_CONFIGURED.format(missing="".join(f"<li><code>{escape(name)}</code></li>" for name in missing))
