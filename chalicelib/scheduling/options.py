"""What a schedule may have beside timing and action, as clients say it and as the record has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ..core.model.fields import OPTIONS, Field
from ..core.model.schedule import Timing
from ..core.model.values import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ..core.model.schedule import DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy


ONE_TIME, RECURRING = Timing("at(1970-01-01T00:00:00)"), Timing("rate(1 minute)")


class ScheduleOptions(TypedDict, total=False):
    """What a schedule may have beside timing and action; None is the default.

    `flexible_window_minutes` is 0 (exact) to 1440; `metadata` is a JSON object that is handed to the action;
    `exclusions` are dates in the timing's zone; `on_missed` is by default RUN_NOW for one-time, else SKIP;
    `pause_after_failures` in a row is by default 10 for recurring ones, and 0 is never. The limits are those of HTTP.
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


def options_to_record(options: Mapping[str, Any], timing: Timing) -> dict[str, Any]:
    """The values of these options, which are checked, on a schedule of this timing."""
    values = dict(options)
    for name, field in OPTIONS.items():
        if name in options:
            values[name] = _default(field, timing) if options[name] is None else options[name]
    return values | ({"exclusions": tuple(sorted(values["exclusions"]))} if "exclusions" in values else {})


def options_asked(options: Mapping[str, Any], *, is_one_time: bool) -> dict[str, Any]:
    """Those of these options that are not the default, as they are stored; metadata as an object.

    A timing whose time has passed can no longer be resolved, and of a timing the defaults need only its kind.
    """
    kind = ONE_TIME if is_one_time else RECURRING
    defaults = options_to_record(dict.fromkeys(OPTIONS), kind)
    return {
        name: value if OPTIONS[name].codec is JSON else OPTIONS[name].codec.write(value)
        for name, value in options_to_record(options, kind).items()
        if value != defaults[name]
    }


def _default(field: Field, timing: Timing) -> Any:
    default_for = field.option and field.option.default
    return default_for(timing) if default_for else field.default
