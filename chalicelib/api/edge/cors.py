"""Cross-origin resource sharing (CORS): which browser pages may call the API (https://fetch.spec.whatwg.org).

Tokens are sent in `Authorization`, never in cookies. So credentials mode is not allowed, and the origin `*` is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SETTING = "CORS_ORIGINS"
"""Environment variable of the API: origins separated by commas, or `*`. Default: no origins."""

ANY = "*"
ALLOWED_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match")
EXPOSED_HEADERS = ("ETag", "Location", "Retry-After")
PREFLIGHT_SECONDS = 600
"""Seconds for which a browser caches a preflight response, and so the longest delay until it sees a changed setting."""

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")


def read_origins(setting: str) -> tuple[str, ...]:
    """Returns the origins in the setting. Raises ValueError if browsers never send one of them in this form."""
    origins = tuple(filter(None, (part.strip() for part in setting.split(","))))
    for origin in origins:
        if origin != ANY and not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is not an origin such as https://app.example.com, in lower case, or *")
    return origins


def answer_headers(origin: str | None, allowed: Collection[str]) -> dict[str, str]:
    """Returns the CORS headers of a response to a request from `origin`; None means no `Origin` header."""
    if not allowed:
        return {}
    shared = {"Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS)}
    if ANY in allowed:
        return {"Access-Control-Allow-Origin": ANY, **shared}
    # A cache must not serve the response for one origin to another origin.
    varies = {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, **shared, **varies} if origin in allowed and origin else varies


def preflight_headers(origin: str | None, allowed: Collection[str], methods: Iterable[str]) -> dict[str, str]:
    """Returns the headers of a preflight response for a path that has these methods."""
    headers = answer_headers(origin, allowed)
    if "Access-Control-Allow-Origin" not in headers:
        return headers
    return {
        **headers,
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ", ".join(ALLOWED_HEADERS),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }


def static_headers(allowed: Collection[str]) -> dict[str, str]:
    """Returns the CORS headers of fixed responses, which cannot depend on the request and contain no user data."""
    if not allowed:
        return {}
    (origin,) = allowed if len(allowed) == 1 else (ANY,)
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS)}
