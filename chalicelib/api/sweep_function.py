"""The sweeper as a scheduled function of a Chalice app."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chalice.app import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalice.app import Chalice, CloudWatchEvent, EventSourceHandler

    from ..scheduling.sweeper import Sweeper

SWEEPS_FOR = timedelta(seconds=40)
"""Lambda ends the function after 50 seconds (.chalice/config.json)."""


def schedule_sweeper(
    app: Chalice,
    sweeper: Callable[[], Sweeper],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> EventSourceHandler:
    """The function `sweep`, every minute. Lambda looks for it in app.py, so that is what it must be called there:

    sweep = schedule_sweeper(app, composition.sweeper)
    """

    @app.schedule(Rate(1, unit=Rate.MINUTES), description="Finishes what Scheduled Tasks left undone")
    def sweep(_event: CloudWatchEvent) -> None:
        sweeper().sweep(stop_at=clock() + SWEEPS_FOR)

    handler: EventSourceHandler = sweep
    return handler
