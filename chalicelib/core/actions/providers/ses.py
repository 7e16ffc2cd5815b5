"""Mail through Amazon SES v2, always from the one sender that the stage has. SES takes no idempotency key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..contract import ActionFailed
from ..text_rules import in_one_line, is_mail_address
from .failures import FAILURES, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..contract import RunContext

# What SES refuses for the moment, beside throttles (API reference, SendEmail).
PASSING = frozenset({"LimitExceededException", "SendingPausedException"})

# An identity or a configuration set is missing, or the account may not send any more.
FAULTS = frozenset(
    {
        "AccountSuspendedException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "SendingPausedException",
    }
)

UNVERIFIED = "not verified"
"""In the text of a MessageRejected: SES has not verified the sender's identity, or, in its sandbox, a recipient's.
(SES Developer Guide, troubleshoot-error-messages)
"""

NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_-]")
"""What SES refuses in a tag's value (API reference, MessageTag). The id of a run of "run now" has a dot."""

ADDRESSES = {"to": "ToAddresses", "cc": "CcAddresses", "bcc": "BccAddresses"}


def send_mail(run: RunContext, mail: Mapping[str, Any]) -> None:
    """Sends `to`, `cc`, `bcc`, `reply_to` (lists of addresses), `subject`, and `text`, `html` or both.

    The run id travels as a tag, with `_` for what a tag cannot hold. Raises ActionFailed, for an address that is none
    as well: it would become a header.
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
            raise ActionFailed(f"{field}.{index} is no mail address", permanent=True)
    return addresses


def _body(mail: Mapping[str, Any]) -> dict[str, Any]:
    parts = {"Text": mail.get("text"), "Html": mail.get("html")}
    return {kind: _content(text) for kind, text in parts.items() if text is not None}


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
