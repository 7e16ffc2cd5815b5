"""API Gateway's data plane: requests to REST APIs that were deployed to the local cloud.

    http://127.0.0.1:4566/restapis/{api id}/{stage}/_user_request_/{path}

is what https://{api id}.execute-api.{region}.amazonaws.com/{stage}/{path} is on AWS. Lambda proxy integrations only:
Chalice makes no other.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from moto.apigateway.models import Resource, RestAPI, Stage
from moto.backends import get_backend
from moto.core.request import Request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from local.environment import ACCOUNT
from local.lambda_runtime.fleet import Throttled
from local.lambda_runtime.function import FunctionNotFound, find_function
from local.lambda_runtime.invocation import Outcome
from local.lambda_runtime.runtime import LambdaRuntime, new_invocation

_URL = re.compile(r"/restapis/(?P<api>[^/]+)/(?P<stage>[^/]+)/_user_request_(?P<path>/.*)?")
_FUNCTION = re.compile(r"/functions/(?P<arn>[^/]+)/invocations")
_PARAMETER = re.compile(r"\\\{(\w+)\\\}")  # as re.escape leaves it


def is_user_request(request: Request) -> bool:
    return _URL.fullmatch(request.path) is not None


class UserRequests:
    """Runs the functions behind deployed REST APIs."""

    def __init__(self, runtime: LambdaRuntime) -> None:
        self._runtime = runtime

    def respond(self, request: Request) -> Response:
        """Answer a request of `is_user_request`, or in API Gateway's words why not."""
        found = _URL.fullmatch(urlsplit(request.raw_url).path)
        api = _api(found["api"]) if found else None
        if found is None or api is None or found["stage"] not in api.stages:
            return _plain(HTTPStatus.FORBIDDEN, "Forbidden")
        route = _route(api, request.method, found["path"] or "/")
        if route is None:
            return _no_such_path(api, request.headers.get("Authorization"))
        return self._invoke(api, route.function_arn, _event(request, api, api.stages[found["stage"]], route))

    def _invoke(self, api: RestAPI, function_arn: str, event: dict[str, Any]) -> Response:
        try:
            function = find_function(function_arn)
            outcome = self._runtime.run(function, new_invocation(function, json.dumps(event).encode()))
        except (FunctionNotFound, Throttled):
            return _gateways_own(api, "DEFAULT_5XX", HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")
        return _response(api, outcome)


@dataclass(frozen=True)
class _Route:
    """Where a request goes. Path and parameters are percent-encoded, as REST APIs hand them on."""

    resource: Resource
    function_arn: str
    path: str
    parameters: dict[str, str]


def _api(api_id: str) -> RestAPI | None:
    """Ids are of one Region, and the URL names none."""
    regions = list(get_backend("apigateway")[ACCOUNT].values())
    return next((region.apis[api_id] for region in regions if api_id in region.apis), None)


def _route(api: RestAPI, method: str, path: str) -> _Route | None:
    """Of several resources that fit, the one with the fewest parameters."""
    fitting = [
        (resource, match.groupdict())
        for resource in api.resources.values()
        if method in resource.resource_methods and (match := _pattern(resource.get_path()).fullmatch(path))
    ]
    if not fitting:
        return None
    resource, parameters = min(fitting, key=lambda pair: len(pair[1]))
    return _Route(resource, _function_arn(resource, method), path, parameters)


def _pattern(resource_path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(resource_path)))


def _function_arn(resource: Resource, method: str) -> str:
    """Raises NotImplementedError if something else than a function is behind the method."""
    integration = resource.resource_methods[method].method_integration
    function = _FUNCTION.search((integration and integration.uri) or "")
    if function is None:
        raise NotImplementedError(f"{method} {resource.get_path()} has no Lambda proxy integration")
    return function["arn"]


def _event(request: Request, api: RestAPI, stage: Stage, route: _Route) -> dict[str, Any]:
    query = request.args.to_dict(flat=False)
    headers = {name: request.headers.getlist(name) for name in request.headers.keys()}  # noqa: SIM118 - not a dict
    is_binary = request.mimetype in api.binaryMediaTypes
    body = request.get_data()
    return {
        "resource": route.resource.get_path(),
        "path": route.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": route.parameters or None,
        "stageVariables": stage.variables or None,
        "requestContext": _context(request, api, stage, route),
        "body": (base64.b64encode(body) if is_binary else body).decode(errors="replace") or None,
        "isBase64Encoded": is_binary,
    }


def _context(request: Request, api: RestAPI, stage: Stage, route: _Route) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT,
        "apiId": api.id,
        "domainName": request.host,
        "httpMethod": request.method,
        "identity": {"sourceIp": "127.0.0.1", "userAgent": request.headers.get("User-Agent")},
        "path": f"/{stage.name}{route.path}",
        "protocol": request.environ["SERVER_PROTOCOL"],
        "resourceId": route.resource.id,
        "resourcePath": route.resource.get_path(),
        "stage": stage.name,
    }


def _response(api: RestAPI, outcome: Outcome) -> Response:
    """What the function answered; 502 if that is no answer to a proxy integration."""
    try:
        answer = json.loads(outcome.payload)
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return Response(content, int(answer["statusCode"]), _headers(answer))
    except (ValueError, TypeError, AttributeError, KeyError):
        return _gateways_own(api, "DEFAULT_5XX", HTTPStatus.BAD_GATEWAY, "Internal server error")


def _headers(answer: dict[str, Any]) -> Headers:
    headers = Headers(answer.get("headers") or {})
    headers.setdefault("Content-Type", "application/json")
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        headers.setlist(name, values)
    return headers


def _no_such_path(api: RestAPI, authorization: str | None) -> Response:
    """An unknown path asks for AWS's own signature; an Authorization header is a bad one, and is repeated."""
    if authorization is None:
        message, kind = "Missing Authentication Token", "MISSING_AUTHENTICATION_TOKEN"
    else:
        message, kind = f"Invalid key=value pair in Authorization header: '{authorization}'.", "INVALID_SIGNATURE"
    return _gateways_own(api, kind, HTTPStatus.FORBIDDEN, message)


def _gateways_own(api: RestAPI, kind: str, status: HTTPStatus, message: str) -> Response:
    """As the API's gateway responses have it: that of this kind, or of all 4xx or 5xx, or API Gateway's own.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
    """
    found = api.gateway_responses.get(kind) or api.gateway_responses.get(f"DEFAULT_{status // 100}XX")
    template = (found.response_templates or {}).get("application/json") if found else None
    if found is None or template is None:
        return _plain(status, message)
    headers = {
        name.removeprefix("gatewayresponse.header."): value.strip("'")
        for name, value in (found.response_parameters or {}).items()
        if name.startswith("gatewayresponse.header.")
    }
    body = template.replace("$context.error.messageString", json.dumps(message))
    return Response(body, int(found.status_code or status), {"Content-Type": "application/json"} | headers)


def _plain(status: HTTPStatus, message: str) -> Response:
    return Response(json.dumps({"message": message}), status, content_type="application/json")
