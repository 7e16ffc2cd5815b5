"""Keeps every message that the local cloud accepts: email, SMS, push messages and events."""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree as ET

from chalicelib.core.timing.instants import iso_ms
from local.aws_protocols.operations import Operation

_MOST = 1000

Parameters = Mapping[str, Any]
Fields = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """One message. channel: email, sms, push, topic or event. A member that the channel does not have is empty.

    For an event, `sender` is its source, `to` its bus, `subject` its detail type and `text` its detail as JSON.
    """

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

    def as_json(self) -> dict[str, Any]:
        """Returns the members by name, with `from` for the sender. `sent_at` is in UTC, to the millisecond."""
        members = asdict(self)
        sender, sent_at = members.pop("sender"), members.pop("sent_at")
        return {"from": sender, **members, "sent_at": iso_ms(sent_at)}


class Outbox:
    """The latest 1,000 messages, newest first. Thread-safe."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque(maxlen=_MOST)

    def record(self, operation: Operation, status: int, answer: bytes, now: datetime) -> None:
        """Keep the operation's messages if it sends any and was answered with status 200."""
        channel = _CHANNELS.get(str(operation))
        if channel is not None and status == HTTPStatus.OK:
            for message_id, fields in zip(channel.ids(answer), channel.read(operation.parameters), strict=False):
                self._messages.appendleft(
                    Message(message_id=message_id, region=operation.region, sent_at=now, **fields)
                )

    def messages(self) -> list[Message]:
        return list(self._messages)

    def clear(self) -> None:
        self._messages.clear()


@dataclass(frozen=True)
class _Channel:
    """How to read an operation. read: returns the messages of a request. ids: returns their ids from the answer, in the
    same order.
    """

    read: Callable[[Parameters], list[Fields]]
    ids: Callable[[bytes], list[str]]


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
        return {"subject": alert["title"], "text": alert["body"]}
    except (ValueError, LookupError, TypeError):
        return {"text": message["default"]}


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
    mail = message_from_bytes(data, policy=policy.default)
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
    return str(part.get_content()) if part is not None else ""


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
    "sesv2:SendEmail": _Channel(_read_sesv2, _json_id),
    "ses:SendEmail": _Channel(_read_ses, _xml_id),
    "ses:SendRawEmail": _Channel(_read_ses_raw, _xml_id),
    "sns:Publish": _Channel(_read_sns, _xml_id),
    "events:PutEvents": _Channel(_read_events, _event_ids),
}
