"""Options of a schedule beside timing and action, in the form of clients and in the form of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ..core.model.fields import OPTIONS, Field
from ..core.model.values import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ..core.model.schedule import DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy


class ScheduleOptions(TypedDict, total=False):
    """Options of a schedule beside timing and action. None sets the default. The limits are those of HTTP.

    `resource_id`: the application's id of the thing that the schedule is about. `flexible_window_minutes`: EventBridge
    fires within so many minutes, 0 (default: exact) to 1440. `metadata`: a JSON object that the action receives.
    `max_runs`: the schedule is completed after so many runs; default: no limit. `exclusions`: dates in the timing's
    time zone without a run. `on_missed`: default RUN_NOW for one-time, SKIP for recurring schedules.
    `pause_after_failures`: the number of consecutive failed runs that pauses the schedule, 0 means never; default: 10
    for recurring, 0 for one-time schedules.
    """

    resource_id: str | None
    name: str | None
    metadata: Mapping[str, Any] | None
    flexible_window_minutes: int | None
    delivery: DeliveryPolicy | None
    max_runs: int | None
    exclusions: Sequence[date] | None
    on_missed: OnMissed | None
    retry: RetryPolicy | None
    on_unknown: OnUnknown | None
    overlap: Overlap | None
    pause_after_failures: int | None


def options_to_record(options: Mapping[str, Any], *, is_one_time: bool) -> dict[str, Any]:
    """Returns the record's values of checked options of a one-time or recurring schedule. None becomes the default."""
    values = dict(options)
    for name, field in OPTIONS.items():
        if name in options:
            values[name] = _default(field, is_one_time=is_one_time) if options[name] is None else options[name]
    return values | ({"exclusions": tuple(sorted(values["exclusions"]))} if "exclusions" in values else {})


def options_asked(options: Mapping[str, Any], *, is_one_time: bool) -> dict[str, Any]:
    """Returns the options that differ from their default, in their stored form, with metadata as an object."""
    defaults = options_to_record(dict.fromkeys(OPTIONS), is_one_time=is_one_time)
    return {
        name: value if OPTIONS[name].codec is JSON else OPTIONS[name].codec.write(value)
        for name, value in options_to_record(options, is_one_time=is_one_time).items()
        if value != defaults[name]
    }


def _default(field: Field, *, is_one_time: bool) -> Any:
    return field.default_for(is_one_time) if field.default_for else field.default
