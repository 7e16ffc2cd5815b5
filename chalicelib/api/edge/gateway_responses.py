"""Gateway responses: the problems that API Gateway returns without a response from the function.

API Gateway's defaults have another format, and its response to an unknown path repeats the whole `Authorization`
header. `python -m deploy finish` sets these responses on the deployed API. The local cloud returns the responses that
were set on it; `make run` returns these.
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..responses import BODY_TOO_LARGE, INTERNAL_ERROR, PROBLEM_JSON, UNSUPPORTED_MEDIA_TYPE, Problem
from .cors import static_headers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ROUTE_NOT_FOUND = Problem("route-not-found", HTTPStatus.NOT_FOUND, "Route not found")
BAD_REQUEST = Problem("bad-request", HTTPStatus.BAD_REQUEST, "The request is not valid")
REQUEST_REFUSED = Problem("request-refused", HTTPStatus.FORBIDDEN, "The request was refused")
THROTTLED = Problem("throttled", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests")
NO_ANSWER_IN_TIME = Problem("no-answer-in-time", HTTPStatus.GATEWAY_TIMEOUT, "The API did not respond in time")

PROBLEMS = (
    *(ROUTE_NOT_FOUND, BAD_REQUEST, REQUEST_REFUSED, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE),
    *(THROTTLED, INTERNAL_ERROR, NO_ANSWER_IN_TIME),
)
RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """One gateway response. `type` is API Gateway's response type; `status` None keeps the status of API Gateway."""

    type: str
    status: int | None
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments of `put_gateway_response` except `restApiId`. They contain no request variables."""
        parameters = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in self.headers.items()}
        return {
            "responseType": self.type,
            **({"statusCode": str(self.status)} if self.status else {}),
            "responseParameters": parameters,
            "responseTemplates": {"application/json": json.dumps(self.body)},
        }


def gateway_responses(origins: Collection[str] = ()) -> list[GatewayResponse]:
    """Returns one response per response type of API Gateway, with CORS headers for `origins` (`cors.read_origins`)."""
    return [
        *_of(("DEFAULT_4XX",), REQUEST_REFUSED, "API Gateway refused this request.", origins, keeps_status=True),
        *_of(("DEFAULT_5XX",), INTERNAL_ERROR, "The API did not respond.", origins, keeps_status=True),
        *_of(
            # INVALID_SIGNATURE: for an unknown route, API Gateway reads `Authorization` as an AWS signature.
            ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "RESOURCE_NOT_FOUND"),
            ROUTE_NOT_FOUND,
            "The API has no route with this method and path.",
            origins,
        ),
        *_of(("BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS"), BAD_REQUEST, "API Gateway cannot read it.", origins),
        *_of(
            ("ACCESS_DENIED", "EXPIRED_TOKEN", "INVALID_API_KEY", "WAF_FILTERED"),
            REQUEST_REFUSED,
            "API Gateway refused this request.",
            origins,
        ),
        *_of(("UNAUTHORIZED",), REQUEST_REFUSED, "API Gateway refused this request.", origins, keeps_status=True),
        *_of(("REQUEST_TOO_LARGE",), BODY_TOO_LARGE, "API Gateway accepts at most 10 MB.", origins),
        *_of(("UNSUPPORTED_MEDIA_TYPE",), UNSUPPORTED_MEDIA_TYPE, "Send application/json.", origins),
        *_of(("THROTTLED", "QUOTA_EXCEEDED"), THROTTLED, "Send the request again later.", origins),
        *_of(
            ("INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE"),
            NO_ANSWER_IN_TIME,
            "The request may have succeeded. A create with an Idempotency-Key can be sent again.",
            origins,
        ),
        *_of(
            ("API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE"),
            INTERNAL_ERROR,
            "The API is not set up correctly.",
            origins,
        ),
    ]


def find(responses: Collection[GatewayResponse], type_: str) -> GatewayResponse:
    """Returns the response of this type. Raises StopIteration if there is none."""
    return next(response for response in responses if response.type == type_)


def _of(
    types: Collection[str], problem: Problem, detail: str, origins: Collection[str], *, keeps_status: bool = False
) -> list[GatewayResponse]:
    body = problem.body(detail)
    if keeps_status:
        # API Gateway chooses the status, and RFC 9457 does not require the member.
        del body["status"]
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)} if problem is THROTTLED else {}
    headers = {"Content-Type": PROBLEM_JSON, **retry, **static_headers(origins)}
    return [GatewayResponse(type_, None if keeps_status else int(problem.status), body, headers) for type_ in types]
