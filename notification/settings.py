"""The only reader of the Notification Lambda's environment; Terraform sets it (modules/notification_function)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of what Terraform made. `keep_runs` is how long a run's record stays after its time."""

    table_name: str
    work_dead_letter_queue_url: str
    sender_address: str
    event_bus_name: str
    reports_bucket: str
    keep_runs: timedelta

    @classmethod
    def from_environment(cls) -> Settings:
        """Raises KeyError with the name of what is missing."""
        return cls(
            table_name=os.environ["TABLE_NAME"],
            work_dead_letter_queue_url=os.environ["WORK_DEAD_LETTER_QUEUE_URL"],
            sender_address=os.environ["SENDER_ADDRESS"],
            event_bus_name=os.environ["EVENT_BUS_NAME"],
            reports_bucket=os.environ["REPORTS_BUCKET"],
            keep_runs=timedelta(days=int(os.environ["RUN_RETENTION_DAYS"])),
        )
