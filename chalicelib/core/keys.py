"""The keys of the one table, and the names derived from them. Nothing else in the product builds a key.

`#` separates parts and `%` escapes, so every part is percent-encoded for both: no two owners can share a key or a
prefix, whatever their ids hold.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .instants import compact, from_iso, iso

if TYPE_CHECKING:
    from datetime import datetime

SCHEDULE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED_SCHEDULE_IDS = frozenset({"batch"})

WATCH_SHARDS = 64
"""One partition of an index takes 1,000 writes a second; a single `WATCH` partition would throttle the table."""

SCHEDULE_PREFIX = "SCHEDULE#"
RUN_PREFIX = "RUN#"


def encode(part: str) -> str:
    """One part of a key. Reversed by `decode`."""
    return part.replace("%", "%25").replace("#", "%23")


def decode(part: str) -> str:
    return unquote(part)


def join(*parts: str) -> str:
    return "#".join(encode(part) for part in parts)


def is_schedule_id(text: str) -> bool:
    return SCHEDULE_ID.fullmatch(text) is not None and text not in RESERVED_SCHEDULE_IDS


def user_pk(user_id: str) -> str:
    return join("USER", user_id)


def schedule_sk(schedule_id: str) -> str:
    return join("SCHEDULE", schedule_id)


def schedule_pk(user_id: str, schedule_id: str) -> str:
    """The partition of what belongs to one schedule: its actions and its runs."""
    return join("SCHEDULE", user_id, schedule_id)


def action_sk(revision: int) -> str:
    return join("ACTION", str(revision))


def run_sk(scheduled_time: datetime) -> str:
    return join("RUN", iso(scheduled_time))


def scheduled_time_of(sk: str) -> datetime:
    """The occurrence in a run's sort key."""
    return from_iso(sk.removeprefix(RUN_PREFIX))


def by_resource_pk(resource_id: str, status: str) -> str:
    """One partition per status: ten thousand finished schedules do not stand before three active ones."""
    return join("RESOURCE", resource_id, status)


def by_resource_sk(user_id: str, sort_at: datetime, schedule_id: str) -> str:
    return join("USER", user_id, iso(sort_at), schedule_id)


def by_resource_prefix(user_id: str) -> str:
    """What one user's entries of a resource begin with."""
    return join("USER", user_id) + "#"


def by_time_pk(user_id: str, status: str) -> str:
    return join("USER", user_id, status)


def by_time_sk(sort_at: datetime, schedule_id: str) -> str:
    return join(iso(sort_at), schedule_id)


def failed_runs_pk(user_id: str) -> str:
    """Beside a user's schedules by status: his failed runs. No status is called `RUN`."""
    return join("USER", user_id, "RUN", "FAILED")


def watch_pk(pk: str, sk: str) -> str:
    digest = hashlib.sha256(length_prefixed(pk, sk)).digest()
    return join("WATCH", str(int.from_bytes(digest[:4]) % WATCH_SHARDS))


def scheduler_name(user_id: str, schedule_id: str) -> str:
    """The schedule's name in EventBridge: derived, so a second try can never make a second one. 64 hex digits."""
    return hashlib.sha256(length_prefixed(user_id, schedule_id)).hexdigest()


def run_id(user_id: str, schedule_id: str, scheduled_time: datetime) -> str:
    """A run's name towards providers: sortable, and unique over all users (`20270301T080000Z-9f2c…`)."""
    digest = hashlib.sha256(length_prefixed(user_id, schedule_id, compact(scheduled_time))).hexdigest()
    return f"{compact(scheduled_time)}-{digest[:16]}"


def length_prefixed(*parts: str) -> bytes:
    """Parts as bytes that no other parts make: `("ab", "c")` and `("a", "bc")` differ."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4) + part for part in encoded)
