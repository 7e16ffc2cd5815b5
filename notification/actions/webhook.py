"""`webhook`: a signed HTTP POST of JSON. `webhook-id` is the run id, the consumer's key against doing it twice."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.core.actions.webhook_signing import TIMESTAMP_HEADER, is_reserved_header
from chalicelib.core.aws_errors import is_transient
from chalicelib.core.errors import ScheduledTasksError
from chalicelib.core.timing.instants import iso
from notification.providers.http import AddressRefused, NoAnswer, Outbound

from ..action_api import ActionFailed, RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notification.providers.http import Answer

WORTH_ANOTHER_TRY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
TOLERANCE = timedelta(minutes=5)
"""Of Standard Webhooks' libraries: an older signature, or one of the future, is refused."""

LOCAL_HINT = '. To sign with the real time while the clock is advanced: POST /_local/clock/webhooks {"time": "real"}'

SECONDS = re.compile(r"[0-9]{1,9}")


@action("webhook", idempotent=True)
def post(run: RunContext, data: Mapping[str, Any]) -> None:
    """Posts `body` (any JSON; by default what is known of the run) to `url`, with the client's own `headers`."""
    body = json.dumps(data["body"] if "body" in data else _about(run)).encode()
    own = {name.lower(): value for name, value in data.get("headers", {}).items() if not is_reserved_header(name)}
    signatures = _signatures(run, body)
    headers = {"user-agent": "scheduled-tasks", **own, "content-type": "application/json", **signatures}
    try:
        answer = Outbound(allow_loopback=run.settings.loopback_webhooks).post(data["url"], headers, body)
    except AddressRefused as exc:
        raise ActionFailed(f"the webhook was not called: {exc}", permanent=True) from exc
    except NoAnswer as exc:
        raise ActionFailed(f"the webhook did not answer: {exc}") from exc
    _check(answer, run, signatures)


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


def _signatures(run: RunContext, body: bytes) -> Mapping[str, str]:
    try:
        return run.sign(body)
    except ScheduledTasksError as exc:
        cause = exc.__cause__
        # A secret that is gone, or that the role may not read, does not come back by itself.
        is_fault = isinstance(cause, ClientError) and not is_transient(cause)
        raise ActionFailed(f"the webhook could not be signed: {exc}", fault=is_fault) from exc


def _check(answer: Answer, run: RunContext, signatures: Mapping[str, str]) -> None:
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    message = f"the webhook answered {status}"
    if status not in WORTH_ANOTHER_TRY and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ActionFailed(message + _about_clocks(answer, run, signatures), permanent=True)
    raise ActionFailed(message, retry_after=_wait(answer.retry_after or "", run.clock()))


def _about_clocks(answer: Answer, run: RunContext, signatures: Mapping[str, str]) -> str:
    """Why a consumer that checks signatures may have refused this one."""
    try:
        signed_at = datetime.fromtimestamp(int(signatures.get(TIMESTAMP_HEADER, "")), UTC)
        apart = signed_at - parsedate_to_datetime(answer.date or "")
    except (ValueError, TypeError, OverflowError):
        return ""
    if abs(apart) <= TOLERANCE:
        return ""
    side = "ahead of" if apart > timedelta(0) else "behind"
    hint = LOCAL_HINT if run.settings.loopback_webhooks else ""
    return f"; the time of its signature is {abs(apart)} {side} the consumer's clock, and 5 minutes are accepted{hint}"


def _wait(retry_after: str, now: datetime) -> timedelta | None:
    """Retry-After is a number of seconds or a date (RFC 9110, 10.2.3), perhaps of the past; else it says nothing."""
    if SECONDS.fullmatch(retry_after):
        return timedelta(seconds=int(retry_after))
    try:
        return parsedate_to_datetime(retry_after) - now
    except (ValueError, TypeError, OverflowError):
        return None
