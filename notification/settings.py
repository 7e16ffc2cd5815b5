"""The only reader of the Notification Lambda's environment; Terraform sets it (modules/notification_function)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of what Terraform made.

    `keep_runs` is how long a run's record stays after its time; `loopback_webhooks` lets webhooks call this machine.
    """

    table_name: str
    work_dead_letter_queue_url: str
    sender_address: str
    event_bus_name: str
    keep_runs: timedelta
    webhook_master_secret_arn: str
    loopback_webhooks: bool

    @classmethod
    def from_environment(cls) -> Settings:
        """Raises KeyError with the name of what is missing."""
        return cls(
            table_name=os.environ["TABLE_NAME"],
            work_dead_letter_queue_url=os.environ["WORK_DEAD_LETTER_QUEUE_URL"],
            sender_address=os.environ["SENDER_ADDRESS"],
            event_bus_name=os.environ["EVENT_BUS_NAME"],
            keep_runs=timedelta(days=int(os.environ["RUN_RETENTION_DAYS"])),
            webhook_master_secret_arn=os.environ["WEBHOOK_MASTER_SECRET_ARN"],
            loopback_webhooks=os.environ["LOOPBACK_WEBHOOKS"] == "true",
        )
