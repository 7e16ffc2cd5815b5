"""Finds the run that a function works on, from the event of its invocation."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.core.model.ids import run_id
from chalicelib.core.timing.instants import from_iso
from local.lambda_runtime.function import Function
from local.lambda_runtime.runtime import LambdaRuntime


@dataclass(frozen=True)
class Origin:
    """A run and its schedule. `name` is the schedule's, or "". `environment` has the function's variables."""

    user_id: str
    schedule_id: str
    name: str
    run_id: str
    region: str
    environment: Mapping[str, str]


def origin_of(runtime: LambdaRuntime, access_key_id: str) -> Origin | None:
    """Returns the run of the function whose execution environment has this key; None if the caller is another one."""
    found = runtime.working_with(access_key_id)
    if found is None:
        return None
    function, invocation = found
    with suppress(ValueError, LookupError, TypeError):  # an event of another function
        return _read(json.loads(invocation.payload), function)
    return None


def _read(event: Mapping[str, Any], function: Function) -> Origin:
    user_id, schedule_id = str(event["user_id"]), str(event["schedule_id"])
    token = (event.get("started") or {}).get("token")
    of_run = run_id(user_id, schedule_id, from_iso(event["scheduled_time"]), token)
    return Origin(user_id, schedule_id, str(event.get("name") or ""), of_run, function.region, function.environment)
