"""How many requests a second API Gateway lets through to the whole API of a stage.

Chalice has no setting for it and Terraform does not know Chalice's API, which is made after it; so it is set on the
stage once the API is deployed. Chalice's later deployments leave it as it is.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3

from deploy.build.render import read_config_of
from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors

if TYPE_CHECKING:
    from pathlib import Path

EVERY_METHOD = "/*/*/throttling"
CHALICES_OWN_STAGE = "api"
HIGHEST = 100_000
"""Ten times the quota of an account in most Regions, which can be raised."""


def throttle(stage: str, project: Path, *, rate: float, burst: int, client: Any = None) -> None:
    """`rate` is requests a second in the long run, `burst` how many at once; `client` is boto3's of API Gateway.

    Raises DeployError.
    """
    check_limits(rate, burst)
    api_stage = api_stage_of(stage, project)
    api_id = _api_id(project / ".chalice" / "deployed" / f"{stage}.json", stage)
    with as_deploy_errors():
        set_limits(client or boto3.client("apigateway"), api_id, api_stage, rate=rate, burst=burst)


def set_limits(client: Any, api_id: str, api_stage: str, *, rate: float, burst: int) -> None:
    """Raises ClientError."""
    changes = {"rateLimit": f"{rate:.12g}", "burstLimit": str(burst)}
    client.update_stage(
        restApiId=api_id,
        stageName=api_stage,
        patchOperations=[
            {"op": "replace", "path": f"{EVERY_METHOD}/{name}", "value": value} for name, value in changes.items()
        ],
    )


def limits_of(client: Any, api_id: str, api_stage: str) -> tuple[float, int] | None:
    """Rate and burst as they are set; None if they are not. Raises ClientError."""
    settings = client.get_stage(restApiId=api_id, stageName=api_stage).get("methodSettings", {}).get("*/*")
    return (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) if settings else None


def api_stage_of(stage: str, project: Path) -> str:
    """API Gateway's stage, which is part of the URL. Raises DeployError if the app has no such stage."""
    config = read_config_of(stage, project)
    name: str = config["stages"][stage].get("api_gateway_stage") or config.get("api_gateway_stage", CHALICES_OWN_STAGE)
    return name


def check_limits(rate: float, burst: int) -> None:
    """Raises DeployError for a limit that API Gateway refuses, or that closes the API."""
    for option, value in (("--rate", rate), ("--burst", burst)):
        if not 0 < value <= HIGHEST:
            raise DeployError(
                f"{option} is {value:g}, and must be more than 0 and at most {HIGHEST:,}: at 0, API Gateway refuses "
                "every request. To stop runs there is `python -m deploy hold`."
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
