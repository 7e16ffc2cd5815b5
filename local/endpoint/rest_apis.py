"""Answers requests to REST APIs that were deployed to the local cloud, as API Gateway does.

    http://127.0.0.1:4566/restapis/{api id}/{stage}/_user_request_/{path}

corresponds to https://{api id}.execute-api.{region}.amazonaws.com/{stage}/{path} on AWS. Only Lambda proxy integrations
are supported: Chalice makes no others.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import gzip
import json
import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from moto.apigateway.models import Resource, RestAPI, Stage
from moto.backends import get_backend
from moto.core.request import Request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from local.endpoint.gateway_responses import (
    FUNCTION_THROTTLED,
    NO_API,
    NO_FUNCTION,
    NO_PROXY_ANSWER,
    Refusal,
    no_route,
)
from local.environment import ACCOUNT
from local.lambda_runtime.fleet import Throttled
from local.lambda_runtime.function import FunctionNotFound, find_function
from local.lambda_runtime.invocation import Outcome
from local.lambda_runtime.runtime import LambdaRuntime, new_invocation
from local.moto_backends.apigateway import RestApis
from local.moto_backends.unsupported import Unsupported
from local.time.clock import Clock

_URL = re.compile(r"/restapis/(?P<api>[^/]+)/(?P<stage>[^/]+)/_user_request_(?P<path>/.*)?")
_FUNCTION = re.compile(r"/functions/(?P<arn>[^/]+)/invocations")
_PARAMETER = re.compile(r"\\\{(\w+)\\\}")  # {name} after re.escape


def is_user_request(request: Request) -> bool:
    return _URL.fullmatch(request.path) is not None


class UserRequests:
    """Runs the functions behind deployed REST APIs. Their answers have the cloud's time in `Date`."""

    def __init__(self, runtime: LambdaRuntime, clock: Clock) -> None:
        self._runtime = runtime
        self._clock = clock

    def respond(self, request: Request) -> Response:
        """Returns the function's answer, or API Gateway's own answer. request: one for which `is_user_request` is true.

        Raises Unsupported for a method without a Lambda proxy integration.
        """
        response = self._respond(request)
        response.date = self._clock.now()
        return response

    def _respond(self, request: Request) -> Response:
        found = _URL.fullmatch(urlsplit(request.raw_url).path)
        backend = _backend(found["api"]) if found else None
        if found is None or backend is None or found["stage"] not in backend.apis[found["api"]].stages:
            return NO_API.answer({})
        api = backend.apis[found["api"]]
        answer = self._answer(request, api, api.stages[found["stage"]], found["path"] or "/")
        if isinstance(answer, Refusal):
            return answer.answer(backend.deployed_responses(api.id, found["stage"]))
        return answer

    def _answer(self, request: Request, api: RestAPI, stage: Stage, path: str) -> Response | Refusal:
        route = _route(api, request.method, path)
        if route is None:
            return no_route(request)
        try:
            function = find_function(route.function_arn)
            event = json.dumps(_event(request, api, stage, route)).encode()
            answer = _response(self._runtime.run(function, new_invocation(function, event)))
        except FunctionNotFound:
            return NO_FUNCTION
        except Throttled:
            return FUNCTION_THROTTLED
        if isinstance(answer, Response) and _is_compressed(answer, api, request):
            answer.set_data(gzip.compress(answer.get_data()))
            answer.content_encoding = "gzip"
        return answer


@dataclass(frozen=True)
class _Route:
    """The resource and function of a request. Path and parameters stay percent-encoded, as in REST APIs on AWS."""

    resource: Resource
    function_arn: str
    path: str
    parameters: dict[str, str]


def _backend(api_id: str) -> RestApis | None:
    """Find the API's Region by its id, because the URL has no Region. Returns None if the id is unknown."""
    regions = cast("list[RestApis]", list(get_backend("apigateway")[ACCOUNT].values()))
    return next((region for region in regions if api_id in region.apis), None)


def _route(api: RestAPI, method: str, path: str) -> _Route | None:
    """Returns the matching resource with the fewest parameters, or None if none matches.

    A slash at the end is ignored; the event has the path as it was sent
    (https://github.com/aws-powertools/powertools-lambda-python/issues/1552).
    """
    matched = path.removesuffix("/") or "/"
    fitting = [
        (resource, match.groupdict())
        for resource in api.resources.values()
        if method in resource.resource_methods and (match := _pattern(resource.get_path()).fullmatch(matched))
    ]
    if not fitting:
        return None
    resource, parameters = min(fitting, key=lambda pair: len(pair[1]))
    return _Route(resource, _function_arn(resource, method), path, parameters)


def _pattern(resource_path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(resource_path)))


def _function_arn(resource: Resource, method: str) -> str:
    """Returns the ARN of the method's function. Raises Unsupported if the method has another integration."""
    integration = resource.resource_methods[method].method_integration
    function = _FUNCTION.search((integration and integration.uri) or "")
    if function is None:
        raise Unsupported(f"{method} {resource.get_path()} without a Lambda proxy integration")
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


def _response(outcome: Outcome) -> Response | Refusal:
    """Returns the function's answer, or a refusal if the answer does not fit a proxy integration."""
    try:
        answer = json.loads(outcome.payload)
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return Response(content, int(answer["statusCode"]), _headers(answer))
    except (ValueError, TypeError, AttributeError, KeyError):
        return NO_PROXY_ANSWER


def _is_compressed(answer: Response, api: RestAPI, request: Request) -> bool:
    """Returns whether API Gateway compresses the answer (Developer Guide, "Receive an API response with a compressed
    payload"). `Accept-Encoding: *` does not suffice.
    """
    return (
        api.minimum_compression_size is not None
        and len(answer.get_data()) >= api.minimum_compression_size
        and answer.content_encoding is None
        and any(coding == "gzip" and quality > 0 for coding, quality in request.accept_encodings)
    )


def _headers(answer: dict[str, Any]) -> Headers:
    headers = Headers(answer.get("headers") or {})
    headers.setdefault("Content-Type", "application/json")
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        headers.setlist(name, values)
    return headers
