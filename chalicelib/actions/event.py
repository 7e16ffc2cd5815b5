"""`event`: puts an event on the application's EventBridge bus.

The detail contains the run id, by which consumers can detect a repeated event.
"""

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

from ..core.actions.clients import TWICE, TWICE_SECONDS
from ..core.actions.contract import ActionFailed, BuiltIn, RunContext
from ..core.actions.fields import About, Check, Fields, Json, Length
from ..core.actions.providers.failures import FAILURES, failure
from ..core.actions.text_rules import one_line
from ..core.timing.instants import iso

SOURCE = "scheduled-tasks"
RETRYABLE_ENTRIES = frozenset({"InternalFailure", "ThrottlingException"})


def _source(text: str) -> None:
    if text.startswith("aws."):
        raise ValueError("must not begin with `aws.`, which AWS reserves")


class Event(Fields, kw_only=True):
    """An event on the application's EventBridge bus."""

    detail_type: Annotated[str, Length(1, 128), Check(one_line), About("Detail type of the event", "contract.check")]
    detail: Annotated[dict[str, Json], About("Detail of the event, as a JSON object", {"contract": 42})] = field(
        default_factory=dict
    )
    source: (
        Annotated[
            str,
            Length(1, 256),
            Check(one_line),
            Check(_source),
            About("Source of the event. Default: the source of Scheduled Tasks.", "shop"),
        ]
        | None
    ) = None


def put(run: RunContext, data: Mapping[str, Any]) -> None:
    """Adds `scheduled_tasks` to the detail. Its `run_id` is the same in each repetition of the event."""
    about = {"run_id": run.run_id, "schedule_id": run.schedule_id, "scheduled_time": iso(run.scheduled_time)}
    entry = {
        "EventBusName": run.settings.event_bus_name,
        "Source": data.get("source") or SOURCE,
        "DetailType": data["detail_type"],
        "Detail": json.dumps({**data.get("detail", {}), "scheduled_tasks": about}),
        "Time": run.scheduled_time,
    }
    try:
        response = run.aws("events").put_events(Entries=[entry])
    except FAILURES as exc:
        raise failure("EventBridge", exc) from exc
    _check(response["Entries"][0])


def _check(entry: Mapping[str, Any]) -> None:
    """Raises ActionFailed if the entry was refused: PutEvents returns status 200 in this case as well."""
    if code := entry.get("ErrorCode"):
        message = f"EventBridge {code}: {entry.get('ErrorMessage', '')}"
        raise ActionFailed(message, permanent=code not in RETRYABLE_ENTRIES)


ACTION = BuiltIn(
    type="event",
    fields=Event,
    work=put,
    timeout_seconds=TWICE_SECONDS,
    idempotent=True,
    clients={"events": TWICE},
    permissions=frozenset({"events:PutEvents"}),
)
