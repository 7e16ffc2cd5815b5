"""What API Gateway is told to answer by itself."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.api.edge.gateway_responses import GatewayResponse, find, gateway_responses
from chalicelib.api.models.composed import TYPE_PREFIX

SHOP = "https://shop.example.com"
DOCUMENTED = {
    *("ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE"),
    *("BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN"),
    *("INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE"),
    *("MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED"),
    *("UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED"),
}
ALL = gateway_responses([SHOP])


def client() -> Any:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")
    return session.client("apigateway")


def test_each_type_of_api_gateway_has_one() -> None:
    service = client().meta.service_model

    known = set(service.shape_for("GatewayResponseType").enum)
    assert {response.type for response in ALL} == known == DOCUMENTED
    assert len(ALL) == len(known)


@pytest.mark.parametrize("response", ALL, ids=lambda response: response.type)
def test_each_is_a_problem_and_repeats_nothing_of_the_request(response: GatewayResponse) -> None:
    arguments = response.arguments()
    (template,) = arguments["responseTemplates"].values()

    body = json.loads(template)
    assert body["type"].startswith(TYPE_PREFIX)
    assert body.get("status") == response.status
    assert "$" not in template
    assert arguments["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    assert all(value[0] == value[-1] == "'" for value in arguments["responseParameters"].values())


def test_a_mistyped_path_is_404() -> None:
    for type_ in ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "RESOURCE_NOT_FOUND"):
        assert find(ALL, type_).arguments()["statusCode"] == "404"


def test_a_default_keeps_api_gateways_status() -> None:
    assert "statusCode" not in find(ALL, "DEFAULT_4XX").arguments()
    assert "statusCode" not in find(ALL, "DEFAULT_5XX").arguments()


def test_a_throttle_says_when_to_come_back() -> None:
    assert find(ALL, "THROTTLED").headers["Retry-After"] == "1"


@pytest.mark.parametrize(("origins", "allowed"), [([SHOP], SHOP), (["*"], "*"), ([SHOP, "https://b.example"], "*")])
def test_pages_of_other_origins_can_read_them(origins: list[str], allowed: str) -> None:
    for response in gateway_responses(origins):
        assert response.headers["Access-Control-Allow-Origin"] == allowed
        assert response.headers["Access-Control-Expose-Headers"] == "ETag, Location, Retry-After"


def test_without_origins_no_page_can() -> None:
    assert not any("Access-Control" in name for response in gateway_responses() for name in response.headers)


def test_api_gateways_client_takes_them() -> None:
    gateway = client()

    with Stubber(gateway) as stub:
        for response in ALL:
            stub.add_response("put_gateway_response", {}, {"restApiId": "a1b2c3", **response.arguments()})
            gateway.put_gateway_response(restApiId="a1b2c3", **response.arguments())
        stub.assert_no_pending_responses()
