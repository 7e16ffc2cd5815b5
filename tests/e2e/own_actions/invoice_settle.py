"""An application's own action that reads a table and a package of its own (docs/actions.md): mails what it found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from notification.action_api import RunContext, action

if TYPE_CHECKING:
    from collections.abc import Mapping


@action("invoice.settle")
def settle(run: RunContext, data: Mapping[str, Any]) -> None:
    from feasts import EASTER  # type: ignore[import-not-found]  # noqa: PLC0415 - a wheel that own_project.py makes

    key = {"invoice": {"S": str(data["invoice"])}}
    invoice = run.aws("dynamodb").get_item(TableName=os.environ["INVOICES_TABLE"], Key=key)["Item"]
    run.aws("sesv2").send_email(
        FromEmailAddress=run.settings.sender_address,
        Destination={"ToAddresses": [invoice["email"]["S"]]},
        Content={
            "Simple": {"Subject": {"Data": f"settle {data['invoice']}"}, "Body": {"Text": {"Data": f"until {EASTER}"}}}
        },
    )
