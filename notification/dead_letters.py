"""Where goes what could not be done: the function's own queue, alarmed. The record is the truth, this is evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sqs import SQSClient

# A message may hold 1 MiB (SQS quotas); EventBridge's payload is 256 KB at most.


class DeadLetters:
    """Sends to one queue. The client is made at the first message: most invocations send none."""

    def __init__(self, client: Callable[[], SQSClient], queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, reason: str, event: Any, *, run_id: str | None = None) -> None:
        """The whole event, so that all that is needed to do it again is there."""
        message = {"reason": reason, "run_id": run_id, "event": event}
        self._client().send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message, default=str))
