"""HTTP requests and answers of Lambda's Invoke: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html."""

import json
from http import HTTPStatus

from werkzeug.wrappers import Response

from local.aws_protocols.operations import Operation
from local.lambda_runtime.fleet import Throttled
from local.lambda_runtime.function import Function, FunctionNotFound, find_function
from local.lambda_runtime.invocation import Invocation, Outcome
from local.lambda_runtime.runtime import LambdaRuntime, new_invocation

_MOST_BYTES = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024, "DryRun": 6 * 1024 * 1024}


def invoke(runtime: LambdaRuntime, operation: Operation) -> Response:
    """Answer an Invoke request."""
    asked = operation.parameters
    try:
        function = find_function(asked["FunctionName"], region=operation.region, qualifier=asked.get("Qualifier"))
        return _invoke(runtime, function, asked.get("InvocationType", "RequestResponse"), asked.get("Payload", b""))
    except FunctionNotFound as error:
        return _error(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", str(error))
    except Throttled:
        return _error(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.")


def _invoke(runtime: LambdaRuntime, function: Function, kind: str, payload: bytes) -> Response:
    if len(payload) > _MOST_BYTES[kind]:
        message = f"{len(payload)} byte payload is too large for the {kind} invocation type ({_MOST_BYTES[kind]} bytes)"
        return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestTooLargeException", message)
    if not _is_json(payload):
        message = "Could not parse request body into json: Could not parse payload into json"
        return _error(HTTPStatus.BAD_REQUEST, "InvalidRequestContentException", message)
    invocation = new_invocation(function, payload)
    if kind == "DryRun":
        return _answer(HTTPStatus.NO_CONTENT, invocation, b"")
    if kind == "Event":
        runtime.submit(invocation)
        return _answer(HTTPStatus.ACCEPTED, invocation, b"")
    return _shown(function, invocation, runtime.run(function, invocation))


def _shown(function: Function, invocation: Invocation, outcome: Outcome) -> Response:
    response = _answer(HTTPStatus.OK, invocation, outcome.payload)
    response.headers["X-Amz-Executed-Version"] = function.version
    if outcome.function_error is not None:
        response.headers["X-Amz-Function-Error"] = outcome.function_error
    return response


def _answer(status: HTTPStatus, invocation: Invocation, body: bytes) -> Response:
    headers = {"X-Amzn-RequestId": invocation.request_id}
    return Response(body, status, headers, content_type="application/json")


def _error(status: HTTPStatus, code: str, message: str) -> Response:
    """rest-json: the code is in a header; Lambda's body also has the error's `Type`, User or Server."""
    body = json.dumps({"Type": "User", "Message": message})
    return Response(body, status, {"x-amzn-ErrorType": code}, content_type="application/json")


def _is_json(payload: bytes) -> bool:
    try:
        json.loads(payload or b"{}")
    except ValueError:
        return False
    return True
