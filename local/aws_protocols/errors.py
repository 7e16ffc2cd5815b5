"""Error responses in the form of each AWS protocol, so that every SDK finds the error code."""

import json
from html import escape
from http import HTTPStatus

from werkzeug.wrappers import Response

from local.aws_protocols.operations import Operation

ACCESS_DENIED = "AccessDeniedException"


def error_response(operation: Operation, status: HTTPStatus, code: str, message: str) -> Response:
    """Returns an error response: https://smithy.io/2.0/aws/protocols/index.html, each protocol's section on errors."""
    match operation.protocol:
        case "query" | "ec2":
            error = f"<Error><Type>Receiver</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            return Response(f"<ErrorResponse>{error}</ErrorResponse>", status, content_type="text/xml")
        case "rest-xml":
            body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            return Response(body, status, content_type="application/xml")
        case _:
            body = json.dumps({"__type": code, "message": message})
            return Response(body, status, {"x-amzn-ErrorType": code}, content_type="application/x-amz-json-1.0")


def access_denied(operation: Operation, message: str) -> Response:
    """Returns the service's access-denied response: status 400 for DynamoDB and similar services, 403 for others."""
    if operation.protocol == "json" and operation.service != "sqs":
        return error_response(operation, HTTPStatus.BAD_REQUEST, ACCESS_DENIED, message)
    if operation.protocol in {"query", "ec2", "rest-xml"}:
        code = "AuthorizationError" if operation.service == "sns" else "AccessDenied"
        return error_response(operation, HTTPStatus.FORBIDDEN, code, message)
    return error_response(operation, HTTPStatus.FORBIDDEN, ACCESS_DENIED, message)
