"""A look into a dead-letter queue that takes nothing away: what is received is made visible again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.core.model import ids
from chalicelib.core.timing.instants import from_epoch_seconds, from_iso
from deploy.operate.explain.facts import DeadLetterMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

RECEIVES = 20
AT_ONCE = 10
"""The most that SQS gives at a time, and takes in a batch."""

HIDDEN_SECONDS = 30
"""Long enough that no message comes twice; should we die at it, it is visible again after this."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look into a queue found. `there` is SQS's own guess of how many messages it holds."""

    messages: tuple[MessageTypeDef, ...]
    there: int

    def __str__(self) -> str:
        return f"looked at {len(self.messages)} of about {max(self.there, len(self.messages))} messages"


def look_into(client: SQSClient, url: str) -> Look:
    """Up to 200 messages, as many as SQS gives in 20 calls."""
    there = _number(client, url)
    seen: dict[str, MessageTypeDef] = {}
    try:
        for _ in range(RECEIVES):
            received = _receive(client, url)
            if not received:
                break
            seen |= {message["MessageId"]: message for message in received}
    finally:
        _make_visible(client, url, list(seen.values()))
    return Look(tuple(seen.values()), there)


def about(
    messages: Iterable[MessageTypeDef], queue: str, user_id: str, schedule_id: str
) -> Iterator[DeadLetterMessage]:
    """Those messages that are about this schedule. What cannot be read is about none."""
    for message in messages:
        body = _json(message["Body"])
        attributes = {
            name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()
        }
        if _is_about(attributes, _event(body), user_id, schedule_id):
            yield _dead_letter(queue, message, body, attributes)


def _number(client: SQSClient, url: str) -> int:
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def _receive(client: SQSClient, url: str) -> list[MessageTypeDef]:
    answer = client.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=AT_ONCE,
        VisibilityTimeout=HIDDEN_SECONDS,
        # Without a wait SQS asks some of its servers only (SQS Developer Guide, short and long polling).
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["SentTimestamp"],
        MessageAttributeNames=["All"],
    )
    return answer.get("Messages", [])


def _make_visible(client: SQSClient, url: str, messages: list[MessageTypeDef]) -> None:
    """One that this fails for comes back by itself."""
    for first in range(0, len(messages), AT_ONCE):
        client.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
                for number, message in enumerate(messages[first : first + AT_ONCE])
            ],
        )


def _json(text: str) -> Mapping[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}  # EventBridge cuts a payload that is too long for the queue
    return read if isinstance(read, dict) else {}


def _event(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload: in what the Notification Lambda sends, in what Lambda itself sends, or as EventBridge has it."""
    event = body.get("event") or body.get("requestPayload") or body
    return event if isinstance(event, dict) else {}


def _is_about(attributes: Mapping[str, str], event: Mapping[str, Any], user_id: str, schedule_id: str) -> bool:
    name = ids.scheduler_name(user_id, schedule_id)
    of_eventbridge = attributes.get("SCHEDULE_ARN", "").endswith(f"/{name}")
    return of_eventbridge or (event.get("user_id"), event.get("schedule_id")) == (user_id, schedule_id)


def _dead_letter(
    queue: str, message: MessageTypeDef, body: Mapping[str, Any], attributes: Mapping[str, str]
) -> DeadLetterMessage:
    # SQS says it in milliseconds.
    sent_at = from_epoch_seconds(int(message["Attributes"]["SentTimestamp"]) // 1000)
    return DeadLetterMessage(
        queue=queue,
        sent_at=sent_at,
        scheduled_time=_instant(attributes.get("SCHEDULED_TIME") or _event(body).get("scheduled_time")),
        reason=_reason(body, attributes),
        undone="reason" in body and body.get("run_id") is None,
    )


def _instant(text: object) -> datetime | None:
    try:
        return from_iso(str(text))
    except ValueError:
        return None


def _reason(body: Mapping[str, Any], attributes: Mapping[str, str]) -> str:
    """Why it is here: EventBridge says it in attributes, the Notification Lambda and Lambda itself in the body."""
    if "ERROR_CODE" in attributes:
        code, message = attributes["ERROR_CODE"], attributes.get("ERROR_MESSAGE", "no message")
        return message if message.startswith(code) else f"{code}: {message}"
    if "reason" in body:
        return str(body["reason"])
    condition = (body.get("requestContext") or {}).get("condition", "no reason is told")
    error = (body.get("responsePayload") or {}).get("errorType")
    return f"{condition}: {error}" if error else str(condition)
