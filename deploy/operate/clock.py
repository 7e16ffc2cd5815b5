"""The clock of the operator's commands: this machine's, or that of the local cloud that they call."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chalicelib.core.actions.public_addresses import is_loopback
from chalicelib.core.timing.instants import from_iso

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/_local/clock"
SECONDS_TO_ANSWER = 5


def clock_of(endpoint: str) -> Callable[[], datetime]:
    """Returns a clock in aware UTC. `endpoint` is the URL that an AWS client calls (`meta.endpoint_url`).

    The clock asks a local cloud for its time at each call, because a clock advance moves it. For any other endpoint,
    and for a local cloud that does not answer, the clock is this machine's.
    """
    if not is_loopback(urlsplit(endpoint).hostname) or not is_local_cloud(endpoint):
        return _now
    return lambda: _time_of(endpoint) or _now()


def is_local_cloud(endpoint: str) -> bool:
    """Returns whether a local cloud answers at the endpoint."""
    return _time_of(endpoint) is not None


def _now() -> datetime:
    return datetime.now(UTC)


def _time_of(endpoint: str) -> datetime | None:
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS_TO_ANSWER)
    try:
        connection.request("GET", PATH)
        response = connection.getresponse()
        content = response.read()
        return from_iso(json.loads(content)["now"]) if response.status == HTTPStatus.OK else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
