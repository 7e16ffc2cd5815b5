"""Descriptions and examples of types that are defined outside the API: statuses, choices and own actions.

The descriptions of the API's models are in `chalicelib/api/models`. Only the OpenAPI document loads this module, so it
does not slow down a cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMAS: Mapping[str, str] = {
    "ScheduleStatus": "Only an `active` schedule fires. A `paused` one can resume; the others have ended.",
    "RunStatus": "Runs that are `queued`, `running`, `retrying` or `held` are in progress; the others have ended.",
    "JobKind": (
        "`cancel_all`: cancels all schedules of a user. `erase`: also erases their records. `redrive`: queues failed or"
        " missed runs again. `release`: starts held runs."
    ),
    "JobStatus": "`running`: the sweeper works on the job. `completed`: the job is finished.",
    "OnUnknown": (
        "If an attempt may have done the work: `retry` tries again and may repeat the work, `stop` fails the run."
    ),
    "Overlap": "`allow`: each occurrence runs. `skip`: an occurrence is skipped while an earlier run is in progress.",
    "OnMissed": "`run_now`: one run replaces all missed occurrences. `skip`: missed occurrences do not run.",
    "JsonValue": "Any JSON value.",
    "OwnAction": "An action of the application's own, deployed with its Notification Lambda.",
}
EXAMPLES: Mapping[str, Any] = {"JsonValue": {"plan": "pro"}}

FIELDS: Mapping[str, tuple[str, Any]] = {
    "OwnAction.type": ("Type of the application's action", "invoice.remind"),
    "OwnAction.data": ("JSON object that the action receives", {"invoice": 42}),
}
