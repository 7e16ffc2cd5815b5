"""What a schedule may have beside timing and action, as clients say it and as the record has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ..core.errors import InvalidInput
from ..core.model.schedule import DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ..core.model.schedule import Timing


PAUSE_AFTER_FAILURES = 10
MOST_RUNS = 1_000_000


class ScheduleOptions(TypedDict, total=False):
    """What a schedule may have beside timing and action; None is the default.

    `flexible_window_minutes` is 0 (exact) to 1440; `metadata` is a JSON object that is handed to the action;
    `exclusions` are dates in the timing's zone; `on_missed` is by default RUN_NOW for one-time, else SKIP;
    `pause_after_failures` in a row is by default 10 for recurring ones, and 0 is never.
    """

    resource_id: str | None
    name: str | None
    metadata: Mapping[str, Any] | None
    flexible_window_minutes: int
    delivery: DeliveryPolicy | None
    max_runs: int | None
    exclusions: Sequence[date] | None
    on_missed: OnMissed | None
    retry: RetryPolicy | None
    on_unknown: OnUnknown | None
    overlap: Overlap | None
    pause_after_failures: int | None


def options_to_record(details: Mapping[str, Any], timing: Timing) -> dict[str, Any]:
    """The values of these details on a schedule of this timing. Raises InvalidInput."""
    _check_max_runs(details.get("max_runs"))
    defaults = {
        "metadata": {},
        "flexible_window_minutes": 0,
        "delivery": DeliveryPolicy(),
        "exclusions": (),
        "on_missed": OnMissed.RUN_NOW if timing.is_one_time else OnMissed.SKIP,
        "retry": RetryPolicy(),
        "on_unknown": OnUnknown.RETRY,
        "overlap": Overlap.ALLOW,
        "pause_after_failures": 0 if timing.is_one_time else PAUSE_AFTER_FAILURES,
    }
    values: dict[str, Any] = {name: defaults.get(name) if value is None else value for name, value in details.items()}
    return values | ({"exclusions": tuple(sorted(values["exclusions"]))} if "exclusions" in values else {})


def _check_max_runs(max_runs: int | None) -> None:
    if max_runs is not None and not 1 <= max_runs <= MOST_RUNS:
        raise InvalidInput.of("max_runs", f"must be 1 to {MOST_RUNS:,}")
