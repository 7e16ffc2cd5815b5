"""Answers that API Gateway gives without a function: the API's gateway responses, or else AWS's defaults.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from moto.apigateway.models import GatewayResponse
from moto.core.request import Request
from werkzeug.wrappers import Response

from local.moto_backends.unsupported import Unsupported

_HEADER = "gatewayresponse.header."


@dataclass(frozen=True)
class Refusal:
    """An answer without a function. type: of the gateway response. status, message: AWS's default."""

    type: str
    status: HTTPStatus
    message: str

    def answer(self, responses: Mapping[str, GatewayResponse]) -> Response:
        """Returns the HTTP response. responses: the deployed gateway responses, by type.

        Raises Unsupported for variables in a template, and for a header whose value is not a literal.
        """
        fallback = "DEFAULT_4XX" if self.status < HTTPStatus.INTERNAL_SERVER_ERROR else "DEFAULT_5XX"
        found = responses.get(self.type) or responses.get(fallback)
        if found is None:
            return Response(json.dumps({"message": self.message}), self.status, content_type="application/json")
        (template,) = (found.response_templates or {"": ""}).values()
        response = Response(template, int(found.status_code or self.status), content_type="application/json")
        for name, value in (found.response_parameters or {}).items():
            response.headers[name.removeprefix(_HEADER)] = _literal(value)
        if "$" in template:
            raise Unsupported("variables in the template of a gateway response; allowed: literal text")
        return response


def no_route(request: Request) -> Refusal:
    """Returns the refusal of an unknown route.

    API Gateway then reads `Authorization` as a signature, and shows the header in the answer if it is not one.
    """
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
        raise Unsupported(f"the parameter {value} of a gateway response; allowed: a literal, such as 'text'")
    return value[1:-1]
