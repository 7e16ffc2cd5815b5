"""`email`: a mail through Amazon SES v2. SES takes no idempotency key; the run id travels as a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.core.aws import OUT_OF_REACH, error_code, is_transient

from .registry import ActionFailed, RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping

# What SES refuses for the moment, beside throttles (API reference, SendEmail).
PASSING = frozenset({"LimitExceededException", "SendingPausedException"})


@action("email")
def send(run: RunContext, data: Mapping[str, Any]) -> None:
    """Sends `to`, `cc`, `bcc`, `reply_to` (lists of addresses), `subject`, and `text`, `html` or both."""
    request = {
        "FromEmailAddress": run.settings.sender_address,
        "Destination": {
            "ToAddresses": data["to"],
            "CcAddresses": data.get("cc", []),
            "BccAddresses": data.get("bcc", []),
        },
        "ReplyToAddresses": data.get("reply_to", []),
        "Content": {"Simple": {"Subject": _content(data["subject"]), "Body": _body(data)}},
        "EmailTags": [{"Name": "run_id", "Value": run.run_id}],
    }
    try:
        run.aws("sesv2").send_email(**request)
    except (ClientError, *OUT_OF_REACH) as exc:
        raise _failure(exc) from exc


def _body(data: Mapping[str, Any]) -> dict[str, Any]:
    parts = {"Text": data.get("text"), "Html": data.get("html")}
    return {kind: _content(text) for kind, text in parts.items() if text is not None}


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _failure(exc: Exception) -> ActionFailed:
    if not isinstance(exc, ClientError):
        return ActionFailed("SES did not answer")
    code = error_code(exc)
    passing = is_transient(exc) or code in PASSING
    return ActionFailed(f"SES {code}: {exc.response['Error'].get('Message', '')}", permanent=not passing)
