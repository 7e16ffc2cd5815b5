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
"""Time after which a sweep begins no more work. Lambda stops the function after 50 seconds (.chalice/config.json)."""


def schedule_sweeper(
    app: Chalice,
    sweeper: Callable[[], Sweeper],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> EventSourceHandler:
    """Registers the function `sweep`, which runs every minute. Lambda looks it up in app.py by this name:

    sweep = schedule_sweeper(app, composition.sweeper)
    """

    @app.schedule(Rate(1, unit=Rate.MINUTES), description="Scheduled Tasks: finishes changes, starts runs")
    def sweep(_event: CloudWatchEvent) -> None:
        sweeper().sweep(stop_at=clock() + SWEEPS_FOR)

    handler: EventSourceHandler = sweep
    return handler
