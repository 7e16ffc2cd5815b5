"""How long what is kept: Terraform's inputs, which the API and the sweeper must know as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..core.model.schedule import RECORD_OUTLIVES_RUNS


@dataclass(frozen=True, slots=True)
class Durations:
    """The defaults are Terraform's.

    `event_age` is how long Lambda keeps an event whose invocation failed (`event_age_seconds`); `keep_runs` is how long
    a run's record stays after the run was last begun or recorded (`run_retention_days`).
    """

    event_age: timedelta = timedelta(hours=1)
    keep_runs: timedelta = timedelta(days=90)

    @property
    def keep_records(self) -> timedelta:
        """How long a finished schedule's record stays."""
        return self.keep_runs + RECORD_OUTLIVES_RUNS


USUAL = Durations()
