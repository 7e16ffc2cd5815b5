"""Calculates when failed work is retried. The result is deterministic: it depends only on the run and the policy."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from ..timing.instants import ceil_second
from .ids import length_prefixed

if TYPE_CHECKING:
    from datetime import datetime

    from .run import Run
    from .schedule import RetryPolicy

LONGEST_BACKOFF = timedelta(hours=6)

LONGEST_RETRY_AFTER = timedelta(days=1)
"""The longest delay that a provider may request: a header must not postpone a run for years."""

JITTER = 0.25
"""The most jitter, as a fraction of the back-off, so that runs that failed together are not retried together."""


def next_attempt_at(
    run: Run, policy: RetryPolicy, now: datetime, *, retry_after: timedelta | None = None
) -> datetime | None:
    """Returns the time of the next attempt after a failure at `now`, or None if the retries are used up.

    The delay is the policy's back-off, doubled with each retry up to 6 hours, plus up to 25 % jitter. `retry_after` is
    the delay that the provider requests; it applies if it is longer, up to a day.
    """
    if run.tries > policy.max_retries:
        return None
    backoff = min(timedelta(seconds=policy.backoff_seconds) * 2 ** (run.tries - 1), LONGEST_BACKOFF)
    asked = min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return ceil_second(now + max(backoff * (1 + JITTER * _spread(run)), asked))


def _spread(run: Run) -> float:
    """Returns a number from 0 to 1, evenly distributed over runs and tries."""
    digest = hashlib.sha256(length_prefixed(run.run_id, str(run.tries))).digest()
    return int.from_bytes(digest[:4]) / 2**32
