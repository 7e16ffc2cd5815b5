"""`email`: a mail, its texts filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notification.providers.ses import send_mail
from notification.providers.templates import filled

from ..action_api import RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping


@action("email")
def send(run: RunContext, data: Mapping[str, Any]) -> None:
    """Sends `to`, `cc`, `bcc`, `reply_to` (lists of addresses), `subject`, and `text`, `html` or both."""
    send_mail(run, filled(run, "email", data))
