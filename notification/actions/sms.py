"""`sms`: a text message through Amazon SNS, which takes no idempotency key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.core.actions.text_rules import MOST_OF_AN_SMS, PHONE_NUMBER
from notification.providers.sns import publish
from notification.providers.templates import filled

from ..action_api import ActionFailed, RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping


@action("sms")
def send(run: RunContext, data: Mapping[str, Any]) -> None:
    """Sends `text` to `to`, one phone number (E.164); `sender_id` is shown where the country allows it."""
    if not PHONE_NUMBER.fullmatch(data["to"]):
        raise ActionFailed("to is no phone number", permanent=True)
    text = filled(run, "sms", data)["text"]
    if len(text) > MOST_OF_AN_SMS:
        most = f"{MOST_OF_AN_SMS:,}"
        raise ActionFailed(f"text: has {len(text):,} characters with its values; the limit is {most}", permanent=True)
    publish(run, PhoneNumber=data["to"], Message=text, MessageAttributes=_attributes(data.get("sender_id")))


def _attributes(sender_id: str | None) -> dict[str, Any]:
    # Without a type the account's default decides. It is often `Promotional`: less reliable, and not delivered at night
    # in some countries (SNS Developer Guide, sms_publish-to-phone).
    texts = {"AWS.SNS.SMS.SMSType": "Transactional"}
    if sender_id:
        texts["AWS.SNS.SMS.SenderID"] = sender_id
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
