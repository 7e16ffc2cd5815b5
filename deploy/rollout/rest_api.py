"""Sets what a REST API needs and Chalice does not set: a limit on requests, tags, and API Gateway's own responses.

Chalice overwrites the API, including these responses, at each deployment. Everything here is idempotent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.api.edge.gateway_responses import gateway_responses
from deploy.operate.throttle import limit_text, limits_of, set_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from deploy.rollout.target import Target

FINISH = "python -m deploy finish"
"""Description of the deployments that this module makes; Chalice's have none."""


class RestApi:
    """The deployed API. `client`: boto3's of API Gateway. `stage`: API Gateway's stage, not the app's."""

    def __init__(self, client: Any, api_id: str, stage: str, target: Target) -> None:
        self._client = client
        self._api_id = api_id
        self._stage = stage
        self._target = target

    def exists(self) -> bool:
        """Returns whether API and stage exist. Raises ClientError if API Gateway refuses."""
        try:
            self._client.get_stage(restApiId=self._api_id, stageName=self._stage)
        except self._client.exceptions.NotFoundException:
            return False
        return True

    def complete(self, *, rate: float, burst: int, tags: Mapping[str, str], origins: Collection[str]) -> Iterator[str]:
        """Sets each part that differs, and yields a line about it. Raises ClientError if API Gateway refuses.

        `rate`: requests per second. `burst`: requests in a burst. `origins`: of the pages that may call the API.
        """
        if self._answer(origins):
            yield "API Gateway's own responses: problem+json"
        if self._limit(rate, burst):
            yield limit_text(rate, burst)
        if self._tag(tags):
            yield f"tags of the API: {', '.join(f'{name}={value}' for name, value in tags.items())}"

    def _answer(self, origins: Collection[str]) -> bool:
        found = {one["responseType"]: one for one in self._existing_answers()}
        wanted = [response.arguments() for response in gateway_responses(origins)]
        changed = [request for request in wanted if not _agrees(found.get(request["responseType"], {}), request)]
        for request in changed:
            self._client.put_gateway_response(restApiId=self._api_id, **request)
        # Changes of an API take effect with its next deployment. If `finish` did not make the current deployment, an
        # earlier `finish` may have been interrupted before its own.
        if not changed and self._is_deployed_by_finish():
            return False
        self._client.create_deployment(restApiId=self._api_id, stageName=self._stage, description=FINISH)
        return True

    def _is_deployed_by_finish(self) -> bool:
        stage = self._client.get_stage(restApiId=self._api_id, stageName=self._stage)
        deployment = self._client.get_deployment(restApiId=self._api_id, deploymentId=stage["deploymentId"])
        return bool(deployment.get("description") == FINISH)

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
