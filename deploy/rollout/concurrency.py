"""Checks that the account has room for `max_concurrency`. Otherwise Terraform would fail in the middle of `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

ALWAYS_UNRESERVED = 10
"""Lambda refuses a reservation that leaves fewer unreserved executions, even in a new account, which has 10 in all."""

USUALLY_UNRESERVED = 100
"""In most accounts, Lambda refuses a reservation that leaves fewer unreserved executions.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

QUOTA = "L-B99A9384"
"""Code of Lambda's quota "Concurrent executions" in Service Quotas."""


def check_concurrency(wanted: int | None, function: str, client: LambdaClient) -> str | None:
    """Returns a warning, or None.

    `wanted`: max_concurrency; None if it is not set. `function`: the Notification Lambda, which may not exist yet.
    Raises DeployError if Lambda would refuse the reservation.
    """
    limits = client.get_account_settings()["AccountLimit"]
    limit, unreserved = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    if wanted is None:
        return (
            f"max_concurrency is not set: a burst of runs may use all of the account's {limit:,} concurrent "
            "executions, so that the API and the sweeper are throttled. Set it in the stage's .tfvars."
        )
    others = limit - unreserved - _reserved(function, client)
    left = limit - others - wanted
    remedy = _remedy(others + wanted, client)
    if left < ALWAYS_UNRESERVED:
        raise DeployError(
            f"max_concurrency = {wanted} cannot be reserved: the account has {limit:,} concurrent executions, and "
            f"Lambda requires at least {ALWAYS_UNRESERVED} without a reservation. {remedy}"
        )
    if left < USUALLY_UNRESERVED:
        return (
            f"max_concurrency = {wanted} leaves {left} of the account's {limit:,} concurrent executions, and Lambda "
            f"requires {USUALLY_UNRESERVED} in most accounts. {remedy}"
        )
    return None


def _reserved(function: str, client: LambdaClient) -> int:
    """Returns the function's present reservation."""
    try:
        return client.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions", 0)
    except client.exceptions.ResourceNotFoundException:
        return 0


def _remedy(reserved: int, client: LambdaClient) -> str:
    return (
        'Raise the quota "Concurrent executions" of AWS Lambda: aws service-quotas request-service-quota-increase '
        f"--service-code lambda --quota-code {QUOTA} --desired-value {max(1000, reserved + USUALLY_UNRESERVED)} "
        f"--region {client.meta.region_name}. Or lower max_concurrency."
    )
