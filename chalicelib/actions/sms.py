"""`sms`: sends a text message to one phone through Amazon SNS, which accepts no idempotency key."""

from collections.abc import Mapping
from typing import Annotated, Any

from ..core.actions.clients import ONCE, ONCE_SECONDS
from ..core.actions.contract import ActionFailed, BuiltIn, RunContext
from ..core.actions.fields import About, Check, FieldsWithTexts, Length
from ..core.actions.filled_texts import filled
from ..core.actions.providers.sns import publish
from ..core.actions.templates import Text, as_written
from ..core.actions.text_rules import MOST_OF_AN_SMS, PHONE_NUMBER, SENDER_ID

TEXTS = {"text": Text(as_written, most=MOST_OF_AN_SMS)}


def _phone_number(text: str) -> None:
    if not PHONE_NUMBER.fullmatch(text):
        raise ValueError("must be a phone number in international form such as +4915112345678")


def _sender_id(text: str) -> None:
    if not SENDER_ID.fullmatch(text):
        raise ValueError("must be 1 to 11 letters and digits, with at least one letter")


class Sms(FieldsWithTexts, kw_only=True):
    """A text message to one phone."""

    to: Annotated[str, Check(_phone_number), About("Phone number in international form", "+4915112345678")]
    text: Annotated[
        str,
        Length(1, MOST_OF_AN_SMS),
        About(
            f"Message of up to {MOST_OF_AN_SMS:,} characters, which may have placeholders", "{{name}}: {{local_time}}"
        ),
    ]
    sender_id: (
        Annotated[str, Check(_sender_id), About("Sender that the phone shows, in countries that allow one", "MyShop")]
        | None
    ) = None


def send(run: RunContext, data: Mapping[str, Any]) -> None:
    if not PHONE_NUMBER.fullmatch(data["to"]):
        raise ActionFailed("to is not a phone number", permanent=True)
    text = filled(run, data, TEXTS)["text"]
    publish(run, PhoneNumber=data["to"], Message=text, MessageAttributes=_attributes(data.get("sender_id")))


def _attributes(sender_id: str | None) -> dict[str, Any]:
    # Without SMSType the account's default applies. `Promotional` messages are less reliable, and some countries do not
    # deliver them at night (SNS Developer Guide, sms_publish-to-phone).
    texts = {"AWS.SNS.SMS.SMSType": "Transactional"}
    if sender_id:
        texts["AWS.SNS.SMS.SenderID"] = sender_id
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}


ACTION = BuiltIn(
    type="sms",
    fields=Sms,
    work=send,
    timeout_seconds=ONCE_SECONDS,
    texts=TEXTS,
    clients={"sns": ONCE},
    permissions=frozenset({"sns:Publish"}),
)
