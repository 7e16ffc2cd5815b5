"""The entry point that EventBridge Scheduler invokes.

Its import makes all that every run needs. Lambda gives an execution environment its full CPU power during that phase
(Developer Guide, lambda-runtime-environment, "Init phase").
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .actions import registry
from .composition import runner

registry.registered()
RUNNER = runner()


def lambda_handler(event: Any, context: Any) -> None:
    RUNNER.handle(event, timedelta(milliseconds=context.get_remaining_time_in_millis()))
