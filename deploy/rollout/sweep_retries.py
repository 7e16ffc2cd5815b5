"""The sweep function is tried once: Lambda would repeat a sweep that crashed twice, and a throttled hour of them later.

The next sweep is a minute away and does all that is due, so a repeat is only load. Chalice has no setting for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.rollout.chalice_record import Content

SWEEP = "sweep"
ONCE = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
"""60 s is the least that Lambda takes (PutFunctionEventInvokeConfig); it also ends what waits for free concurrency."""


def try_sweeps_once(functions: Any, record: Content) -> str | None:
    """What was changed, for people; None if nothing was. functions: a client of Lambda. An app may have no sweeper."""
    arn = sweep_of(record)
    if arn is None or _known(functions, arn) == ONCE:
        return None
    functions.put_function_event_invoke_config(FunctionName=arn, **ONCE)
    return "sweeps are tried once"


def sweep_of(record: Content) -> str | None:
    """The ARN of the sweep function, as Chalice recorded it."""
    found = (one for one in record.get("resources", []) if one.get("name") == SWEEP and "lambda_arn" in one)
    return next((str(one["lambda_arn"]) for one in found), None)


def _known(functions: Any, arn: str) -> dict[str, int]:
    try:
        known = functions.get_function_event_invoke_config(FunctionName=arn)
    except functions.exceptions.ResourceNotFoundException:
        return {}
    return {name: known[name] for name in ONCE if name in known}
