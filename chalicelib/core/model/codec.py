"""Converts records to plain values (text, numbers, booleans, lists, maps) and back, for table and payload.

A value of None is left out. A newer field that an old record or payload lacks is read as its default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..timing.instants import epoch_seconds, from_iso, iso, iso_ms
from . import fields
from .job import Job, JobKind, JobStatus, Selection
from .run import Run, RunStatus
from .schedule import Schedule
from .span import Span
from .values import EXPIRY, instant, without_none
from .webhook_keys import KeyVersion, KeyVersions

if TYPE_CHECKING:
    from collections.abc import Mapping


def schedule_to_plain(schedule: Schedule) -> dict[str, Any]:
    return fields.to_plain(fields.SCHEDULE, schedule)


def schedule_from_plain(plain: Mapping[str, Any]) -> Schedule:
    """Raises KeyError, TypeError or ValueError if the values are not a valid schedule."""
    return Schedule(**fields.from_plain(fields.SCHEDULE, plain))


def run_to_plain(run: Run) -> dict[str, Any]:
    plain = fields.to_plain(fields.RUN, run)
    if run.token:
        # The run is not an occurrence: its time is that of the "run now" request, in milliseconds.
        plain["scheduled_time"] = iso_ms(run.scheduled_time)
    return plain


def run_from_plain(plain: Mapping[str, Any]) -> Run:
    """Raises KeyError, TypeError or ValueError if the values are not a valid run."""
    return Run(**fields.from_plain(fields.RUN, plain))


def job_to_plain(job: Job) -> dict[str, Any]:
    return without_none(
        job_id=job.job_id,
        kind=job.kind.value,
        user_id=job.user_id,
        status=job.status.value,
        done=job.done,
        created_at=iso_ms(job.created_at),
        updated_at=iso_ms(job.updated_at),
        watch_at=job.watch_at and iso(job.watch_at),
        expires_at=job.expires_at and epoch_seconds(job.expires_at),
        selection=job.selection and _selection_to_plain(job.selection),
        per_minute=job.per_minute,
        next_at=job.next_at and iso_ms(job.next_at),
        passed_over=job.passed_over or None,
        walk_began_at=job.walk_began_at and iso_ms(job.walk_began_at),
        cursor=job.cursor,
        shard=job.shard or None,
    )


def job_from_plain(plain: Mapping[str, Any]) -> Job:
    """Raises KeyError, TypeError or ValueError if the values are not a valid job."""
    return Job(
        job_id=plain["job_id"],
        kind=JobKind(plain["kind"]),
        user_id=plain.get("user_id"),
        status=JobStatus(plain["status"]),
        done=int(plain["done"]),
        created_at=from_iso(plain["created_at"]),
        updated_at=from_iso(plain["updated_at"]),
        watch_at=instant(plain.get("watch_at")),
        expires_at=EXPIRY.read(plain["expires_at"]) if "expires_at" in plain else None,
        selection=_selection(plain["selection"]) if "selection" in plain else None,
        per_minute=int(plain.get("per_minute", 60)),
        next_at=instant(plain.get("next_at")),
        passed_over=int(plain.get("passed_over", 0)),
        walk_began_at=instant(plain.get("walk_began_at")),
        cursor=plain.get("cursor"),
        shard=int(plain.get("shard", 0)),
    )


def span_to_plain(span: Span) -> dict[str, Any]:
    return fields.to_plain(fields.SPAN, span)


def span_from_plain(plain: Mapping[str, Any]) -> Span:
    """Raises KeyError, TypeError or ValueError if the values are not a valid span."""
    return Span(**fields.from_plain(fields.SPAN, plain))


def key_versions_to_plain(versions: KeyVersions) -> dict[str, Any]:
    return without_none(
        user_id=versions.user_id,
        current=_key_version_to_plain(versions.current),
        former=versions.former and _key_version_to_plain(versions.former),
    )


def key_versions_from_plain(plain: Mapping[str, Any]) -> KeyVersions:
    """Raises KeyError, TypeError or ValueError if the values are not valid key versions."""
    former = plain.get("former")
    return KeyVersions(plain["user_id"], _key_version(plain["current"]), former and _key_version(former))


def _key_version_to_plain(version: KeyVersion) -> dict[str, Any]:
    return without_none(
        number=version.number,
        created_at=version.created_at and iso_ms(version.created_at),
        expires_at=version.expires_at and iso_ms(version.expires_at),
    )


def _key_version(plain: Mapping[str, Any]) -> KeyVersion:
    return KeyVersion(int(plain["number"]), instant(plain.get("created_at")), instant(plain.get("expires_at")))


def _selection_to_plain(selection: Selection) -> dict[str, Any]:
    return without_none(
        user_id=selection.user_id,
        status=selection.status.value,
        since=iso(selection.since),
        until=iso(selection.until),
        schedule_id=selection.schedule_id,
        resource_id=selection.resource_id,
    )


def _selection(plain: Mapping[str, Any]) -> Selection:
    return Selection(
        user_id=plain["user_id"],
        status=RunStatus(plain["status"]),
        since=from_iso(plain["since"]),
        until=from_iso(plain["until"]),
        schedule_id=plain.get("schedule_id"),
        resource_id=plain.get("resource_id"),
    )
