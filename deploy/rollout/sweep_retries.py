"""Turns Lambda's retries of the sweep function off: by default two per crashed sweep, and an hour for throttled ones.

The next sweep follows within a minute and does all that is due, so a retry is only load. Chalice has no setting for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.operate.chalice_record import Content

SWEEP = "sweep"
ONCE = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
"""60 s is Lambda's minimum (PutFunctionEventInvokeConfig). It also limits how long a throttled sweep waits."""


def try_sweeps_once(functions: Any, record: Content) -> str | None:
    """Returns a line about the change; None if nothing changed, or the app has no sweeper.

    `functions`: boto3's client of Lambda.
    """
    arn = sweep_of(record)
    if arn is None or _known(functions, arn) == ONCE:
        return None
    functions.put_function_event_invoke_config(FunctionName=arn, **ONCE)
    return "Lambda's retries of the sweep function: off"


def sweep_of(record: Content) -> str | None:
    """Returns the ARN of the sweep function in Chalice's record, or None."""
    found = (one for one in record.get("resources", []) if one.get("name") == SWEEP and "lambda_arn" in one)
    return next((str(one["lambda_arn"]) for one in found), None)


def _known(functions: Any, arn: str) -> dict[str, int]:
    try:
        known = functions.get_function_event_invoke_config(FunctionName=arn)
    except functions.exceptions.ResourceNotFoundException:
        return {}
    return {name: known[name] for name in ONCE if name in known}
