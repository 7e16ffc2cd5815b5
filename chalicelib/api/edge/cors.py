"""Which browser pages may call the API: the rules of cross-origin requests (https://fetch.spec.whatwg.org).

Tokens travel in `Authorization`, never in cookies, so credentials mode is not allowed and `*` is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SETTING = "CORS_ORIGINS"
"""Environment variable of the API: origins separated by commas, or `*`; none by default."""

ANY = "*"
ALLOWED_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match")
EXPOSED_HEADERS = ("ETag", "Location", "Retry-After")
PREFLIGHT_SECONDS = 600
"""How long a browser keeps the answer to a preflight request, and so the longest time until a change is noticed."""

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")


def read_origins(setting: str) -> tuple[str, ...]:
    """The origins that the setting names. Raises ValueError for one that no browser sends."""
    origins = tuple(filter(None, (part.strip() for part in setting.split(","))))
    for origin in origins:
        if origin != ANY and not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is not an origin such as https://app.example.com, in lower case, or *")
    return origins


def answer_headers(origin: str | None, allowed: Collection[str]) -> dict[str, str]:
    """Headers of each answer to a request of `origin`; None is a request that names no origin."""
    if not allowed:
        return {}
    shared = {"Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS)}
    if ANY in allowed:
        return {"Access-Control-Allow-Origin": ANY, **shared}
    # A cache must not show one origin the answer to another.
    varies = {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, **shared, **varies} if origin in allowed and origin else varies


def preflight_headers(origin: str | None, allowed: Collection[str], methods: Iterable[str]) -> dict[str, str]:
    """Headers of the answer to a preflight request about a path that has these methods."""
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
    """Headers of answers that cannot depend on the request and that hold nothing of a user."""
    if not allowed:
        return {}
    (origin,) = allowed if len(allowed) == 1 else (ANY,)
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS)}
