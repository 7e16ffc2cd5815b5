"""`event`: an event on the application's EventBridge bus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chalicelib.core.timing.instants import iso
from notification.providers.failures import FAILURES, failure

from ..action_api import ActionFailed, RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "scheduled-tasks"
RETRYABLE_ENTRIES = frozenset({"InternalFailure", "ThrottlingException"})


@action("event", idempotent=True)
def put(run: RunContext, data: Mapping[str, Any]) -> None:
    """Puts `detail_type` and `detail` (an object), from `source`. The detail gets a `scheduled_tasks` of its own: its
    `run_id` is the same however often the event arrives, and the consumer's key against doing it twice.
    """
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
    """PutEvents answers 200 for entries that it refused."""
    if code := entry.get("ErrorCode"):
        message = f"EventBridge {code}: {entry.get('ErrorMessage', '')}"
        raise ActionFailed(message, permanent=code not in RETRYABLE_ENTRIES)
