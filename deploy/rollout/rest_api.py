"""What a REST API needs, and Chalice does not set: a limit on requests, tags, answers that are the gateway's own.

Chalice overwrites the API at each deployment, and the gateway's answers with it. All of this can be repeated: what is
as it should be is left alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.operate.throttle import limits_of, set_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.rollout.target import Target

PROBLEM = "urn:scheduled-tasks:problem:"


@dataclass(frozen=True)
class GatewayAnswer:
    """A problem that API Gateway answers by itself. `status`: None keeps API Gateway's own."""

    problem: str
    title: str
    status: int | None = None

    def as_request(self, response_type: str) -> dict[str, Any]:
        """The members of PutGatewayResponse.

        API Gateway's own texts are left out: they repeat what was sent, such as a whole Authorization header.
        """
        body: dict[str, Any] = {"type": PROBLEM + self.problem, "title": self.title}
        if self.status:
            body |= {"status": self.status}
        return {
            "responseType": response_type,
            "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
            "responseTemplates": {"application/json": json.dumps(body)},
            **({"statusCode": str(self.status)} if self.status else {}),
        }


NO_SUCH_PATH = GatewayAnswer("path-not-found", "There is no such path or method", 404)
ANSWERS: Mapping[str, GatewayAnswer] = {
    "DEFAULT_4XX": GatewayAnswer("request-refused", "API Gateway refused the request"),
    "DEFAULT_5XX": GatewayAnswer("gateway-failed", "API Gateway could not answer the request"),
    # A path that is unknown asks for AWS's own signature, and reads a bearer token as a bad one.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    "MISSING_AUTHENTICATION_TOKEN": NO_SUCH_PATH,
    "INVALID_SIGNATURE": NO_SUCH_PATH,
    "THROTTLED": GatewayAnswer("too-many-requests", "Too many requests a second", 429),
    "REQUEST_TOO_LARGE": GatewayAnswer("body-too-large", "The body is too large", 413),
    "INTEGRATION_TIMEOUT": GatewayAnswer("timeout", "The API did not answer in time", 504),
}


class RestApi:
    """The deployed API. `client`: boto3's of API Gateway; `stage`: API Gateway's, not the app's."""

    def __init__(self, client: Any, api_id: str, stage: str, target: Target) -> None:
        self._client = client
        self._api_id = api_id
        self._stage = stage
        self._target = target

    def exists(self) -> bool:
        """Raises ClientError."""
        try:
            self._client.get_stage(restApiId=self._api_id, stageName=self._stage)
        except self._client.exceptions.NotFoundException:
            return False
        return True

    def complete(self, *, rate: float, burst: int, tags: Mapping[str, str]) -> Iterator[str]:
        """Set what is not as it should be; a sentence for each part that changed. Raises ClientError."""
        if self._answer():
            yield "API Gateway's own answers are problem+json"
        if self._limit(rate, burst):
            yield f"{rate:g} requests a second, {burst} at once; more are answered with 429"
        if self._tag(tags):
            yield f"tags of the API: {', '.join(f'{name}={value}' for name, value in tags.items())}"

    def _answer(self) -> bool:
        found = {one["responseType"]: one for one in self._existing_answers()}
        wanted = [answer.as_request(response_type) for response_type, answer in ANSWERS.items()]
        changed = [request for request in wanted if not _agrees(found.get(request["responseType"], {}), request)]
        for request in changed:
            self._client.put_gateway_response(restApiId=self._api_id, **request)
        if changed:
            # They take effect with the next deployment, as all of an API does.
            self._client.create_deployment(
                restApiId=self._api_id, stageName=self._stage, description="python -m deploy finish"
            )
        return bool(changed)

    def _existing_answers(self) -> list[Any]:
        return list(self._client.get_gateway_responses(restApiId=self._api_id, limit=500)["items"])

    def _limit(self, rate: float, burst: int) -> bool:
        if limits_of(self._client, self._api_id, self._stage) == (rate, burst):
            return False
        set_limits(self._client, self._api_id, self._stage, rate=rate, burst=burst)
        return True

    def _tag(self, tags: Mapping[str, str]) -> bool:
        api = f"arn:{self._target.partition}:apigateway:{self._target.region}::/restapis/{self._api_id}"
        found = {
            api: self._client.get_rest_api(restApiId=self._api_id).get("tags", {}),
            f"{api}/stages/{self._stage}": self._client.get_stage(restApiId=self._api_id, stageName=self._stage).get(
                "tags", {}
            ),
        }
        untagged = [arn for arn, existing in found.items() if not tags.items() <= existing.items()]
        for arn in untagged:
            self._client.tag_resource(resourceArn=arn, tags=dict(tags))
        return bool(untagged)


def _agrees(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(found.get(name) == value for name, value in wanted.items())
