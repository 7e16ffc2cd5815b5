"""What a schedule may have beside timing and action, as clients say it and as the record has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from .core.schedule import DeliveryPolicy, OnMissed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from .core.schedule import Timing


class Details(TypedDict, total=False):
    """What a schedule may have beside timing and action; None is the default.

    `flexible_window_minutes` is 0 (exact) to 1440; `metadata` is a JSON object that is handed to the action;
    `exclusions` are dates in the timing's zone; `on_missed` is by default RUN_NOW for one-time, else SKIP.
    """

    resource_id: str | None
    name: str | None
    metadata: Mapping[str, Any] | None
    flexible_window_minutes: int
    delivery: DeliveryPolicy | None
    max_runs: int | None
    exclusions: Sequence[date] | None
    on_missed: OnMissed | None


def as_recorded(details: Mapping[str, Any], timing: Timing) -> dict[str, Any]:
    """The values of these details on a schedule of this timing."""
    defaults = {
        "metadata": {},
        "flexible_window_minutes": 0,
        "delivery": DeliveryPolicy(),
        "exclusions": (),
        "on_missed": OnMissed.RUN_NOW if timing.is_one_time else OnMissed.SKIP,
    }
    values: dict[str, Any] = {name: defaults.get(name) if value is None else value for name, value in details.items()}
    return values | ({"exclusions": tuple(sorted(values["exclusions"]))} if "exclusions" in values else {})
