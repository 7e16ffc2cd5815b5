"""The keys of the table, and names derived from ids. Only this module makes keys.

`#` separates the parts of a key, and `#` and `%` are percent-encoded in each part. So two owners never have the same
key or prefix, for any characters in their ids.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..timing.instants import compact, compact_ms, from_compact, iso, iso_ms

if TYPE_CHECKING:
    from datetime import datetime

SCHEDULE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED_SCHEDULE_IDS = frozenset({"batch"})

USER_ID_BYTES = 768
"""A sort key of the index by_resource has a user id, a time and a schedule id in DynamoDB's 1,024 bytes."""

WATCH_SHARDS = 64
"""One partition of an index accepts 1,000 writes a second, so a single `WATCH` partition would throttle the table."""

SCHEDULE_PREFIX = "SCHEDULE#"
RUN_PREFIX = "RUN#"
SPAN_PREFIX = "SPAN#"
JOB_SK = "JOB"
WEBHOOK_KEYS_SK = "WEBHOOK_KEYS"
COUNT_SK = "LIMITS"


def encode(part: str) -> str:
    """Returns one part of a key, escaped. `decode` is the inverse."""
    return part.replace("%", "%25").replace("#", "%23")


def decode(part: str) -> str:
    return unquote(part)


def join(*parts: str) -> str:
    return "#".join(encode(part) for part in parts)


SCHEDULE_ID_RULE = "must be 1 to 64 of A-Z, a-z, 0-9, `_` and `-`, and not `batch`"


def is_schedule_id(text: str) -> bool:
    return SCHEDULE_ID.fullmatch(text) is not None and text not in RESERVED_SCHEDULE_IDS


def is_user_id(value: object) -> bool:
    """Returns whether the value is a printable text, not empty, and short enough for the table's keys."""
    return isinstance(value, str) and value.isprintable() and 0 < len(encode(value).encode()) <= USER_ID_BYTES


def derived_schedule_id(user_id: str, idempotency_key: str) -> str:
    """Returns an id that depends only on the user and the idempotency key."""
    return hashlib.sha256(length_prefixed("idempotency", user_id, idempotency_key)).hexdigest()[:32]


def user_pk(user_id: str) -> str:
    return join("USER", user_id)


def schedule_sk(schedule_id: str) -> str:
    return join("SCHEDULE", schedule_id)


def schedule_pk(user_id: str, schedule_id: str) -> str:
    """Returns the partition key of a schedule's actions, runs and open spans."""
    return join("SCHEDULE", user_id, schedule_id)


def action_sk(revision: int) -> str:
    return join("ACTION", str(revision))


def span_sk(revision: int) -> str:
    return join("SPAN", str(revision))


def run_sk(scheduled_time: datetime, token: str | None = None) -> str:
    """Returns the sort key of a run. A run with a token is not an occurrence."""
    return join("RUN", iso_ms(scheduled_time), token) if token else join("RUN", iso(scheduled_time))


def runs_from(since: datetime) -> tuple[str, str]:
    """Returns the first and last possible sort key of a schedule's runs scheduled at or after `since`."""
    return run_sk(since), RUN_PREFIX + "~"


def runs_between(since: datetime, until: datetime) -> tuple[str, str]:
    """Returns bounds of the sort keys of a schedule's runs scheduled from `since` until before `until`.

    The bounds end with the seconds, without `Z`, so they are no keys. All keys of a second sort after its bound.
    """
    return run_sk(since).removesuffix("Z"), run_sk(until).removesuffix("Z")


def by_resource_pk(resource_id: str, status: str) -> str:
    """There is one partition per status, so that a list of active schedules does not read finished ones."""
    return join("RESOURCE", resource_id, status)


def by_resource_sk(user_id: str, sort_at: datetime, schedule_id: str) -> str:
    return join("USER", user_id, iso(sort_at), schedule_id)


def by_resource_prefix(user_id: str) -> str:
    """Returns the prefix of the sort keys of one user's schedules of a resource."""
    return join("USER", user_id) + "#"


def by_time_pk(user_id: str, status: str) -> str:
    return join("USER", user_id, status)


def by_time_sk(sort_at: datetime, schedule_id: str) -> str:
    return join(iso(sort_at), schedule_id)


def between(since: datetime, until: datetime) -> tuple[str, str]:
    """Returns the first and last possible sort key of the list by time for this interval, its ends included."""
    # Everything that is joined to an instant sorts before "~".
    return iso(since), iso(until) + "~"


def runs_pk(user_id: str, status: str) -> str:
    """Returns the partition key of a user's failed or missed runs. `RUN` is not a status, so it differs from
    `by_time_pk`.
    """
    return join("USER", user_id, "RUN", status.upper())


def held_runs_pk(shard: int) -> str:
    """Returns the partition key of held runs of all users, which the operator releases."""
    return join("HELD", str(shard))


def job_pk(job_id: str) -> str:
    return join("JOB", job_id)


def watch_shard_pk(shard: int) -> str:
    return join("WATCH", str(shard))


def watch_pk(pk: str, sk: str) -> str:
    return watch_shard_pk(shard_of(pk, sk))


def shard_of(pk: str, sk: str) -> int:
    digest = hashlib.sha256(length_prefixed(pk, sk)).digest()
    return int.from_bytes(digest[:4]) % WATCH_SHARDS


def scheduler_name(user_id: str, schedule_id: str) -> str:
    """Returns the schedule's name in EventBridge, 64 hex digits. It is derived, so a retry never makes a second one."""
    return hashlib.sha256(length_prefixed(user_id, schedule_id)).hexdigest()


def run_id(user_id: str, schedule_id: str, scheduled_time: datetime, token: str | None = None) -> str:
    """Returns a run's id for providers, such as `20270301T080000Z-9f2c…`. Ids sort by time and are unique."""
    time = compact_ms(scheduled_time) if token else compact(scheduled_time)
    digest = hashlib.sha256(length_prefixed(user_id, schedule_id, time)).hexdigest()
    return f"{time}-{token or digest[:16]}"


def run_sk_of(user_id: str, schedule_id: str, run_id_: str) -> str | None:
    """Returns the sort key of a run id, or None if no run of this schedule can have this id."""
    time, _, end = run_id_.partition("-")
    try:
        instant = from_compact(time)
    except ValueError:
        return None
    token = end if "." in time else None
    return run_sk(instant, token) if run_id(user_id, schedule_id, instant, token) == run_id_ else None


def length_prefixed(*parts: str) -> bytes:
    """Returns bytes that are unique for these parts: `("ab", "c")` and `("a", "bc")` have different results."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4) + part for part in encoded)
