"""An application's own action as its README would show it: mails what it got."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from notification.action_api import RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping


@action("invoice.remind")
def remind(run: RunContext, data: Mapping[str, Any]) -> None:
    facts = {"run_id": run.run_id, "name": run.name, "metadata": run.metadata, "data": data}
    run.aws("sesv2").send_email(
        FromEmailAddress=run.settings.sender_address,
        Destination={"ToAddresses": ["accounts@example.com"]},
        Content={
            "Simple": {"Subject": {"Data": f"invoice {data['invoice']}"}, "Body": {"Text": {"Data": json.dumps(facts)}}}
        },
    )
