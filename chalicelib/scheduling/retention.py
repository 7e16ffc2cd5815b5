"""Retention times: inputs of Terraform that the API and the sweeper use as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..core.model.schedule import RECORD_OUTLIVES_RUNS


@dataclass(frozen=True, slots=True)
class Durations:
    """The retention times. The defaults are those of Terraform.

    `event_age` (`event_age_seconds`): how long Lambda keeps an event whose invocation failed. `keep_runs`
    (`run_retention_days`): how long a run's record is kept after the run last began or was recorded.
    """

    event_age: timedelta = timedelta(hours=1)
    keep_runs: timedelta = timedelta(days=90)

    @property
    def keep_records(self) -> timedelta:
        """How long the record of an ended schedule is kept."""
        return self.keep_runs + RECORD_OUTLIVES_RUNS


USUAL = Durations()
