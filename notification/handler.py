"""The entry point that EventBridge Scheduler invokes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .composition import runner


def lambda_handler(event: Any, context: Any) -> None:
    runner().handle(event, timedelta(milliseconds=context.get_remaining_time_in_millis()))
