"""What travels in EventBridge's `Target.Input`: written by the API, read by the Notification Lambda, versioned.

The payload is the schedule's record, its action, and EventBridge's context attributes. It may wait for years, so
version 1 stays readable for ever (`tests/payloads/v1/`): fields are added with a default, never renamed or dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from ..timing.instants import from_iso, iso_ms
from .codec import dumps, run_from_plain, run_to_plain, schedule_from_plain, schedule_to_plain
from .run import Run, RunStatus
from .schedule import Action, Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

VERSION = 1

NOBODYS_CLAIM = "nobody's"

TEXTS = ("user_id", "schedule_id", "resource_id", "action_type")
"""What keys are made of, and what finds the action: nothing else would notice if it were, say, a number."""

# EventBridge replaces these as plain text at each invocation (user guide, managing-schedule-context-attributes).
CONTEXT_ATTRIBUTES = {
    "scheduled_time": "<aws.scheduler.scheduled-time>",
    "schedule_arn": "<aws.scheduler.schedule-arn>",
    "execution_id": "<aws.scheduler.execution-id>",
    "delivery_attempt": "<aws.scheduler.attempt-number>",
}


@dataclass(frozen=True, slots=True)
class Started:
    """Which recorded run an event of ours is for: the token of a run that is no occurrence, and the claim it has.

    `run` is the run as it stood, where that can only have changed with the claim.
    """

    claim_id: str
    token: str | None = None
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One payload as it reached the Lambda: the schedule as it was when it was sent to EventBridge.

    `scheduled_time` is the instant that EventBridge names; `event` is the payload as it came. `started` is set when
    we invoked the Lambda, and not EventBridge.
    """

    schedule: Schedule
    action: Action
    scheduled_time: datetime
    event: Mapping[str, Any]
    started: Started | None = None


def write(schedule: Schedule, action: Action) -> str:
    """The Input of this schedule: JSON text with EventBridge's context attributes left as tokens.

    EventBridge replaces its tokens anywhere in the text, so a `<` in what the user wrote is sent as an escape: a
    mail that quotes `<aws.scheduler.scheduled-time>` arrives as it was written.
    """
    # What EventBridge will have when it fires this: a confirmed schedule with no story yet.
    sent = replace(
        schedule,
        confirmed=True,
        intent_until=None,
        never_applied=False,
        next_run_at=None,
        pending_occurrences=(),
        in_progress=(),
        applied=None,
        last_run=None,
        run_count=0,
        failures_in_a_row=0,
    )
    # EventBridge's own attributes are put in last: they are not to be escaped.
    escaped = dumps(_content(sent, action)).replace("<", "\\u003c")
    return escaped[:-1] + "," + dumps(CONTEXT_ATTRIBUTES)[1:]


def for_run(run: Run, schedule: Schedule, action: Action) -> dict[str, Any]:
    """The event that starts a recorded run, in the shape EventBridge would deliver, with the record as it stands.

    What is queued or waits to be tried again travels with it, since only its next claim can change it. Of what was cut
    short nothing is sure: it comes with a claim that nobody has, so the Lambda reads how far it came.
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
    """The delivery in a Lambda event. Raises InvalidPayload, naming what is wrong."""
    if not isinstance(event, dict):
        raise InvalidPayload(f"the event is no JSON object but {type(event).__name__}")
    if event.get("version") != VERSION:
        raise InvalidPayload(f"payload version {event.get('version')!r} is unknown; this function reads {VERSION}")
    try:
        return _read(event)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as exc:
        raise InvalidPayload(f"a payload of version {VERSION} lacks or garbles a field: {exc!r}") from exc


def _read(event: Mapping[str, Any]) -> Delivery:
    for name in TEXTS:
        if not isinstance(event.get(name, ""), str):
            raise TypeError(f"{name} is no text but {type(event[name]).__name__}")
        # Half of a surrogate pair ("\ud800") passes as JSON and is no text.
        event.get(name, "").encode()
    schedule = schedule_from_plain(event)
    # Worked out here, so that what is garbled is found before anything is claimed.
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
