"""Compares a schedule in EventBridge with the request that its record would send there. Pure calculation."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from chalicelib.aws.eventbridge import schedule_request
from chalicelib.core.errors import InvalidPayload
from chalicelib.core.model import payload
from chalicelib.core.timing.instants import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from chalicelib.aws.eventbridge import SchedulerNames
    from chalicelib.core.model.payload import Delivery
    from chalicelib.core.model.schedule import Action, Schedule

NOT_COMPARED = frozenset({"Name", "GroupName", "Description", "StartDate", "Target"})
"""The identity, the text for people, the start date, which depends on the time of the request, and the target, whose
parts are compared one by one.
"""


def differences(
    found: Mapping[str, Any], record: Schedule, action: Action, names: SchedulerNames, now: datetime
) -> Iterator[tuple[str, str]]:
    """Yields each part that differs, and how. `found` is GetSchedule's answer. Texts of users are not quoted."""
    wanted = schedule_request(record, action, names, now=now)
    yield from _differing(found, wanted, wanted.keys() - NOT_COMPARED)
    yield from _differing(found["Target"], wanted["Target"], wanted["Target"].keys() - {"Input"})
    yield from _differing_payload(found["Target"].get("Input", ""), wanted["Target"]["Input"], now)


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any], names: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names):
        if found.get(name) != wanted[name]:
            yield name, f"is {found.get(name, 'not set')}, the record says {wanted[name]}"


def _differing_payload(found: str, wanted: str, now: datetime) -> Iterator[tuple[str, str]]:
    """Compares the payloads after reading them: older versions of this service wrote fewer fields, which have defaults.

    Returns after the first difference that explains the others.
    """
    try:
        existing = _read(found, now)
    except (InvalidPayload, TypeError, ValueError):
        yield "the payload", "cannot be read"
        return
    ours = _read(wanted, now)
    if existing.schedule.revision != ours.schedule.revision:
        yield "the payload", f"is of revision {existing.schedule.revision}, the record of {ours.schedule.revision}"
        return
    names = [field.name for field in fields(ours.schedule)]
    parts = [name for name in names if getattr(existing.schedule, name) != getattr(ours.schedule, name)]
    parts += ["action"] if existing.action != ours.action else []
    if parts:
        yield "the payload", f"differs in {', '.join(parts)}"


def _read(text: str, now: datetime) -> Delivery:
    """Reads a payload in which EventBridge has not yet replaced the token of the scheduled time."""
    return payload.read({**json.loads(text), "scheduled_time": iso(now)})
