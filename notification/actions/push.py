"""`push`: a notification on one device through Amazon SNS, which takes no idempotency key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chalicelib.core.actions.text_rules import DEVICE
from notification.providers.sns import publish
from notification.providers.templates import filled

from ..action_api import ActionFailed, RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping


@action("push")
def send(run: RunContext, data: Mapping[str, Any]) -> None:
    """Shows `title` and `text` on the device behind `endpoint`, the ARN of a platform endpoint of SNS.

    The app gets `data` (text by text), and in it `run_id`: its key against showing the same thing twice.
    """
    if not DEVICE.fullmatch(data["endpoint"]):
        raise ActionFailed("endpoint is no platform endpoint of SNS", permanent=True)
    texts = filled(run, "push", data)
    message = _message(texts["title"], texts["text"], {**data.get("data", {}), "run_id": run.run_id})
    publish(run, TargetArn=data["endpoint"], MessageStructure="json", Message=json.dumps(message))


def _message(title: str, text: str, data: Mapping[str, str]) -> dict[str, str]:
    """The same for each push service, in its own shape and as text (SNS Developer Guide, sns-fcm-v1-payloads and
    sns-send-custom-platform-specific-payloads-mobile-devices). SNS takes the one of the endpoint's platform.
    """
    alert = {"title": title, "body": text}
    apple = json.dumps({"aps": {"alert": alert}, **data})
    google = json.dumps({"fcmV1Message": {"message": {"notification": alert, "data": data}}})
    return {"default": text, "APNS": apple, "APNS_SANDBOX": apple, "GCM": google}
