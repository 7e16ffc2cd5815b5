"""Descriptions and examples of what the API shares with other parts: statuses, choices, and the fields of actions.

The models of the API have theirs in `chalicelib/api/models`. These stay out of the way of a cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMAS: Mapping[str, str] = {
    "ScheduleStatus": "Only an `active` schedule fires. A `paused` one can resume; the others have ended.",
    "RunStatus": "Runs that are `queued`, `running`, `retrying` or `held` are in progress; the others have ended.",
    "JobKind": "`cancel_all`, `erase`: all of a user. `redrive`: failed or missed runs. `release`: held runs.",
    "JobStatus": "`running`: the sweeper works on it. `completed`: nothing is left.",
    "OnUnknown": "`retry` may repeat the work, `stop` fails the run.",
    "Overlap": "`allow`: each occurrence runs. `skip`: not while an earlier run is in progress.",
    "OnMissed": "`run_now`: one run for all missed occurrences. `skip`: none.",
    "EmailAction": "An email with `text`, `html` or both.",
    "SmsAction": "A text message to one phone.",
    "PushAction": "A notification on one device.",
    "WebhookAction": "A signed HTTP POST of JSON.",
    "ReportAction": "An email with the user's schedules and runs of a period.",
    "EventAction": "An event on the application's EventBridge bus.",
    "JsonValue": "Any JSON value.",
    "OwnAction": "An action of the application, which its Notification Lambda registers.",
}
EXAMPLES: Mapping[str, Any] = {
    "EmailAction": {
        "type": "email",
        "to": ["alice@example.com"],
        "subject": "Your trial ends today",
        "text": "Stay with us?",
    },
    "JsonValue": {"plan": "pro"},
}
"""Examples of schemas whose required fields alone are not enough."""

ADDRESSES: tuple[str, Any] = ("Email addresses; `to`, `cc` and `bcc` together have at most 50", ["alice@example.com"])
PLACEHOLDERS: tuple[str, Any] = ("False leaves every `{{` in the texts as it is", True)

FIELDS: Mapping[str, tuple[str, Any]] = {
    "EmailAction.type": ("Type of the action", "email"),
    "EmailAction.to": ADDRESSES,
    "EmailAction.cc": ADDRESSES,
    "EmailAction.bcc": ADDRESSES,
    "EmailAction.reply_to": ("Addresses for replies", ["support@example.com"]),
    "EmailAction.subject": ("Subject, which may have placeholders", "Your trial ends today"),
    "EmailAction.html": ("HTML body, which may have placeholders", "<p>Stay with us?</p>"),
    "EmailAction.text": ("Plain text body, which may have placeholders", "Stay with us?"),
    "EmailAction.placeholders": PLACEHOLDERS,
    "SmsAction.type": ("Type of the action", "sms"),
    "SmsAction.to": ("Phone number in international form", "+4915112345678"),
    "SmsAction.text": ("Message of up to 1,600 characters, which may have placeholders", "{{name}}: {{local_time}}"),
    "SmsAction.sender_id": ("Sender that the phone shows, in countries that allow one", "MyShop"),
    "SmsAction.placeholders": PLACEHOLDERS,
    "PushAction.type": ("Type of the action", "push"),
    "PushAction.endpoint": (
        "ARN of the SNS platform endpoint of the device",
        "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/0f6b1c2d-7e8a-4f0c-8d3b-6a5e4f1c2d30",
    ),
    "PushAction.title": ("Title, which may have placeholders", "Your trial ends today"),
    "PushAction.text": ("Text, which may have placeholders", "Stay with us?"),
    "PushAction.data": ("Texts for the app, which receives `run_id` as well; at most 2,048 bytes", {"screen": "plans"}),
    "PushAction.placeholders": PLACEHOLDERS,
    "WebhookAction.type": ("Type of the action", "webhook"),
    "WebhookAction.url": ("Public `https://` address", "https://example.com/hook"),
    "WebhookAction.headers": ("Headers beside those that the sender sets", {"X-Shop": "7"}),
    "WebhookAction.body": ("Any JSON. Default: a description of the run.", {"report": "sales"}),
    "ReportAction.type": ("Type of the action", "report"),
    "ReportAction.to": ("Email addresses, at most 50", ["alice@example.com"]),
    "ReportAction.period": ("The last `day`, `week` or `month` before the run, or an interval of two instants", "week"),
    "ReportAction.subject": ("Subject, which may have placeholders. Default: one that names the period.", "Your week"),
    "ReportAction.placeholders": PLACEHOLDERS,
    "EventAction.type": ("Type of the action", "event"),
    "EventAction.detail_type": ("Detail type of the event", "contract.check"),
    "EventAction.detail": ("Detail of the event, as a JSON object", {"contract": 42}),
    "EventAction.source": ("Source of the event. Default: the source of Scheduled Tasks.", "shop"),
    "OwnAction.type": ("Type that the application registered", "invoice.remind"),
    "OwnAction.data": ("JSON object that the action receives", {"invoice": 42}),
}
