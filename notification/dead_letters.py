"""Sends events whose work was not done to the work dead-letter queue, which has an alarm. Run records are kept too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chalicelib.core.aws_errors import translated
from chalicelib.core.errors import DeadLetterUnsent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_sqs import SQSClient

MOST_BYTES = 262_144
"""`max_message_size` of the queue (Terraform, modules/notification_function). An event may have a megabyte."""

LONGEST_REASON = 2_000
CHARACTERS_OF_A_PART = 100_000
"""Small enough for one message even if JSON doubles the text by escaping each quote and backslash."""

WHOSE = ("user_id", "schedule_id", "scheduled_time")


class DeadLetters:
    """Sends to one queue. The client is made at the first message: most invocations send none."""

    def __init__(self, client: Callable[[], SQSClient], queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, reason: str, event: Any, *, run_id: str | None = None) -> None:
        """Sends the whole event, which is all that is needed to repeat the work.

        An event that is too large for one message is sent in several: the joined `text` of its `parts` is the event.
        `run_id` is None if no run was recorded. Raises DeadLetterUnsent if SQS does not accept a message.
        """
        about = {"reason": reason[:LONGEST_REASON], "run_id": run_id}
        whole = _json({**about, "event": event})
        bodies = [whole] if len(whole) <= MOST_BYTES else _parts(about, event)
        with translated(lambda exc: DeadLetterUnsent(f"the dead-letter queue did not accept the message: {exc}")):
            for body in bodies:
                self._client().send_message(QueueUrl=self._queue_url, MessageBody=body)


def _parts(about: Mapping[str, Any], event: Any) -> Iterator[str]:
    text = _json(event)
    starts = range(0, len(text), CHARACTERS_OF_A_PART)
    whose = {name: event[name] for name in WHOSE if isinstance(event, dict) and isinstance(event.get(name), str)}
    for number, start in enumerate(starts, start=1):
        part = text[start : start + CHARACTERS_OF_A_PART]
        yield _json({**about, "event": whose, "part": number, "parts": len(starts), "text": part})


def _json(message: Any) -> str:
    """Returns ASCII: the number of characters is the number of bytes, and SQS accepts each character."""
    return json.dumps(message, default=str)
