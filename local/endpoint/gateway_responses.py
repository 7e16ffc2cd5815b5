"""API Gateway's own answers: as an API's gateway responses say, or else as AWS's defaults do.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from moto.apigateway.models import GatewayResponse
from moto.core.request import Request
from werkzeug.wrappers import Response

_HEADER = "gatewayresponse.header."


@dataclass(frozen=True)
class Refusal:
    """Why API Gateway answers by itself: its type of gateway response, and the status and text of AWS's default."""

    type: str
    status: HTTPStatus
    message: str

    def answer(self, responses: Mapping[str, GatewayResponse]) -> Response:
        """`responses`: the deployed ones, by their types. Raises NotImplementedError for what they do not use here."""
        fallback = "DEFAULT_4XX" if self.status < HTTPStatus.INTERNAL_SERVER_ERROR else "DEFAULT_5XX"
        found = responses.get(self.type) or responses.get(fallback)
        if found is None:
            return Response(json.dumps({"message": self.message}), self.status, content_type="application/json")
        (template,) = (found.response_templates or {"": ""}).values()
        response = Response(template, int(found.status_code or self.status), content_type="application/json")
        for name, value in (found.response_parameters or {}).items():
            response.headers[name.removeprefix(_HEADER)] = _literal(value)
        if "$" in template:
            raise NotImplementedError("variables in the template of a gateway response")
        return response


def no_route(request: Request) -> Refusal:
    """API Gateway reads `Authorization` as a signature where it finds no route, and shows the header if it is none."""
    authorization = request.headers.get("Authorization")
    message = "Missing Authentication Token"
    if authorization is not None:
        first = authorization.partition(" ")[2] or authorization
        message = (
            f"'{first}' not a valid key=value pair (missing equal-sign) in Authorization header: '{authorization}'."
        )
    return Refusal("MISSING_AUTHENTICATION_TOKEN", HTTPStatus.FORBIDDEN, message)


NO_API = Refusal("ACCESS_DENIED", HTTPStatus.FORBIDDEN, "Forbidden")
NO_FUNCTION = Refusal("API_CONFIGURATION_ERROR", HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")
FUNCTION_THROTTLED = Refusal("INTEGRATION_FAILURE", HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")
NO_PROXY_ANSWER = Refusal("DEFAULT_5XX", HTTPStatus.BAD_GATEWAY, "Internal server error")


def _literal(value: str) -> str:
    if len(value) < 2 or value[0] != "'" or value[-1] != "'":  # noqa: PLR2004 - two quotes
        raise NotImplementedError(f"the parameter {value} of a gateway response")
    return value[1:-1]
