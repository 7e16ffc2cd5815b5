"""moto's SQS, with AWS's limit in bytes, and without counting all messages for each one.

moto computes all attributes of a queue, three of which are counts, when it is asked for any of them; it asks several
times for each message that is sent or received.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.utils import camelcase_to_underscores
from moto.sqs.exceptions import InvalidParameterValue
from moto.sqs.models import Queue, SQSBackend

if TYPE_CHECKING:
    from moto.sqs.models import Message

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)


class UncountedQueue(Queue):
    """Its `attributes` lack the counts, which `Queues` adds for a client that asks for them."""

    BASE_ATTRIBUTES = [name for name in Queue.BASE_ATTRIBUTES if name not in COUNTS]  # noqa: RUF012 - moto's type


class Queues(SQSBackend):
    __module__ = SQSBackend.__module__

    def get_queue_attributes(self, queue_name: str, attribute_names: list[str]) -> dict[str, Any]:
        queue = self.get_queue(queue_name)
        counts = [name for name in COUNTS if name in attribute_names or "All" in attribute_names]
        others = [name for name in attribute_names if name not in COUNTS]
        counted = {name: getattr(queue, camelcase_to_underscores(name)) for name in counts}
        return counted | super().get_queue_attributes(queue_name, others)

    def send_message(
        self,
        queue_name: str,
        message_body: str,
        message_attributes: dict[str, Any] | None = None,
        *more: Any,
        **named: Any,
    ) -> Message:
        """Refuse a message whose body and attributes exceed the queue's limit in bytes; moto counts characters."""
        most: int = self.get_queue(queue_name).maximum_message_size  # type: ignore[attr-defined]
        if len(message_body.encode()) + _bytes_of_attributes(message_attributes or {}) > most:
            message = f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            raise InvalidParameterValue(message)
        return super().send_message(queue_name, message_body, message_attributes, *more, **named)


def _bytes_of_attributes(attributes: dict[str, Any]) -> int:
    """Returns the bytes of all names, types and values (SQS Developer Guide, sqs-message-metadata)."""
    return sum(
        len(name.encode())
        + sum(len(part if isinstance(part, bytes) else str(part).encode()) for part in about.values())
        for name, about in attributes.items()
    )
