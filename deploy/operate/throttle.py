"""Limits the requests per second that API Gateway accepts for a stage's API, over all routes and callers.

Chalice has no setting for it, and Terraform runs before Chalice makes the API, so the limit is set on the deployed
stage. Chalice's later deployments do not change it.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from deploy.build.render import read_config_of
from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors
from deploy.operate.chalice_record import LocalRecord

if TYPE_CHECKING:
    from pathlib import Path

EVERY_METHOD = "/*/*/throttling"
CHALICES_OWN_STAGE = "api"
HIGHEST = 100_000
"""Ten times an account's default quota in most Regions."""


def throttle(stage: str, project: Path, *, rate: float, burst: int, client: Any = None) -> None:
    """Set the limit of the deployed stage: `rate` requests per second, in bursts of at most `burst`.

    `client` is boto3's of API Gateway; None makes one. Raises DeployError if a limit is out of range, the stage is not
    deployed, or AWS refuses.
    """
    check_limits(rate, burst)
    api_stage = api_stage_of(stage, project)
    _, api_id = LocalRecord(project, stage).deployed()
    with as_deploy_errors():
        set_limits(client or boto3.client("apigateway"), api_id, api_stage, rate=rate, burst=burst)


def set_limits(client: Any, api_id: str, api_stage: str, *, rate: float, burst: int) -> None:
    """Set the limits of all methods. Raises ClientError if API Gateway refuses."""
    changes = {"rateLimit": f"{rate:.12g}", "burstLimit": str(burst)}
    client.update_stage(
        restApiId=api_id,
        stageName=api_stage,
        patchOperations=[
            {"op": "replace", "path": f"{EVERY_METHOD}/{name}", "value": value} for name, value in changes.items()
        ],
    )


def limits_of(client: Any, api_id: str, api_stage: str) -> tuple[float, int] | None:
    """Returns rate and burst; None if they are not set. Raises ClientError if API Gateway refuses."""
    settings = client.get_stage(restApiId=api_id, stageName=api_stage).get("methodSettings", {}).get("*/*")
    return (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) if settings else None


def limit_text(rate: float, burst: int) -> str:
    return f"limit: {rate:g} requests per second, bursts of {burst}; the API answers further requests with 429"


def api_stage_of(stage: str, project: Path) -> str:
    """Returns API Gateway's stage, which is part of the URL. Raises DeployError if the app has no such stage."""
    config = read_config_of(stage, project)
    name: str = config["stages"][stage].get("api_gateway_stage") or config.get("api_gateway_stage", CHALICES_OWN_STAGE)
    return name


def check_limits(rate: float, burst: int) -> None:
    """Raises DeployError for a limit that API Gateway refuses, or with which it would refuse every request."""
    for option, value in (("--rate", rate), ("--burst", burst)):
        if not 0 < value <= HIGHEST:
            raise DeployError(
                f"{option} is {value:g}, and must be greater than 0 and at most {HIGHEST:,}. At 0, API Gateway refuses "
                "every request. To stop runs, use python -m deploy hold."
            )
