"""The versioned payload in EventBridge's `Target.Input`. The API writes it, and the Notification Lambda reads it.

The payload has the schedule's record, its action, and EventBridge's context attributes. EventBridge may keep it for
years, so version 1 must stay readable (`tests/payloads/v1/`): new fields have defaults, and none is renamed or removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from ..frozen import Frozen, replace
from ..timing.instants import from_iso, iso_ms
from .codec import run_from_plain, run_to_plain, schedule_from_plain, schedule_to_plain
from .fields import SENT_AS
from .run import Run, RunStatus
from .schedule import Action, Schedule
from .values import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

VERSION = 1

NOBODYS_CLAIM = "none"
"""Equals no run's claim id, so the Lambda reads the run from the table."""

TEXTS = ("user_id", "schedule_id", "resource_id", "action_type")
"""Fields that must be text. Keys contain them and the action is found by them; no other code would detect a number."""

# EventBridge replaces these as plain text at each invocation (user guide, managing-schedule-context-attributes).
CONTEXT_ATTRIBUTES = {
    "scheduled_time": "<aws.scheduler.scheduled-time>",
    "schedule_arn": "<aws.scheduler.schedule-arn>",
    "execution_id": "<aws.scheduler.execution-id>",
    "delivery_attempt": "<aws.scheduler.attempt-number>",
}
CONTEXT_TEXT = dumps(CONTEXT_ATTRIBUTES)


class Started(Frozen):
    """The recorded run that an event of this service starts. `token` is set for a run that is not an occurrence.

    `run` is the run as recorded, if it can only have changed together with `claim_id`, else None.
    """

    claim_id: str
    token: str | None = None
    run: Run | None = None


class Delivery(Frozen):
    """One payload received by the Lambda. `schedule` is the schedule as it was when it was sent to EventBridge.

    `scheduled_time` is EventBridge's scheduled time, and `event` the unchanged payload. `started` is set if this
    service invoked the Lambda, and None if EventBridge did.
    """

    schedule: Schedule
    action: Action
    scheduled_time: datetime
    event: Mapping[str, Any]
    started: Started | None = None


def write(schedule: Schedule, action: Action) -> str:
    """Returns the Input of this schedule: JSON text with EventBridge's context attributes as tokens.

    EventBridge replaces its tokens anywhere in the text. So each `<` in users' texts is sent as an escape, and an email
    that contains `<aws.scheduler.scheduled-time>` arrives unchanged.
    """
    # When EventBridge fires it, the schedule is confirmed. The payload has no history of runs.
    sent = replace(schedule, **SENT_AS)
    # EventBridge's attributes are added last, because they must not be escaped.
    escaped = dumps(_content(sent, action)).replace("<", "\\u003c")
    return escaped[:-1] + "," + CONTEXT_TEXT[1:]


def for_run(run: Run, schedule: Schedule, action: Action) -> dict[str, Any]:
    """Returns the event that starts a recorded run, in the format of EventBridge's deliveries, with the current record.

    A queued or retrying run is part of the event, since only its next claim can change it. The state of an interrupted
    run is unknown: its event has NOBODYS_CLAIM, so the Lambda reads the run from the table.
    """
    token = {"token": run.token} if run.token else {}
    waits = run.status in (RunStatus.QUEUED, RunStatus.RETRYING)
    known = {"claim_id": run.claim_id, "run": run_to_plain(run)} if waits else {"claim_id": NOBODYS_CLAIM}
    times = {"scheduled_time": iso_ms(run.scheduled_time)}
    return {**_content(schedule, action), **times, "started": known | token}


def _content(schedule: Schedule, action: Action) -> dict[str, Any]:
    body = {"type": action.type, "data": dict(action.data)}
    return {"version": VERSION, **schedule_to_plain(schedule), "action": body}


def read(event: object) -> Delivery:
    """Returns the delivery in a Lambda event. Raises InvalidPayload with the fault if the event is not a payload."""
    if not isinstance(event, dict):
        raise InvalidPayload(f"the event must be a JSON object, not {type(event).__name__}")
    if event.get("version") != VERSION:
        raise InvalidPayload(f"unknown payload version {event.get('version')!r}; allowed: {VERSION}")
    try:
        return _read(event)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as exc:
        raise InvalidPayload(f"a field of the payload is missing or invalid: {exc!r}") from exc


def _read(event: Mapping[str, Any]) -> Delivery:
    for name in TEXTS:
        if not isinstance(event.get(name, ""), str):
            raise TypeError(f"{name} must be a text, not {type(event[name]).__name__}")
        # Half of a surrogate pair ("\ud800") is valid JSON but cannot be encoded.
        event.get(name, "").encode()
    schedule = schedule_from_plain(event)
    # Evaluated here, so that an invalid value is found before the run is claimed.
    _ = schedule.timing.parsed, schedule.window
    return Delivery(
        schedule=schedule,
        action=Action(event["action"]["type"], dict(event["action"]["data"])),
        scheduled_time=from_iso(event["scheduled_time"]),
        event=event,
        started=_started(event.get("started")),
    )


def _started(plain: Mapping[str, Any] | None) -> Started | None:
    if plain is None:
        return None
    run = run_from_plain(plain["run"]) if "run" in plain else None
    return Started(plain["claim_id"], plain.get("token"), run)
