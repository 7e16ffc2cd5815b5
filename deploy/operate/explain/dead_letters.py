"""Reads the messages of a dead-letter queue about one schedule. They are made visible again, never deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chalicelib.core.model import ids
from chalicelib.core.timing.instants import from_epoch_seconds, from_iso
from deploy.operate.explain.facts import DeadLetterMessage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

RECEIVES, AT_ONCE = 20, 10
"""Calls, and messages per call: SQS returns, and accepts in a batch, 10 at most."""

HIDDEN_SECONDS = 30
"""Within this time no message is received twice. If this process dies, messages are visible again after it."""


def dead_letters(
    client: SQSClient, queue: str, url: str, user_id: str, schedule_id: str
) -> tuple[list[DeadLetterMessage], str]:
    """Returns the messages about the schedule, of the first 200, and a text that says how many were read."""
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    messages = _read(client, url)
    read = (_about(queue, message, user_id, schedule_id) for message in messages)
    found = [message for message in read if message]
    there = max(int(attributes["Attributes"]["ApproximateNumberOfMessages"]), len(messages))
    return found, f"{queue} queue: {len(found)} about this schedule, of {len(messages)} read; it has about {there}"


def _read(client: SQSClient, url: str) -> list[MessageTypeDef]:
    seen: dict[str, MessageTypeDef] = {}
    try:
        for _ in range(RECEIVES):
            received = client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=AT_ONCE,
                VisibilityTimeout=HIDDEN_SECONDS,
                # Without a wait, SQS queries only some of its servers (SQS Developer Guide, short and long polling).
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not received:
                break
            seen |= {message["MessageId"]: message for message in received}
    finally:
        handles = [message["ReceiptHandle"] for message in seen.values()]
        for first in range(0, len(handles), AT_ONCE):
            batch = enumerate(handles[first : first + AT_ONCE])
            client.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[{"Id": str(id_), "ReceiptHandle": handle, "VisibilityTimeout": 0} for id_, handle in batch],
            )
    return list(seen.values())


def _about(queue: str, message: MessageTypeDef, user_id: str, schedule_id: str) -> DeadLetterMessage | None:
    """Returns the message's facts; None if it is about another schedule.

    EventBridge describes a message in attributes; the Notification Lambda and Lambda itself do so in the body.
    """
    body, attributes = _object(message["Body"]), message.get("MessageAttributes", {})
    said = {name: value.get("StringValue", "") for name, value in attributes.items()}
    payload = body.get("event") or body.get("requestPayload") or body
    payload = payload if isinstance(payload, dict) else {}
    by_eventbridge = said.get("SCHEDULE_ARN", "").endswith(f"/{ids.scheduler_name(user_id, schedule_id)}")
    if not by_eventbridge and (payload.get("user_id"), payload.get("schedule_id")) != (user_id, schedule_id):
        return None
    return DeadLetterMessage(
        queue=queue,
        sent_at=from_epoch_seconds(int(message["Attributes"]["SentTimestamp"]) // 1000),  # SQS has milliseconds
        scheduled_time=_instant(said.get("SCHEDULED_TIME") or payload.get("scheduled_time")),
        reason=_reason(body, said),
        undone="reason" in body and body.get("run_id") is None,
    )


def _object(text: str) -> Mapping[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}  # EventBridge truncates a payload that is too long for the queue
    return read if isinstance(read, dict) else {}


def _instant(text: object) -> datetime | None:
    try:
        return from_iso(str(text))
    except ValueError:
        return None


def _reason(body: Mapping[str, Any], said: Mapping[str, str]) -> str:
    if "ERROR_CODE" in said:
        code, message = said["ERROR_CODE"], said.get("ERROR_MESSAGE", "no message")
        return message if message.startswith(code) else f"{code}: {message}"
    if "reason" in body:
        return str(body["reason"])
    condition = (body.get("requestContext") or {}).get("condition", "no reason given")
    error = (body.get("responsePayload") or {}).get("errorType")
    return f"{condition}: {error}" if error else str(condition)
