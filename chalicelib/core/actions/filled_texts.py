"""Replaces the placeholders in an action's texts by values of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..timing.instants import iso
from ..timing.zones import wall_time, zone
from .contract import ActionFailed
from .templates import InvalidTemplate, fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .contract import RunContext
    from .templates import Text


def filled(run: RunContext, data: Mapping[str, Any], texts: Mapping[str, Text]) -> dict[str, Any]:
    """Returns the action's data with its texts filled. Raises ActionFailed with the field's name if one is invalid."""
    try:
        return fill(data, texts, _values(run))
    except InvalidTemplate as exc:
        raise ActionFailed(str(exc), permanent=True) from exc


def _values(run: RunContext) -> dict[str, Any]:
    local = wall_time(run.scheduled_time, zone(run.timezone))
    return {
        "name": run.name,
        "resource_id": run.resource_id,
        "user_id": run.user_id,
        "schedule_id": run.schedule_id,
        "run_id": run.run_id,
        "scheduled_time": iso(run.scheduled_time),
        "local_date": f"{local:%Y-%m-%d}",
        "local_time": f"{local:%H:%M}",
        "timezone": run.timezone,
        "metadata": dict(run.metadata),
    }
