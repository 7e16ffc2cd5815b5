"""REST APIs as Chalice deploys them: kept by API Gateway, and reached over HTTP."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from chalicelib.api.edge.gateway_responses import gateway_responses
from local.testing import REGION, RunningCloud, running_cloud

ECHO = """
    import json

    def handle(event, context):
        if event["path"] == "/broken":
            raise RuntimeError("no answer")
        if event["path"] == "/teapot":
            cookies = {"Set-Cookie": ["a=1", "b=2"]}
            body = {"body": "c2hvcnQ=", "isBase64Encoded": True}
            return {"statusCode": 418, "headers": {"X-Kind": "pot"}, "multiValueHeaders": cookies, **body}
        if event["path"] == "/zipped":
            return {"statusCode": 200, "body": "x" * 2000, "headers": {"Content-Encoding": "br"}}
        return {"statusCode": 200, "body": json.dumps(event)}
"""

PATHS = {
    "/things": ["get", "post"],
    "/things/{thing_id}": ["get"],
    "/things/batch": ["get"],
    "/things/{thing_id}/parts/{part_id}": ["get"],
    "/broken": ["get"],
    "/teapot": ["get"],
    "/zipped": ["get"],
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        running.deploy("echo", ECHO, Timeout=10)
        yield running


@pytest.fixture(scope="module")
def api(cloud: RunningCloud) -> str:
    """The id of an API that is deployed as stage `live`."""
    return deploy(cloud, swagger(PATHS))


def swagger(paths: dict[str, list[str]], title: str = "things") -> dict[str, Any]:
    """As chalice/deploy/swagger.py writes it."""
    function = f"arn:aws:lambda:{REGION}:123456789012:function:echo"
    method = {
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "responses": {"200": {"description": "200 response", "schema": {"$ref": "#/definitions/Empty"}}},
        "x-amazon-apigateway-integration": {
            "responses": {"default": {"statusCode": "200"}},
            "uri": f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations",
            "passthroughBehavior": "when_no_match",
            "httpMethod": "POST",
            "contentHandling": "CONVERT_TO_TEXT",
            "type": "aws_proxy",
        },
    }
    return {
        "swagger": "2.0",
        "info": {"version": "1.0", "title": title},
        "schemes": ["https"],
        "paths": {path: dict.fromkeys(methods, method) for path, methods in paths.items()},
        "definitions": {"Empty": {"type": "object", "title": "Empty Schema"}},
        "x-amazon-apigateway-binary-media-types": ["application/octet-stream"],
    }


def deploy(cloud: RunningCloud, document: dict[str, Any]) -> str:
    gateway = cloud.client("apigateway")
    api_id: str = gateway.import_rest_api(body=json.dumps(document))["id"]
    gateway.create_deployment(restApiId=api_id, stageName="live")
    return api_id


def paths_of(cloud: RunningCloud, api_id: str) -> list[str]:
    resources = cloud.client("apigateway").get_resources(restApiId=api_id)["items"]
    return sorted(resource["path"] for resource in resources if "resourceMethods" in resource)


def send(cloud: RunningCloud, method: str, api_id: str, path: str, **request: Any) -> urllib3.BaseHTTPResponse:
    url = f"{cloud.endpoint}/restapis/{api_id}/live/_user_request_{path}"
    return urllib3.request(method, url, retries=False, timeout=10, **request)


def event_of(response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    """What the function got."""
    assert response.status == 200, response.data
    event: dict[str, Any] = response.json()
    return event


def test_a_swagger_2_document_is_taken(cloud: RunningCloud) -> None:
    api_id = deploy(cloud, swagger({"/": ["get"], "/v1/things/{id}": ["get"]}, title="imported"))

    assert cloud.client("apigateway").get_rest_api(restApiId=api_id)["name"] == "imported"
    assert paths_of(cloud, api_id) == ["/", "/v1/things/{id}"]


def test_a_document_over_it_replaces_all_paths(cloud: RunningCloud) -> None:
    api_id = deploy(cloud, swagger({"/old": ["get"], "/kept": ["get"]}))

    document = json.dumps(swagger({"/kept": ["get"], "/new": ["get"]}))
    answer = cloud.client("apigateway").put_rest_api(restApiId=api_id, mode="overwrite", body=document)

    assert answer["id"] == api_id
    assert paths_of(cloud, api_id) == ["/kept", "/new"]


def test_an_api_that_is_gone_cannot_be_deleted_again(cloud: RunningCloud) -> None:
    gateway = cloud.client("apigateway")
    api_id = deploy(cloud, swagger({"/things": ["get"]}))
    gateway.delete_rest_api(restApiId=api_id)

    with pytest.raises(ClientError, match="NotFoundException"):
        gateway.delete_rest_api(restApiId=api_id)


def compressing(cloud: RunningCloud, minimum: str) -> str:
    """The id of an API that compresses answers of at least `minimum` bytes, set as Chalice sets it; "": none."""
    api_id = deploy(cloud, swagger(PATHS))
    change = {"op": "replace", "path": "/minimumCompressionSize", "value": minimum}
    cloud.client("apigateway").update_rest_api(restApiId=api_id, patchOperations=[change])
    return api_id


@pytest.mark.parametrize(
    ("minimum", "path", "accepted", "expected"),
    [
        ("1000", f"/things?long={'x' * 1000}", "gzip, deflate, br", "gzip"),
        ("1000", f"/things?long={'x' * 1000}", "br", None),
        ("1000", f"/things?long={'x' * 1000}", "gzip;q=0, br", None),
        ("1000", f"/things?long={'x' * 1000}", "*", None),
        ("1000", "/zipped", "gzip, br", "br"),
        ("100000", f"/things?long={'x' * 1000}", "gzip", None),
        ("", f"/things?long={'x' * 1000}", "gzip", None),
    ],
)
def test_an_answer_of_the_minimum_size_is_compressed_for_a_client_that_accepts_it(
    cloud: RunningCloud, minimum: str, path: str, accepted: str, expected: str | None
) -> None:
    api_id = compressing(cloud, minimum)

    response = send(cloud, "GET", api_id, path, headers={"Accept-Encoding": accepted}, decode_content=False)

    assert response.headers.get("Content-Encoding") == expected
    assert (len(response.data) < 1000) is (expected == "gzip")
    if expected == "gzip":
        assert json.loads(gzip.decompress(response.data))["path"] == "/things"


def test_a_request_reaches_the_function_as_a_proxy_event(cloud: RunningCloud, api: str) -> None:
    response = send(cloud, "POST", api, "/things?a=1&a=2&b=%C3%BC", body=b'{"x": 1}', headers={"X-Own": "yes"})

    event = event_of(response)
    assert (event["httpMethod"], event["resource"], event["path"]) == ("POST", "/things", "/things")
    assert (event["body"], event["isBase64Encoded"]) == ('{"x": 1}', False)
    assert (event["headers"]["X-Own"], event["multiValueHeaders"]["X-Own"]) == ("yes", ["yes"])
    assert event["queryStringParameters"] == {"a": "2", "b": "ü"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["ü"]}
    assert (event["requestContext"]["stage"], event["requestContext"]["path"]) == ("live", "/live/things")
    assert event["requestContext"]["resourcePath"] == "/things"


def test_a_slash_at_the_end_reaches_the_same_function_which_sees_it(cloud: RunningCloud, api: str) -> None:
    event = event_of(send(cloud, "GET", api, "/things/"))

    assert (event["resource"], event["requestContext"]["path"]) == ("/things", "/live/things/")


def test_the_header_date_is_the_cloud_s_time(cloud: RunningCloud, api: str) -> None:
    in_a_month = datetime.now(UTC) + timedelta(days=30)

    cloud.clock.stand_at(in_a_month)
    answers = [send(cloud, "GET", api, path) for path in ("/things", "/nothing")]
    cloud.clock.reset()

    dates = [parsedate_to_datetime(answer.headers["Date"]) for answer in answers]
    assert dates == [in_a_month.replace(microsecond=0)] * 2
    assert [len(answer.headers.getlist("Date")) for answer in answers] == [1, 1]


def test_what_is_not_there_is_null(cloud: RunningCloud, api: str) -> None:
    event = event_of(send(cloud, "GET", api, "/things"))

    names = ("body", "pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables")
    assert {event[name] for name in names} == {None}


def test_path_parameters_stay_percent_encoded(cloud: RunningCloud, api: str) -> None:
    event = event_of(send(cloud, "GET", api, "/things/a%2Fb/parts/%C3%BC"))

    assert event["resource"] == "/things/{thing_id}/parts/{part_id}"
    assert event["pathParameters"] == {"thing_id": "a%2Fb", "part_id": "%C3%BC"}


def test_a_path_in_plain_words_goes_before_one_with_parameters(cloud: RunningCloud, api: str) -> None:
    assert event_of(send(cloud, "GET", api, "/things/batch"))["resource"] == "/things/batch"


def test_a_body_of_a_binary_type_is_encoded(cloud: RunningCloud, api: str) -> None:
    headers = {"Content-Type": "application/octet-stream"}

    event = event_of(send(cloud, "POST", api, "/things", body=b"\xff\x00", headers=headers))

    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)


def test_the_answer_is_the_functions(cloud: RunningCloud, api: str) -> None:
    response = send(cloud, "GET", api, "/teapot")

    assert (response.status, response.data) == (418, b"short")
    assert (response.headers["X-Kind"], response.headers.getlist("Set-Cookie")) == ("pot", ["a=1", "b=2"])
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("DELETE", "/things"), ("GET", "/things//"), ("GET", "")]
)
def test_what_has_no_method_is_refused_in_api_gateways_words(
    cloud: RunningCloud, api: str, method: str, path: str
) -> None:
    response = send(cloud, method, api, path)

    assert (response.status, response.json()) == (403, {"message": "Missing Authentication Token"})


def test_a_mistyped_path_shows_the_token_as_api_gateway_does_by_default(cloud: RunningCloud, api: str) -> None:
    response = send(cloud, "GET", api, "/nothing", headers={"Authorization": "Bearer abc.def"})

    assert response.status == 403
    assert response.json()["message"].startswith("'abc.def' not a valid key=value pair (missing equal-sign)")


def with_responses(cloud: RunningCloud, document: dict[str, Any]) -> str:
    api_id = deploy(cloud, document)
    gateway = cloud.client("apigateway")
    for response in gateway_responses(["https://shop.example.com"]):
        gateway.put_gateway_response(restApiId=api_id, **response.arguments())
    gateway.create_deployment(restApiId=api_id, stageName="live")
    return api_id


def problem_of(response: urllib3.BaseHTTPResponse) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status, response.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer abc.def"}, {"Authorization": "abc.def"}])
def test_with_our_gateway_responses_a_mistyped_path_never_shows_the_token(
    cloud: RunningCloud, headers: dict[str, str]
) -> None:
    api_id = with_responses(cloud, swagger(PATHS))

    response = send(cloud, "GET", api_id, "/nothing", headers=headers)

    assert problem_of(response) == (404, "route-not-found")
    assert b"abc" not in response.data
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"


def test_with_our_gateway_responses_failures_are_problems(cloud: RunningCloud) -> None:
    document = json.dumps(swagger({"/things": ["get"]})).replace("function:echo", "function:gone")

    no_answer = send(cloud, "GET", with_responses(cloud, swagger(PATHS)), "/broken")
    no_function = send(cloud, "GET", with_responses(cloud, json.loads(document)), "/things")

    assert problem_of(no_answer) == (502, "internal-error")
    assert problem_of(no_function) == (500, "internal-error")


def test_gateway_responses_answer_from_the_next_deployment_on(cloud: RunningCloud) -> None:
    api_id = deploy(cloud, swagger(PATHS))
    gateway = cloud.client("apigateway")
    gateway.put_gateway_response(restApiId=api_id, responseType="DEFAULT_4XX", statusCode="418")

    before = send(cloud, "GET", api_id, "/nothing").status
    gateway.create_deployment(restApiId=api_id, stageName="live")

    assert (before, send(cloud, "GET", api_id, "/nothing").status) == (403, 418)


def test_a_document_over_an_api_removes_its_gateway_responses(cloud: RunningCloud) -> None:
    api_id = with_responses(cloud, swagger(PATHS))
    gateway = cloud.client("apigateway")

    gateway.put_rest_api(restApiId=api_id, mode="overwrite", body=json.dumps(swagger(PATHS)))
    gateway.create_deployment(restApiId=api_id, stageName="live")

    assert gateway.get_gateway_responses(restApiId=api_id)["items"] == []
    assert send(cloud, "GET", api_id, "/nothing").json() == {"message": "Missing Authentication Token"}


def test_a_function_that_does_not_answer_is_a_bad_gateway(cloud: RunningCloud, api: str) -> None:
    response = send(cloud, "GET", api, "/broken")

    assert (response.status, response.json()) == (502, {"message": "Internal server error"})


def test_an_api_that_is_not_there_is_forbidden(cloud: RunningCloud) -> None:
    assert send(cloud, "GET", "nosuchapi0", "/things").status == 403


def test_an_api_without_its_stage_is_forbidden(cloud: RunningCloud) -> None:
    api_id = deploy(cloud, swagger({"/things": ["get"]}))
    cloud.client("apigateway").delete_stage(restApiId=api_id, stageName="live")

    assert send(cloud, "GET", api_id, "/things").status == 403


def test_an_api_whose_function_is_gone_answers_500(cloud: RunningCloud) -> None:
    document = json.dumps(swagger({"/things": ["get"]})).replace("function:echo", "function:gone")
    api_id = deploy(cloud, json.loads(document))

    response = send(cloud, "GET", api_id, "/things")

    assert (response.status, response.json()) == (500, {"message": "Internal server error"})
