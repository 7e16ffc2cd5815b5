"""The security headers of the console's page and files."""

from __future__ import annotations

SAME_FOR_ALL = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}

FILE_HEADERS = {**SAME_FOR_ALL, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
"""The policy of a file applies if it is opened by itself: an SVG image is a document then."""


def page_headers(token_origin: str | None, authorization_origin: str | None) -> dict[str, str]:
    """Returns the headers of the page. The origins are the issuer's; None while the console is not set up.

    `Referrer-Policy` keeps the authorization code, which is in the page's URL, away from other sites.
    """
    return {
        **SAME_FOR_ALL,
        "Content-Security-Policy": _content_security_policy(token_origin, authorization_origin),
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _content_security_policy(token_origin: str | None, authorization_origin: str | None) -> str:
    sources: dict[str, list[str | None]] = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", token_origin],
        "form-action": [authorization_origin or "'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(filter(None, values))}" for name, values in sources.items())
