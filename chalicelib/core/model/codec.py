"""Converts records to plain values (text, numbers, booleans, lists, maps) and back, for table and payload.

A value of None is left out. A newer field that an old record or payload lacks is read as its default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..timing.instants import iso_ms
from . import fields
from .job import Job
from .run import Run
from .schedule import Schedule
from .span import Span
from .values import instant, without_none
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
    return fields.to_plain(fields.JOB, job)


def job_from_plain(plain: Mapping[str, Any]) -> Job:
    """Raises KeyError, TypeError or ValueError if the values are not a valid job."""
    return Job(**fields.from_plain(fields.JOB, plain))


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
