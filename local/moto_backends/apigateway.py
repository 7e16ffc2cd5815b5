"""moto's API Gateway, fixed so that `chalice deploy` and `chalice delete` work against it."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from moto.apigateway.models import APIGatewayBackend, Deployment, GatewayResponse, RestAPI
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from werkzeug.wrappers import Response

from local.moto_backends.unsupported import Unsupported

_TAGGED = re.compile(
    r"arn:[a-z-]+:apigateway:(?P<region>[a-z0-9-]+)::/restapis/(?P<api>[^/]+)(/stages/(?P<stage>[^/]+))?"
)
_BINARY_TYPES = "x-amazon-apigateway-binary-media-types"


class RestApis(APIGatewayBackend):
    """Accepts the Swagger 2 documents that Chalice sends; moto accepts OpenAPI 3 only.

    A change of a gateway response takes effect with the next deployment. An overwrite removes all gateway responses.
    """

    __module__ = APIGatewayBackend.__module__  # moto looks for a backend's URLs next to its module

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._deployed: dict[tuple[str, str], Mapping[str, GatewayResponse]] = {}

    def deployed_responses(self, api_id: str, stage: str) -> Mapping[str, GatewayResponse]:
        """Returns the gateway responses of a deployed stage, by type."""
        return self._deployed.get((api_id, stage), {})

    def create_deployment(
        self, function_id: str, name: str, description: str = "", stage_variables: Any = None
    ) -> Deployment:
        deployment = super().create_deployment(function_id, name, description, stage_variables)
        self._deployed[function_id, name] = dict(self.get_rest_api(function_id).gateway_responses)
        return deployment

    def import_rest_api(self, api_doc: dict[str, Any], fail_on_warnings: bool) -> RestAPI:  # noqa: FBT001 - moto's
        return super().import_rest_api(_as_openapi_3(api_doc), fail_on_warnings)

    def put_rest_api(
        self,
        function_id: str,
        api_doc: dict[str, Any],
        fail_on_warnings: bool,  # noqa: FBT001 - moto's
        mode: str = "merge",
    ) -> RestAPI:
        api = super().put_rest_api(function_id, _as_openapi_3(api_doc), fail_on_warnings, mode)
        api.binaryMediaTypes = api_doc.get(_BINARY_TYPES, [])
        api.root_resource_id = api.default.id
        if mode == "overwrite":
            # An overwrite removes what the document does not contain (API reference, PutRestApi).
            api.gateway_responses.clear()
        return api

    def update_rest_api(self, function_id: str, patch_operations: list[dict[str, Any]]) -> RestAPI:
        api = super().update_rest_api(function_id, patch_operations)
        for change in patch_operations:
            if change["path"] == "/minimumCompressionSize":  # moto ignores it
                api.minimum_compression_size = int(change["value"]) if change.get("value") else None
        return api

    def delete_rest_api(self, function_id: str) -> RestAPI:
        self.get_rest_api(function_id)  # raises the error that moto answers with 404; its own delete answers 500
        return super().delete_rest_api(function_id)


def _as_openapi_3(document: dict[str, Any]) -> dict[str, Any]:
    """Returns the document with the version that moto requires.

    moto reads only the members that both versions share: the title, the paths, and each method's integration and
    response codes.
    """
    others = {name: value for name, value in document.items() if name != "swagger"}
    return {"openapi": "3.0.1", **others, "info": {"description": "", **document["info"]}}


def tag_resource(arn: str, tags: dict[str, str]) -> Response:
    """Answer a TagResource request for an API or a stage; moto lacks the operation.

    Raises Unsupported for another resource.
    """
    found = _TAGGED.fullmatch(arn)
    if found is None:
        raise Unsupported(f"tags of {arn}")
    api = get_backend("apigateway")[DEFAULT_ACCOUNT_ID][found["region"]].get_rest_api(found["api"])
    tagged = api.stages[found["stage"]] if found["stage"] else api
    tagged.tags = (tagged.tags or {}) | tags
    return Response(status=HTTPStatus.NO_CONTENT)
