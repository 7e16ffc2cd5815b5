"""Descriptions and examples of what the API shares with other parts: statuses, choices, and own actions.

The models of the API have theirs in `chalicelib/api/models`. These stay out of the way of a cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMAS: Mapping[str, str] = {
    "ScheduleStatus": "Only an `active` schedule fires. A `paused` one can resume; the others have ended.",
    "RunStatus": "Runs that are `queued`, `running`, `retrying` or `held` are in progress; the others have ended.",
    "JobKind": "`cancel_all`, `erase`: all of a user. `redrive`: failed or missed runs. `release`: held runs.",
    "JobStatus": "`running`: the sweeper works on it. `completed`: nothing is left.",
    "OnUnknown": "`retry` may repeat the work, `stop` fails the run.",
    "Overlap": "`allow`: each occurrence runs. `skip`: not while an earlier run is in progress.",
    "OnMissed": "`run_now`: one run for all missed occurrences. `skip`: none.",
    "JsonValue": "Any JSON value.",
    "OwnAction": "An action of the application, which its Notification Lambda registers.",
}
EXAMPLES: Mapping[str, Any] = {"JsonValue": {"plan": "pro"}}

FIELDS: Mapping[str, tuple[str, Any]] = {
    "OwnAction.type": ("Type that the application registered", "invoice.remind"),
    "OwnAction.data": ("JSON object that the action receives", {"invoice": 42}),
}
