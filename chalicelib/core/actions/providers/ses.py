"""Sends email through Amazon SES v2 from the stage's one sender address. SES accepts no idempotency key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..contract import ActionFailed
from ..text_rules import in_one_line, is_mail_address
from .failures import FAILURES, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..contract import RunContext

# Transient errors of SES in addition to throttling (API reference, SendEmail).
PASSING = frozenset({"LimitExceededException", "SendingPausedException"})

# An identity or configuration set is missing, or the account must not send.
FAULTS = frozenset(
    {
        "AccountSuspendedException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "SendingPausedException",
    }
)

UNVERIFIED = "not verified"
"""Part of MessageRejected's text if SES has not verified the sender or, in the SES sandbox, a recipient (SES Developer
Guide, troubleshoot-error-messages).
"""

NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_-]")
"""Characters that SES refuses in a tag's value (API reference, MessageTag). The run id of a "run now" has a dot."""

ADDRESSES = {"to": "ToAddresses", "cc": "CcAddresses", "bcc": "BccAddresses"}


def send_mail(run: RunContext, mail: Mapping[str, Any]) -> None:
    """Sends an email with `to`, `cc`, `bcc`, `reply_to` (lists of addresses), `subject`, and `text`, `html` or both.

    The run id is sent as a tag, with `_` in place of characters that a tag must not have. Raises ActionFailed if SES
    fails or an address is invalid: an address becomes a header, so it could inject another one.
    """
    request = {
        "FromEmailAddress": run.settings.sender_address,
        "Destination": {theirs: _addresses(mail, ours) for ours, theirs in ADDRESSES.items()},
        "ReplyToAddresses": _addresses(mail, "reply_to"),
        "Content": {"Simple": {"Subject": _content(in_one_line(mail["subject"])), "Body": _body(mail)}},
        "EmailTags": [{"Name": "run_id", "Value": NOT_IN_TAGS.sub("_", run.run_id)}],
    }
    try:
        run.aws("sesv2").send_email(**request)
    except FAILURES as exc:
        faults = FAULTS | {"MessageRejected"} if UNVERIFIED in str(exc) else FAULTS
        raise failure("SES", exc, passing=PASSING, faults=faults) from exc


def _addresses(mail: Mapping[str, Any], field: str) -> list[str]:
    addresses: list[Any] = mail.get(field, [])
    for index, address in enumerate(addresses):
        if not isinstance(address, str) or not is_mail_address(address):
            raise ActionFailed(f"{field}.{index} is not an email address", permanent=True)
    return addresses


def _body(mail: Mapping[str, Any]) -> dict[str, Any]:
    parts = {"Text": mail.get("text"), "Html": mail.get("html")}
    return {kind: _content(text) for kind, text in parts.items() if text is not None}


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
