"""`email`: sends an email through Amazon SES, which accepts no idempotency key. Its texts may have placeholders."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from ..core.actions.clients import ONCE, ONCE_SECONDS
from ..core.actions.contract import BuiltIn, RunContext
from ..core.actions.fields import MAX_RECIPIENTS, About, ActionRules, Addresses, FieldsWithTexts, Length, Line
from ..core.actions.filled_texts import filled
from ..core.actions.providers.ses import send_mail
from ..core.actions.templates import Text, as_written
from ..core.actions.text_rules import in_one_line

TEXTS = {"subject": Text(in_one_line), "text": Text(as_written), "html": Text(html.escape)}


class Email(FieldsWithTexts, kw_only=True):
    """An email with `text`, `html` or both."""

    to: Annotated[Addresses, Length(least=1)]
    cc: Addresses = field(default_factory=list)
    bcc: Addresses = field(default_factory=list)
    reply_to: Annotated[Addresses, About("Addresses for replies", ["support@example.com"])] = field(
        default_factory=list
    )
    subject: Annotated[Line, About("Subject, which may have placeholders", "Your trial ends today")]
    html: (
        Annotated[str, Length(least=1), About("HTML body, which may have placeholders", "<p>Stay with us?</p>")] | None
    ) = None
    text: (
        Annotated[str, Length(least=1), About("Plain text body, which may have placeholders", "Stay with us?")] | None
    ) = None

    def problems(self, _rules: ActionRules, /) -> Iterator[tuple[str, str]]:
        if self.text is None and self.html is None:
            yield "text", "`text` and `html` are missing; give one of them or both"
        if len(self.to) + len(self.cc) + len(self.bcc) > MAX_RECIPIENTS:
            yield "", f"`to`, `cc` and `bcc` have too many addresses; the limit is {MAX_RECIPIENTS} in total"


def send(run: RunContext, data: Mapping[str, Any]) -> None:
    send_mail(run, filled(run, data, TEXTS))


ACTION = BuiltIn(
    type="email",
    fields=Email,
    work=send,
    timeout_seconds=ONCE_SECONDS,
    texts=TEXTS,
    shown=("text",),
    clients={"sesv2": ONCE},
    permissions=frozenset({"ses:SendEmail"}),
)
