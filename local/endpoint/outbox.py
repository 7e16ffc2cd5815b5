"""Keeps every message that the local cloud accepts: email, SMS, push messages and events, and webhooks that it saw."""

import json
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from heapq import merge
from http import HTTPStatus
from threading import Lock
from typing import Any
from xml.etree import ElementTree as ET

from chalicelib.core.timing.instants import iso_ms
from local.aws_protocols.operations import Operation
from local.endpoint.origin import Origin

_MOST = 1000
_UNREADABLE = "The outbox cannot read this message. Its source has the request."

_logger = logging.getLogger(__name__)

Parameters = Mapping[str, Any]
Fields = dict[str, Any]


_SHOWN = ("channel", "message_id", "region", "to", "cc", "bcc", "subject", "text", "html")


@dataclass(frozen=True)
class Exchange:
    """A request of a webhook and its answer. `status` is None if there was none; then `error` says why."""

    url: str
    request: str
    headers: Mapping[str, str]
    body: str
    milliseconds: float
    status: int | None = None
    answer: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message. channel: email, sms, push, topic, event or webhook. A member that the channel lacks is empty.

    For an event, `sender` is its source, `to` its bus, `subject` its detail type and `text` its detail as JSON.
    `number` counts the messages of the outbox. `source` is the request to AWS, or the MIME message in it. `origin` is
    the run that sent it, None if a client of the cloud did. `exchange` is set for a webhook.
    """

    number: int
    channel: str
    message_id: str
    region: str
    sent_at: datetime
    sender: str = ""
    to: Sequence[str] = field(default_factory=list)
    cc: Sequence[str] = field(default_factory=list)
    bcc: Sequence[str] = field(default_factory=list)
    subject: str = ""
    text: str = ""
    html: str = ""
    source: str = ""
    origin: Origin | None = None
    exchange: Exchange | None = None

    def as_json(self) -> dict[str, Any]:
        """Returns the members by name, with `from` for the sender. `sent_at` is in UTC, to the millisecond.

        A message of a run has `schedule_id` and `run_id` as well.
        """
        members = {name: getattr(self, name) for name in _SHOWN}
        run = {"schedule_id": self.origin.schedule_id, "run_id": self.origin.run_id} if self.origin else {}
        return {"from": self.sender, **members, "sent_at": iso_ms(self.sent_at), **run}

    @property
    def title(self) -> str:
        """Returns the subject, or else the first line of the text."""
        return self.subject or self.text.strip().partition("\n")[0][:200] or "(no subject)"

    def contains(self, text: str) -> bool:
        """Returns whether the message, its addresses or its run contain the text, in any case."""
        origin = self.origin
        about = (origin.schedule_id, origin.name, origin.run_id) if origin else ()
        words = (self.subject, self.text, self.sender, self.message_id, *self.to, *self.cc, *self.bcc, *about)
        return any(text.casefold() in word.casefold() for word in words)


class Outbox:
    """The latest 1,000 messages and the latest 1,000 webhooks, newest first. Thread-safe.

    origin_of: returns the run that a key signs for.
    """

    def __init__(self, origin_of: Callable[[str], Origin | None] = lambda _: None) -> None:
        self._origin_of = origin_of
        self._messages: deque[Message] = deque(maxlen=_MOST)
        self._webhooks: deque[Message] = deque(maxlen=_MOST)
        self._lock = Lock()
        self.sent = 0
        """The number of messages since the last `clear`, dropped ones included."""
        self._number = 0

    def record(self, operation: Operation, status: int, answer: bytes, now: datetime) -> None:
        """Keep the operation's messages if it sends any and was answered with status 200.

        A message that cannot be read is kept with its source: AWS accepted it, so the call must not fail here.
        """
        channel = _CHANNELS.get(str(operation))
        if channel is not None and status == HTTPStatus.OK:
            origin, source = self._origin_of(operation.access_key_id), _source(operation.parameters)
            for message_id, fields in zip(channel.ids(answer), _read(channel, operation), strict=False):
                about = {"message_id": message_id, "region": operation.region, "origin": origin}
                self._keep(self._messages, sent_at=now, **about, **{"source": source, **fields})

    def record_webhook(self, exchange: Exchange, access_key_id: str, now: datetime) -> None:
        """Keep a webhook that a function sent with the credentials of this key in its environment."""
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        host = exchange.url.partition("://")[2].partition("/")[0]
        self._keep(
            self._webhooks,
            channel="webhook",
            message_id=headers.get("webhook-id", ""),
            region="",
            sent_at=now,
            to=[exchange.url],
            subject=f"POST {host}",
            text=exchange.body,
            origin=self._origin_of(access_key_id),
            exchange=exchange,
        )

    def messages(self) -> list[Message]:
        """Returns the messages that AWS accepted."""
        return list(self._messages)

    def webhooks(self) -> list[Message]:
        return list(self._webhooks)

    def everything(self) -> list[Message]:
        """Returns messages and webhooks, newest first."""
        return list(merge(self.messages(), self.webhooks(), key=lambda message: -message.number))

    def find(self, number: int) -> Message | None:
        return next((message for message in self.everything() if message.number == number), None)

    def clear(self) -> None:
        with self._lock:
            self._messages.clear()
            self._webhooks.clear()
            self.sent = 0

    def _keep(self, messages: deque[Message], **fields: Any) -> None:
        with self._lock:
            self._number += 1
            self.sent += 1
            messages.appendleft(
                Message(number=self._number, **{name: _encodable(value) for name, value in fields.items()})
            )


def _encodable(value: Any) -> Any:
    """Returns texts, also those in a list, with U+FFFD for each lone surrogate: UTF-8 cannot have it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return [_encodable(member) for member in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class _Channel:
    """How to read an operation. name: the channel of a message that cannot be read. read: returns the messages of a
    request. ids: returns their ids from the answer, in the same order.
    """

    name: str
    read: Callable[[Parameters], list[Fields]]
    ids: Callable[[bytes], list[str]]


def _read(channel: _Channel, operation: Operation) -> list[Fields]:
    """Returns the messages of the request, or one that says that they cannot be read."""
    try:
        return channel.read(operation.parameters)
    except Exception:  # every call that AWS accepts must succeed, whatever the message has
        _logger.exception("the outbox cannot read the message of %s", operation)
        return [{"channel": channel.name, "text": _UNREADABLE}]


def _read_sesv2(parameters: Parameters) -> list[Fields]:
    """Read SES version 2: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html."""
    content = parameters["Content"]
    addresses = _addresses(parameters.get("Destination", {}))
    sender = {"sender": parameters.get("FromEmailAddress", "")}
    if "Raw" in content:
        return [_mime(content["Raw"]["Data"]) | _present({**sender, **addresses})]
    return [{"channel": "email", **sender, **addresses, **_written(content["Simple"])}]


def _read_ses(parameters: Parameters) -> list[Fields]:
    """Read SES version 1: https://docs.aws.amazon.com/ses/latest/APIReference/API_SendEmail.html."""
    addresses = _addresses(parameters["Destination"])
    return [{"channel": "email", "sender": parameters["Source"], **addresses, **_written(parameters["Message"])}]


def _read_ses_raw(parameters: Parameters) -> list[Fields]:
    return [_mime(parameters["RawMessage"]["Data"]) | _present({"sender": parameters.get("Source", "")})]


def _read_sns(parameters: Parameters) -> list[Fields]:
    """Read a message to a phone, a device or a topic: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html."""
    channels = {"PhoneNumber": "sms", "TargetArn": "push", "TopicArn": "topic"}
    channel, to = next((channels[name], parameters[name]) for name in channels if name in parameters)
    sender = parameters.get("MessageAttributes", {}).get("AWS.SNS.SMS.SenderID", {}).get("StringValue", "")
    shown = {"subject": parameters.get("Subject", ""), "text": parameters["Message"]}
    if parameters.get("MessageStructure") == "json":
        shown = _read_structured(json.loads(parameters["Message"]))
    return [{"channel": channel, "sender": sender, "to": [to], **shown}]


def _read_structured(message: Mapping[str, str]) -> Fields:
    """Returns the texts that a device shows: Apple's alert, or else the default text."""
    try:
        alert = json.loads(message["APNS"])["aps"]["alert"]
        return {"subject": str(alert["title"]), "text": str(alert["body"])}
    except (ValueError, LookupError, TypeError):
        return {"text": str(message["default"])}


def _read_events(parameters: Parameters) -> list[Fields]:
    """Read events: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html."""
    return [
        {
            "channel": "event",
            "sender": entry.get("Source", ""),
            "to": [entry.get("EventBusName", "default")],
            "subject": entry.get("DetailType", ""),
            "text": entry.get("Detail", ""),
        }
        for entry in parameters["Entries"]
    ]


def _addresses(destination: Parameters) -> Fields:
    names = {"to": "ToAddresses", "cc": "CcAddresses", "bcc": "BccAddresses"}
    return {ours: destination.get(theirs, []) for ours, theirs in names.items()}


def _written(content: Parameters) -> Fields:
    body = content["Body"]
    return {
        "subject": content["Subject"]["Data"],
        "text": body.get("Text", {}).get("Data", ""),
        "html": body.get("Html", {}).get("Data", ""),
    }


def _mime(data: bytes) -> Fields:
    source = data.decode(errors="replace")
    try:
        return {"source": source, **_read_mime(message_from_bytes(data, policy=policy.default))}
    except Exception:  # Python's parser fails at some malformed headers and at deep nesting, with any error
        _logger.exception("the outbox cannot read a MIME message")
        return {"channel": "email", "text": _UNREADABLE, "source": source}


def _read_mime(mail: EmailMessage) -> Fields:
    return {
        "channel": "email",
        "sender": str(mail["From"] or ""),
        "to": _mailboxes(mail, "To"),
        "cc": _mailboxes(mail, "Cc"),
        "bcc": _mailboxes(mail, "Bcc"),
        "subject": str(mail["Subject"] or ""),
        "text": _part(mail, "plain"),
        "html": _part(mail, "html"),
    }


def _mailboxes(mail: EmailMessage, header: str) -> list[str]:
    return [str(address) for address in mail[header].addresses] if mail[header] else []


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # the charset is unknown, or none for text
        content = part.get_payload(decode=True)
        return content.decode(errors="replace") if isinstance(content, bytes) else ""


def _source(parameters: Parameters) -> str:
    """Returns the request as JSON. A MIME message has its own source, and its bytes are not repeated here."""
    return json.dumps(parameters, indent=2, ensure_ascii=False, default=_as_text)


def _as_text(value: object) -> str:
    """Returns a value that JSON does not have, such as the time of an event, as text."""
    return f"{len(value):,} bytes" if isinstance(value, bytes) else str(value)


def _present(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value}


def _json_id(answer: bytes) -> list[str]:
    return [json.loads(answer)["MessageId"]]


def _xml_id(answer: bytes) -> list[str]:
    element = ET.fromstring(answer).find(".//{*}MessageId")  # noqa: S314 - the local cloud's answer
    return [element.text or "" if element is not None else ""]


def _event_ids(answer: bytes) -> list[str]:
    return [entry.get("EventId", "") for entry in json.loads(answer)["Entries"]]


_CHANNELS = {
    "sesv2:SendEmail": _Channel("email", _read_sesv2, _json_id),
    "ses:SendEmail": _Channel("email", _read_ses, _xml_id),
    "ses:SendRawEmail": _Channel("email", _read_ses_raw, _xml_id),
    "sns:Publish": _Channel("topic", _read_sns, _xml_id),
    "events:PutEvents": _Channel("event", _read_events, _event_ids),
}
