"""When failed work is tried again. Pure calculation: the same run waits as long whoever asks."""

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
"""What a provider may ask for; a header must not put a run off for years."""

JITTER = 0.25
"""How much longer than its back-off a retry may wait, so that what failed together does not come back together."""


def next_attempt_at(
    run: Run, policy: RetryPolicy, now: datetime, *, retry_after: timedelta | None = None
) -> datetime | None:
    """When a run whose last attempt has failed at `now` is tried again; None if its retries are used up.

    Exponential: the policy's back-off, doubled with each retry, up to 6 hours, and up to a quarter more of it.
    `retry_after`, the provider's own wish, is kept where it is longer, up to a day.
    """
    if run.tries > policy.max_retries:
        return None
    backoff = min(timedelta(seconds=policy.backoff_seconds) * 2 ** (run.tries - 1), LONGEST_BACKOFF)
    asked = min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return ceil_second(now + max(backoff * (1 + JITTER * _spread(run)), asked))


def _spread(run: Run) -> float:
    """From 0 to 1, evenly over runs and tries."""
    digest = hashlib.sha256(length_prefixed(run.run_id, str(run.tries))).digest()
    return int.from_bytes(digest[:4]) / 2**32
