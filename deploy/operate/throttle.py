"""How many requests a second API Gateway lets through to the whole API of a stage.

Chalice has no setting for it and Terraform does not know Chalice's API, which is made after it; so it is set on the
stage once the API is deployed. Chalice's later deployments leave it as it is.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3

from deploy.build.render import read_config
from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors

if TYPE_CHECKING:
    from pathlib import Path

EVERY_METHOD = "/*/*/throttling"
CHALICES_OWN_STAGE = "api"


def throttle(stage: str, project: Path, *, rate: float, burst: int, client: Any = None) -> None:
    """`rate` is requests a second in the long run, `burst` how many at once; `client` is boto3's of API Gateway.

    Raises DeployError.
    """
    chalice = project / ".chalice"
    api_stage = read_config(chalice / "config.json").get("api_gateway_stage", CHALICES_OWN_STAGE)
    api_id = _api_id(chalice / "deployed" / f"{stage}.json", stage)
    changes = {"rateLimit": f"{rate:g}", "burstLimit": str(burst)}
    with as_deploy_errors():
        (client or boto3.client("apigateway")).update_stage(
            restApiId=api_id,
            stageName=api_stage,
            patchOperations=[
                {"op": "replace", "path": f"{EVERY_METHOD}/{name}", "value": value} for name, value in changes.items()
            ],
        )


def _api_id(deployed: Path, stage: str) -> str:
    """As Chalice notes what it deployed."""
    try:
        resources = json.loads(deployed.read_text())["resources"]
    except FileNotFoundError:
        raise DeployError(f"{deployed} is missing: `chalice deploy --stage {stage}` comes first.") from None
    found: str | None = next((one["rest_api_id"] for one in resources if "rest_api_id" in one), None)
    if found is None:
        raise DeployError(f"{deployed} names no API.")
    return found
