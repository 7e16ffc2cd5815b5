"""Reads a request with AWS's service models: its service, operation, Region, caller and parameters."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

_SCOPE = re.compile(r"(?:^|Credential=)(?P<key>\w+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_APPLICATION = re.compile(r"\bapp/(?P<name>\S+)")  # from AWS_SDK_UA_APP_ID, set for each child process
_DEFAULT_REGION = "us-east-1"
_UNSIGNED = {"/schedules": "scheduler", "/schedule-groups": "scheduler", "/2015-03-31/functions": "lambda"}
_MODELS = {"monitoring": "cloudwatch"}  # signing name -> model name, where they differ


@dataclass(frozen=True)
class Operation:
    """A request, as AWS reads it.

    service: botocore's name of the service. name: of the operation. access_key_id: of the key that signed the request.
    Each is "" if unknown.
    """

    service: str
    name: str
    region: str
    access_key_id: str
    request: Request = field(repr=False)
    _model: OperationModel | None = field(repr=False)
    _uri_parameters: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"

    @property
    def caller(self) -> str:
        """The caller's application id, such as a function's name, or else the first word of the User-Agent header,
        such as Boto3/1.44.5.
        """
        user_agent = self.request.headers.get("User-Agent", "")
        application = _APPLICATION.search(user_agent)
        return application["name"] if application else user_agent.partition(" ")[0]

    @property
    def protocol(self) -> str:
        """The protocol of the request: json, rest-json, query, ec2 or rest-xml; "" if unknown."""
        if self._model is None:
            return ""
        return determine_request_protocol(self._model.service_model, self.request.content_type)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The request's members by their names in the model, for every protocol; empty for an unknown operation."""
        if self._model is None:
            return {}
        parsed: dict[str, Any] = PROTOCOL_PARSERS[self.protocol](self._model).parse(
            {
                "method": self.request.method,
                "values": self.request.values,
                "headers": self.request.headers,
                "body": self.request.get_data(),
                "url_path": self.request.path,
                "url_params": self._uri_parameters,
            }
        )
        return parsed


def operation_of(request: Request) -> Operation:
    """Read the service and the Region from the signature, as AWS does, and the rest with the service model."""
    scope = _SCOPE.search(request.headers.get("Authorization") or request.args.get("X-Amz-Credential", ""))
    service = _service(scope["service"].lower() if scope else "", request.path)
    region = scope["region"] if scope else _DEFAULT_REGION
    model, uri_parameters = _match(service, request)
    key = scope["key"] if scope else ""
    return Operation(service, model.name if model else "", region, key, request, model, uri_parameters)


def _service(signing_name: str, path: str) -> str:
    """Returns the service. The path distinguishes SES version 2 from version 1, and identifies an unsigned request."""
    if signing_name in {"ses", ""} and path.startswith("/v2/email/"):
        return "sesv2"
    if signing_name == "":
        return next((service for start, service in _UNSIGNED.items() if path.startswith(start)), "")
    return _MODELS.get(signing_name, signing_name)


def _match(service: str, request: Request) -> tuple[OperationModel | None, dict[str, Any]]:
    try:
        model, uri_parameters = get_service_router(service).match(request)
    except (NotFound, UnknownServiceError):
        return None, {}
    except NotImplementedError:  # by moto's router, for a protocol that only the rest of moto knows
        return None, {}
    return model, uri_parameters
