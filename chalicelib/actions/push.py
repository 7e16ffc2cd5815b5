"""`push`: sends a notification to one device through Amazon SNS, which accepts no idempotency key."""

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

from ..core.actions.clients import ONCE, ONCE_SECONDS
from ..core.actions.contract import ActionFailed, BuiltIn, RunContext
from ..core.actions.fields import About, Check, FieldsWithTexts, Length, Line
from ..core.actions.filled_texts import filled
from ..core.actions.providers.sns import publish
from ..core.actions.templates import Text, as_written
from ..core.actions.text_rules import DEVICE, in_one_line
from ..core.model.values import json_size

TEXTS = {"title": Text(in_one_line), "text": Text(as_written)}

DATA_BYTES = 2048
"""The most bytes of `data`. Apple and Google accept 4 KB in total, title and text included."""

KEY = re.compile(r"(?!google|gcm)[A-Za-z_][A-Za-z0-9_]{0,99}")
RESERVED_KEYS = frozenset({"aps", "from", "message_type", "notification", "run_id"})
"""Keys that Apple and Google reserve (firebase.google.com, fcm/v1 Message.data), and `run_id` of this service."""
KEY_RULE = (
    "use 1 to 100 letters, digits and `_`, not first a digit; "
    f"reserved keys are {', '.join(sorted(RESERVED_KEYS))} and those that begin with google or gcm"
)


def _device(text: str) -> None:
    if not DEVICE.fullmatch(text):
        raise ValueError("must be the ARN of an SNS platform endpoint, such as arn:aws:sns:…:endpoint/…")


def _data(data: Mapping[str, str]) -> None:
    for name in data:
        if not KEY.fullmatch(name) or name in RESERVED_KEYS:
            raise ValueError(f"{name!r} is not an allowed key; {KEY_RULE}")
    if (size := json_size(data)) > DATA_BYTES:
        raise ValueError(f"has {size:,} bytes as JSON; the limit is {DATA_BYTES:,}")


class Push(FieldsWithTexts, kw_only=True):
    """A notification on one device."""

    endpoint: Annotated[
        str,
        Check(_device),
        About(
            "ARN of the SNS platform endpoint of the device",
            "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/0f6b1c2d-7e8a-4f0c-8d3b-6a5e4f1c2d30",
        ),
    ]
    title: Annotated[Line, About("Title, which may have placeholders", "Your trial ends today")]
    text: Annotated[str, Length(1, 1000), About("Text, which may have placeholders", "Stay with us?")]
    data: Annotated[
        dict[str, str],
        Check(_data),
        About("Texts for the app, which receives `run_id` as well; at most 2,048 bytes", {"screen": "plans"}),
    ] = field(default_factory=dict)


def send(run: RunContext, data: Mapping[str, Any]) -> None:
    """Adds the run id to `data`, by which the app can detect a repeated notification."""
    if not DEVICE.fullmatch(data["endpoint"]):
        raise ActionFailed("endpoint is not the ARN of an SNS platform endpoint", permanent=True)
    texts = filled(run, data, TEXTS)
    message = _message(texts["title"], texts["text"], {**data.get("data", {}), "run_id": run.run_id})
    publish(run, TargetArn=data["endpoint"], MessageStructure="json", Message=json.dumps(message))


def _message(title: str, text: str, data: Mapping[str, str]) -> dict[str, str]:
    """Returns the message in the format of each push service. SNS sends the one of the endpoint's platform.

    SNS Developer Guide: sns-fcm-v1-payloads, sns-send-custom-platform-specific-payloads-mobile-devices.
    """
    alert = {"title": title, "body": text}
    apple = json.dumps({"aps": {"alert": alert}, **data})
    google = json.dumps({"fcmV1Message": {"message": {"notification": alert, "data": data}}})
    return {"default": text, "APNS": apple, "APNS_SANDBOX": apple, "GCM": google}


ACTION = BuiltIn(
    type="push",
    fields=Push,
    work=send,
    timeout_seconds=ONCE_SECONDS,
    texts=TEXTS,
    clients={"sns": ONCE},
    permissions=frozenset({"sns:Publish"}),
)
