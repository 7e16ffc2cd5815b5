"""`webhook`: sends a signed HTTP POST of JSON. The header `webhook-id` is the run id, for detection of repetitions."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Any

from botocore.exceptions import ClientError

from ..core.actions.contract import ActionFailed, BuiltIn, RunContext
from ..core.actions.fields import LEFT_OUT, About, ActionRules, Check, Fields, Json, Length
from ..core.actions.providers.http import TOTAL_SECONDS, AddressRefused, Answer, NoAnswer, Outbound, Target
from ..core.actions.public_addresses import is_loopback, may_be_public
from ..core.actions.webhook_signing import RESERVED_HEADERS, TIMESTAMP_HEADER, is_reserved_header
from ..core.aws_errors import is_transient
from ..core.errors import ScheduledTasksError
from ..core.timing.instants import iso

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,2000}")

WORTH_ANOTHER_TRY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
TOLERANCE = timedelta(minutes=5)
"""The libraries of Standard Webhooks refuse a signature that is older or later than this."""

LOCAL_HINT = '. To sign with the real time while the clock is advanced: POST /_local/clock/webhooks {"time": "real"}'

SECONDS = re.compile(r"[0-9]{1,9}")


def _url(url: str) -> None:
    host = _host(url)
    if not url.startswith("https://") and not is_loopback(host):
        raise ValueError("must begin with https://")
    if not is_loopback(host) and not may_be_public(host):
        raise ValueError("must point to an address of the public internet")


def _headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a header name; use 1 to 100 letters, digits and any of !#$%&'*+.^_`|~-")
        if not HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the value of {name!r} must be printable ASCII characters, at most 2,000")
        if is_reserved_header(name):
            raise ValueError(f"{name!r} is reserved; not allowed: webhook-…, {', '.join(sorted(RESERVED_HEADERS))}")
    _check_each_once(headers)


def _check_each_once(headers: Mapping[str, str]) -> None:
    """Raises ValueError if two header names differ in case only: they are equal in HTTP."""
    seen: dict[str, str] = {}
    for name in headers:
        if (first := seen.setdefault(name.lower(), name)) != name:
            raise ValueError(f"{first!r} and {name!r} are the same header; give one of them")


def _host(url: str) -> str:
    try:
        return Target.of(url).host
    except AddressRefused:
        raise ValueError(
            "must be a URL such as https://example.com/hook, without user or password; use `headers`"
        ) from None


class Webhook(Fields, kw_only=True):
    """A signed HTTP POST of JSON."""

    url: Annotated[str, Length(most=2048), Check(_url), About("Public `https://` address", "https://example.com/hook")]
    headers: Annotated[
        dict[str, str],
        Length(most=50),
        Check(_headers),
        About("Headers in addition to those that the sender sets", {"X-Shop": "7"}),
    ] = field(default_factory=dict)
    body: Annotated[Json, About("Any JSON. Default: a description of the run.", {"report": "sales"})] = LEFT_OUT

    def problems(self, rules: ActionRules, /) -> Iterator[tuple[str, str]]:
        if is_loopback(_host(self.url)) and not rules.loopback_webhooks:
            yield "url", "must not be a loopback address; use an address of the public internet"


def post(run: RunContext, data: Mapping[str, Any]) -> None:
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
        # A deleted secret or a missing permission needs the operator.
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
    """Returns a hint if the signature's time and the consumer's clock differ by more than TOLERANCE, else ""."""
    try:
        signed_at = datetime.fromtimestamp(int(signatures.get(TIMESTAMP_HEADER, "")), UTC)
        apart = signed_at - parsedate_to_datetime(answer.date or "")
    except (ValueError, TypeError, OverflowError):
        return ""
    if abs(apart) <= TOLERANCE:
        return ""
    side = "ahead of" if apart > timedelta(0) else "behind"
    hint = LOCAL_HINT if run.settings.loopback_webhooks else ""
    return f"; the signature's time is {abs(apart)} {side} the consumer's clock; at most 5 minutes are allowed{hint}"


def _wait(retry_after: str, now: datetime) -> timedelta | None:
    """Returns the delay of Retry-After: seconds or a date (RFC 9110, 10.2.3), possibly past. None: it is not valid."""
    if SECONDS.fullmatch(retry_after):
        return timedelta(seconds=int(retry_after))
    try:
        return parsedate_to_datetime(retry_after) - now
    except (ValueError, TypeError, OverflowError):
        return None


ACTION = BuiltIn(type="webhook", fields=Webhook, work=post, timeout_seconds=TOTAL_SECONDS, idempotent=True)
