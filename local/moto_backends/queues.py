"""moto's SQS, with AWS's limit in bytes, and without a walk over all messages for each one.

moto counts all messages for each one that is sent or received, lists all visible ones to receive one, and searches all
to delete one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.utils import camelcase_to_underscores, unix_time_millis
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
_ID_LENGTH = 36


class SentMessage(Message):
    """Its receipt handles begin with its id, so that the queue finds it without a search."""

    def mark_received(self, visibility_timeout: int | None = None) -> None:
        super().mark_received(visibility_timeout)
        self.receipt_handle = self.id + str(self.receipt_handle)[len(self.id) :]


class _Messages:
    """Messages in the order in which they were sent. Other threads may change them during an iteration."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._by_id = {message.id: message for message in messages}

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def append(self, message: Message) -> None:
        self._by_id[message.id] = message

    def remove(self, message: Message) -> None:
        self._by_id.pop(message.id, None)

    def with_handle(self, receipt_handle: str) -> Message | None:
        message = self._by_id.get(receipt_handle[:_ID_LENGTH])
        return message if message and message.had_receipt_handle(receipt_handle) else None


class BurstQueue(Queue):
    """Its `attributes` lack the counts, which `Queues` adds for a client that asks for them."""

    BASE_ATTRIBUTES = [name for name in Queue.BASE_ATTRIBUTES if name not in COUNTS]  # noqa: RUF012 - moto's type

    @property  # type: ignore[override]
    def _messages(self) -> _Messages:
        return self._sent

    @_messages.setter
    def _messages(self, messages: Iterable[Message]) -> None:
        self._sent = _Messages(messages)

    @property
    def messages(self) -> Iterator[Message]:  # type: ignore[override]
        """Yields the messages that can be received. moto makes a list of all, and then receives at most ten."""
        now = unix_time_millis()
        return (each for each in self._messages if each.visible_at < now and each.delayed_until <= now)

    @property
    def approximate_number_of_messages(self) -> int:
        return sum(1 for _ in self.messages)

    def wait_for_messages(self, timeout: int) -> None:
        with self._messages_lock:
            self._messages_lock.wait_for(lambda: any(True for _ in self.messages), timeout=timeout)

    def delete_message(self, receipt_handle: str) -> None:
        """Raises moto's ReceiptHandleIsInvalid if no message ever had the handle."""
        message = self._messages.with_handle(receipt_handle)
        if message is not None:
            self.pending_messages.discard(message)
            self.deleted_messages.update(message.all_receipt_handles)  # type: ignore[arg-type]
            self._messages.remove(message)
        elif receipt_handle not in self.deleted_messages:
            raise ReceiptHandleIsInvalid


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
