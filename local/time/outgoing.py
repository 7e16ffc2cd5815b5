"""Shows the local cloud the webhooks that a function sends: it cannot see them otherwise, as they do not pass it.

travelled.py loads this file into the child by its path: functions must not see this project's modules. The requests are
sent unchanged, and by the code that runs on AWS; a copy of each request and of its answer's head goes to the cloud.
Requests to the cloud itself and to Lambda's Runtime API are left out, as are those of urllib3, which AWS's SDK uses.
"""

import json
import os
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

PATH = "/_local/webhooks"
MOST_BYTES = 256 * 1024
_SECONDS = 1

_request = HTTPConnection.request
_getresponse = HTTPConnection.getresponse


def install() -> None:
    """Make each HTTPConnection of this process show the cloud its exchange."""
    HTTPConnection.request = _observed_request  # type: ignore[method-assign]
    HTTPConnection.getresponse = _observed_response  # type: ignore[method-assign]


def _observed_request(self: Any, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
    if _is_webhook(self):
        self._exchange = _exchange(self, method, url, body, headers or {})
        self._began = time.perf_counter()
    _request(self, method, url, body, headers or {}, **options)


def _observed_response(self: Any) -> HTTPResponse:
    exchange = getattr(self, "_exchange", None)
    if exchange is None:
        return _getresponse(self)
    try:
        response = _getresponse(self)
    except (OSError, HTTPException) as error:
        _show(self, exchange, error=type(error).__name__)
        raise
    head = [
        f"HTTP/1.1 {response.status} {response.reason}",
        *(f"{key}: {value}" for key, value in response.getheaders()),
    ]
    _show(self, exchange, status=response.status, answer="\n".join(head))
    return response


def _is_webhook(connection: HTTPConnection) -> bool:
    own = (urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).netloc, os.environ.get("AWS_LAMBDA_RUNTIME_API", ""))
    is_sdk = type(connection).__module__.partition(".")[0] in ("urllib3", "botocore")
    return not is_sdk and f"{connection.host}:{connection.port}" not in own


def _exchange(connection: Any, method: str, path: str, body: Any, headers: Any) -> dict[str, Any]:
    shown = {str(key): str(value) for key, value in headers.items()}
    address = f"{connection.host}:{connection.port}".removesuffix(f":{connection.default_port}")
    host = next((value for key, value in shown.items() if key.lower() == "host"), address)
    scheme = "http" if getattr(connection, "_context", None) is None else "https"  # the TLS context, also http.client's
    content = body if isinstance(body, bytes) else str(body or "").encode()
    return {
        "url": f"{scheme}://{host}{path}",
        "request": f"{method} {path} HTTP/1.1",
        "headers": shown,
        "body": content[:MOST_BYTES].decode(errors="replace"),
    }


def _show(connection: Any, exchange: dict[str, Any], **result: Any) -> None:
    """Send the copy to the cloud. A failure of the copy must not fail the webhook."""
    connection._exchange = None  # noqa: SLF001 - our own mark on the connection
    milliseconds = (time.perf_counter() - connection._began) * 1000  # noqa: SLF001
    key = os.environ.get("AWS_ACCESS_KEY_ID", "")
    copy = json.dumps({"access_key_id": key, "milliseconds": milliseconds, **exchange, **result})
    with suppress(OSError, HTTPException):
        cloud = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
        to_cloud = HTTPConnection(cloud.hostname or "", cloud.port, timeout=_SECONDS)
        _request(to_cloud, "POST", PATH, copy.encode(), {"Content-Type": "application/json"})
        _getresponse(to_cloud).read()
        to_cloud.close()
