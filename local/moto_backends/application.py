"""moto's WSGI application in this process, with fixes where moto differs from AWS.

docs/emulation.md lists the differences and the fixes.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from local.moto_backends.dynamodb import IsolatedDynamoDB, WriteListener
from local.moto_backends.dynamodb_lag import Lag
from local.moto_backends.fixes import fix_moto


class AwsError(Exception):
    """An AWS API refused a request. code: AWS's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Aws:
    """moto without data. Only one can be used at a time, because moto keeps its data in the process.

    table_listeners: called with each item that is written to DynamoDB. table_lag: the age of eventually consistent
    reads of DynamoDB; None means no lag.
    """

    def __init__(self, *table_listeners: WriteListener, table_lag: Lag | None = None) -> None:
        fix_moto()
        BackendDict.reset()
        self._dynamodb = IsolatedDynamoDB(*table_listeners, lag=table_lag)
        self._application = DomainDispatcherApplication(create_backend_app)

    def respond(self, request: Request) -> Response:
        """Answer any signed AWS request."""
        target = request.headers.get("X-Amz-Target", "")
        body = request.get_data()
        if target.startswith("DynamoDB_"):
            return self._dynamodb.respond(target, body, lambda: self._ask_moto(request, body))
        return self._ask_moto(request, body)

    def call(self, service: str, target: str, members: Mapping[str, Any], *, region: str) -> dict[str, Any]:
        """Call an operation of a JSON service, without the network. Raises AwsError if it is refused.

        target: the value of X-Amz-Target. members: of the request.
        """
        headers = [
            ("Authorization", f"AWS4-HMAC-SHA256 Credential=local/20260101/{region}/{service}/aws4_request"),
            ("X-Amz-Target", target),
        ]
        builder = EnvironBuilder(
            method="POST", headers=headers, content_type="application/x-amz-json-1.0", data=json.dumps(members)
        )
        response = self.respond(Request(builder.get_environ()))
        answer: dict[str, Any] = json.loads(response.get_data())
        if response.status_code != HTTPStatus.OK:
            raise AwsError(answer["__type"].rpartition("#")[2], answer.get("message") or answer.get("Message", ""))
        return answer

    def _ask_moto(self, request: Request, body: bytes) -> Response:
        """Pass the request to moto, with the body that was read from it and without a transfer encoding."""
        environ = dict(request.environ)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return Response.from_app(self._application, environ, buffered=True)
