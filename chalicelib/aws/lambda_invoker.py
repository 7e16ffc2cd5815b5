"""Invokes the Notification Lambda asynchronously for runs that EventBridge does not start, such as retries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..core.aws_errors import translated
from ..core.errors import StarterUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_lambda import LambdaClient


class LambdaStarter:
    """The Notification Lambda as a RunStarter. `client` returns the client, the same each time."""

    def __init__(self, client: Callable[[], LambdaClient], function_arn: str) -> None:
        self._client = client
        self._function_arn = function_arn

    def start(self, event: Mapping[str, Any]) -> None:
        payload = json.dumps(event).encode()
        # Any error is retryable: the run is recorded, and the sweeper starts it later.
        with translated(lambda _: StarterUnavailable()):
            self._client().invoke(FunctionName=self._function_arn, InvocationType="Event", Payload=payload)
