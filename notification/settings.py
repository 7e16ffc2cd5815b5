"""Reads the Notification Lambda's environment variables, which Terraform sets (modules/notification_function)."""

from __future__ import annotations

import json
import os
from dataclasses import field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.core.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(Frozen):
    """The settings. `keep_runs` is how long a run's record is kept after its claim.

    `loopback_webhooks` lets webhooks call this machine. `hold` is the operator's reason to hold all runs; None if they
    do not hold them. `action_rates` are starts per second by action type, over all `max_concurrency` invocations.
    `signing_ahead_file`: see `webhook_signer`; None outside the local cloud.
    """

    table_name: str
    work_dead_letter_queue_url: str
    sender_address: str
    event_bus_name: str
    reports_bucket: str
    keep_runs: timedelta
    webhook_master_secret_arn: str
    loopback_webhooks: bool
    hold: str | None = None
    action_rates: Mapping[str, float] = field(default_factory=dict)
    max_concurrency: int = 1
    signing_ahead_file: Path | None = None

    @classmethod
    def from_environment(cls) -> Settings:
        """Raises KeyError with the name of a missing variable."""
        return cls(
            table_name=os.environ["TABLE_NAME"],
            work_dead_letter_queue_url=os.environ["WORK_DEAD_LETTER_QUEUE_URL"],
            sender_address=os.environ["SENDER_ADDRESS"],
            event_bus_name=os.environ["EVENT_BUS_NAME"],
            reports_bucket=os.environ["REPORTS_BUCKET"],
            keep_runs=timedelta(days=int(os.environ["RUN_RETENTION_DAYS"])),
            webhook_master_secret_arn=os.environ["WEBHOOK_MASTER_SECRET_ARN"],
            loopback_webhooks=os.environ["LOOPBACK_WEBHOOKS"] == "true",
            hold=os.environ.get("HOLD") or None,
            action_rates=json.loads(os.environ["ACTION_RATES"]),
            max_concurrency=int(os.environ["MAX_CONCURRENCY"]),
            signing_ahead_file=_path(os.environ.get("SIGNING_AHEAD_FILE")),
        )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
