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

REMEDIES: Mapping[str, str] = {
    "not-json": "send a JSON object, without repeated names in an object and without `NaN` or `Infinity`",
    "bad-request": "send a request that API Gateway can read",
    "not-authenticated": "send a bearer token",
    "invalid-token": "get a new token; `detail` says what is wrong with this one",
    "scope-missing": "get a token with the scope in `detail`",
    "request-refused": "API Gateway or its firewall refused the request; other statuses from 400 to 499 are possible",
    "route-not-found": "correct the path or the method",
    "schedule-not-found": "correct the id: the user has no such schedule",
    "run-not-found": "correct the id: the schedule has no such run, or its record has expired",
    "job-not-found": "correct the id: there is no such job, or the caller may not see it",
    "file-not-found": "correct the name: the console has no such file",
    "console-not-configured": "inform the operator: `detail` names the missing settings",
    "run-not-redrivable": (
        "do not repeat the request: the run is in progress or has succeeded; `detail` contains its status"
    ),
    "schedule-ended": "create a new schedule",
    "rotation-under-way": "wait until the previous key ends (`expires_at`), or rotate with `overlap_hours` 0",
    "schedule-busy": "send the request again after `Retry-After` seconds",
    "too-many-schedules": (
        "cancel schedules: `limit` is the largest number of active and paused schedules of a user"
        " (`MOST_LIVE_SCHEDULES`, 1,000 by default). Schedules that were cancelled in the last second may still"
        " count, up to a fifth of the limit"
    ),
    "revision-mismatch": "get the schedule again, and decide whether the change is still right",
    "body-too-large": "send a smaller body: `limit` is 1 MB; API Gateway's own limit is 10 MB",
    "payload-too-large": "make action and metadata smaller: `limit` is in bytes",
    "unsupported-media-type": "send `application/json` in UTF-8",
    "invalid-input": "correct the fields in `errors`",
    "invalid-cursor": "start the list again without `cursor`",
    "request-mismatch": "use another `Idempotency-Key`: this one was used for a different request",
    "scheduler-refused": "correct the request: EventBridge refused the schedule permanently; `detail` is its message",
    "throttled": "send the request again after `Retry-After` seconds",
    "internal-error": "report the `request_id` to the operator",
    "issuer-unavailable": (
        "send the request again after `Retry-After` seconds: the issuer's keys or discovery document cannot be fetched"
    ),
    "scheduler-unavailable": "send the request again after `Retry-After` seconds: EventBridge is unavailable",
    "scheduler-denied": "inform the operator: a permission, a role or EventBridge quota is missing",
    "master-secret-unavailable": (
        "send the request again after `Retry-After` seconds: the master secret of webhook keys cannot be read"
    ),
    "not-reached": "send this schedule again: the batch had no time for it, and it was not created",
    "store-unavailable": "send the request again after `Retry-After` seconds: the table is unavailable",
    "no-answer-in-time": "check whether the request succeeded; a create with an `Idempotency-Key` can be sent again",
}
"""What a client should do about a problem, by its name."""
