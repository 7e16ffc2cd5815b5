"""In what a schedule in EventBridge is not as its record would be sent there. Pure calculation."""

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
"""What finds it, what is for people, what depends on the moment of the try, and what is compared part by part."""


def differences(
    found: Mapping[str, Any], record: Schedule, action: Action, names: SchedulerNames, now: datetime
) -> Iterator[tuple[str, str]]:
    """Each part that differs, and how. `found` is GetSchedule's answer. What people wrote is not quoted."""
    wanted = schedule_request(record, action, names, now=now)
    yield from _differing(found, wanted, wanted.keys() - NOT_COMPARED)
    yield from _differing(found["Target"], wanted["Target"], wanted["Target"].keys() - {"Input"})
    yield from _differing_payload(found["Target"].get("Input", ""), wanted["Target"]["Input"], now)


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any], names: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names):
        if found.get(name) != wanted[name]:
            yield name, f"is {found.get(name, 'not set')}, the record says {wanted[name]}"


def _differing_payload(found: str, wanted: str, now: datetime) -> Iterator[tuple[str, str]]:
    """By what they mean: an older version of ours wrote fewer fields, and the missing ones have their defaults."""
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
    """The tokens that EventBridge replaces are no instants yet."""
    return payload.read({**json.loads(text), "scheduled_time": iso(now)})
