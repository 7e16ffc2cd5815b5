"""`webhook`: an HTTP POST of JSON. `webhook-id` is the run id, the consumer's key against doing it twice."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.exceptions import HTTPError

from chalicelib.core.instants import iso

from .registry import ActionFailed, RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = urllib3.Timeout(connect=3, read=10)
WORTH_ANOTHER_TRY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@action("webhook", idempotent=True)
def post(run: RunContext, data: Mapping[str, Any]) -> None:
    """Posts `body` (any JSON; by default what is known of the run) to `url`, with the client's own `headers`."""
    body = data["body"] if "body" in data else _about(run)
    headers = {**data.get("headers", {}), "Content-Type": "application/json", "webhook-id": run.run_id}
    try:
        # What it answers beside its status is of no use; redirects are not followed.
        response = urllib3.request(
            "POST",
            data["url"],
            body=json.dumps(body).encode(),
            headers=headers,
            timeout=TIMEOUT,
            retries=False,
            redirect=False,
            preload_content=False,
        )
    except HTTPError as exc:
        raise ActionFailed(f"the webhook did not answer: {type(exc).__name__}") from exc
    response.close()
    _check(response.status)


def _about(run: RunContext) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "schedule_id": run.schedule_id,
        "user_id": run.user_id,
        "resource_id": run.resource_id,
        "name": run.name,
        "metadata": dict(run.metadata),
        "scheduled_time": iso(run.scheduled_time),
    }


def _check(status: int) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    passing = status in WORTH_ANOTHER_TRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise ActionFailed(f"the webhook answered {status}", permanent=not passing)
