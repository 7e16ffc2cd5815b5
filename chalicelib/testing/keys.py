"""The keys of the table and its indexes, independent of `core.model.ids`. The contract suite compares both."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.model.run import Run
    from ..core.model.schedule import Schedule
    from ..core.model.span import Span

Key = dict[str, str]

SHARDS = 64


def s(at: datetime) -> str:
    """Returns a text such as `2027-03-01T08:00:00Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def ms(at: datetime) -> str:
    """Returns a text such as `2027-03-01T08:00:00.123Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def joined(*parts: str) -> str:
    """Returns the parts joined by `#`. `#` is escaped in parts, so different parts never make the same key."""
    return "#".join(part.replace("%", "%25").replace("#", "%23") for part in parts)


def of_schedule(user_id: str, schedule_id: str) -> Key:
    return {"PK": joined("USER", user_id), "SK": joined("SCHEDULE", schedule_id)}


def partition(user_id: str, schedule_id: str) -> str:
    """Returns the partition key of a schedule's actions, runs and spans."""
    return joined("SCHEDULE", user_id, schedule_id)


def of_action(schedule: Schedule) -> Key:
    return {"PK": partition(schedule.user_id, schedule.schedule_id), "SK": f"ACTION#{schedule.action_revision}"}


def of_run(run: Run) -> Key:
    sk = joined("RUN", ms(run.scheduled_time), run.token) if run.token else f"RUN#{s(run.scheduled_time)}"
    return {"PK": partition(run.user_id, run.schedule_id), "SK": sk}


def of_run_id(user_id: str, schedule_id: str, run_id: str) -> Key | None:
    """Returns the key of a run if the id belongs to this schedule, which is not checked. None if it is no run id."""
    time, _, token = run_id.partition("-")
    has_token = "." in time
    try:
        at = datetime.strptime(time, f"%Y%m%dT%H%M%S{'.%f' if has_token else ''}Z").replace(tzinfo=UTC)
    except ValueError:
        return None
    sk = joined("RUN", ms(at), token) if has_token else f"RUN#{s(at)}"
    return {"PK": partition(user_id, schedule_id), "SK": sk}


def of_span(span: Span) -> Key:
    return {"PK": partition(span.user_id, span.schedule_id), "SK": f"SPAN#{span.revision}"}


def of_job(job_id: str) -> Key:
    return {"PK": joined("JOB", job_id), "SK": "JOB"}


def of_count(user_id: str) -> Key:
    return {"PK": joined("USER", user_id), "SK": "LIMITS"}


def of_webhook_keys(user_id: str) -> Key:
    return {"PK": joined("USER", user_id), "SK": "WEBHOOK_KEYS"}


def shard(pk: str, sk: str) -> int:
    encoded = [part.encode() for part in (pk, sk)]
    digest = sha256(b"".join(len(part).to_bytes(4, "big") + part for part in encoded)).digest()
    return int.from_bytes(digest[:4], "big") % SHARDS
