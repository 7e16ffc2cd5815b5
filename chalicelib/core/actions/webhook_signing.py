"""Signs webhooks (https://www.standardwebhooks.com) and derives the signing keys.

Keys are not stored: each is derived from the master secret, the user id and the version of the user's keys. During a
rotation the current and the previous value are both valid, of the user's version and of the master secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

from ..frozen import Frozen
from ..model import ids
from ..timing.instants import epoch_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ..model.webhook_keys import KeyVersion, KeyVersions, Master

ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"

RESERVED_HEADERS = frozenset(
    {
        *("content-length", "content-type", "host", "transfer-encoding"),
        *("connection", "expect", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade"),
    }
)
"""Headers that this service sets or that would allow request smuggling. Names with `webhook-` are reserved as well."""

DERIVATION = "scheduled-tasks webhook key"

SETTLES = timedelta(minutes=10)
"""A function may cache the old master secret. Keys of a new one become the current keys only after this time."""


class WebhookKey(Frozen):
    """One valid key. `is_current`: consumers should use this key; the others also sign until consumers have changed."""

    version: int
    secret: bytes
    created_at: datetime
    expires_at: datetime | None
    is_current: bool

    @property
    def text(self) -> str:
        """Returns the key in the format of Standard Webhooks' libraries."""
        return f"whsec_{base64.b64encode(self.secret).decode()}"

    def __repr__(self) -> str:
        """Returns a text without the secret, so that logs cannot contain it."""
        return f"WebhookKey(version={self.version})"


def live_keys(versions: KeyVersions, masters: Sequence[Master], now: datetime) -> list[WebhookKey]:
    """Returns every key that is valid at `now`, the current key first. `masters` has the current value first."""
    settled_first = sorted(masters, key=lambda master: master.created_at + SETTLES > now)
    pairs = product(versions.live(now), settled_first)
    return [_key(versions.user_id, *pair, is_current=place == 0) for place, pair in enumerate(pairs)]


def signed_headers(keys_: Iterable[WebhookKey], message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """Returns the three headers of Standard Webhooks, with a signature by each key."""
    timestamp = str(epoch_seconds(sent_at))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(_hmac(key.secret, content)).decode() for key in keys_]
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: " ".join(f"v1,{signature}" for signature in signatures),
    }


def is_reserved_header(name: str) -> bool:
    """Returns whether clients must not set this header."""
    return name.lower() in RESERVED_HEADERS or name.lower().startswith("webhook-")


def _key(user_id: str, version: KeyVersion, master: Master, *, is_current: bool) -> WebhookKey:
    # HMAC is a pseudo-random function: a key reveals nothing about the master secret or other keys.
    secret = _hmac(master.secret.encode(), ids.length_prefixed(DERIVATION, user_id, str(version.number)))
    created_at = max(master.created_at, version.created_at or master.created_at)
    return WebhookKey(version.number, secret, created_at, version.expires_at, is_current)


def _hmac(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()
