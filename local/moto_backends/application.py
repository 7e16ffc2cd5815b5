"""moto's WSGI application in this process, with fixes where moto differs from AWS.

docs/emulation.md lists the differences and the fixes.
"""

from collections.abc import Mapping
from io import BytesIO

from moto.core.base_backend import BackendDict
from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import SQSBackend, sqs_backends
from werkzeug.wrappers import Response

from local.moto_backends.dynamodb import IsolatedDynamoDB, WriteListener
from local.moto_backends.dynamodb_lag import Lag
from local.moto_backends.fixes import fix_moto

_SHAPES = {
    "AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist",
    "MissingParameter": "MissingRequiredParameterException",
}
"""The name of an error in the JSON protocol, by the one of the query protocol, which moto's exceptions have."""


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

    def send_message(self, queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send a message to an SQS queue, with each attribute as a String, without a request: they come in bursts.

        Raises AwsError as SQS would refuse the request.
        """
        _, _, _, region, account, name = queue_arn.split(":", 5)
        strings = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
        try:
            _queues_of(account, region).send_message(name, body, strings)
        except ServiceException as refused:
            raise AwsError(_SHAPES.get(refused.code, refused.code), refused.message) from refused

    def _ask_moto(self, request: Request, body: bytes) -> Response:
        """Pass the request to moto, with the body that was read from it and without a transfer encoding."""
        environ = dict(request.environ)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return Response.from_app(self._application, environ, buffered=True)


def _queues_of(account: str, region: str) -> SQSBackend:
    """Raises moto's QueueDoesNotExist if there is no such Region."""
    try:
        return sqs_backends[account][region]
    except KeyError as unknown:
        raise QueueDoesNotExist from unknown
