"""Pydantic types of the values that HTTP and Python callers give, with the limits of the field table.

Python callers may give a datetime for a time, a timedelta for a duration, a date for a day and an enum's member for its
text. All other values have the form of JSON, as in HTTP.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from ...core.actions.text_rules import one_line
from ...core.model import ids
from ...core.model.fields import LIMITS, Limits
from ...core.model.run import RunStatus
from ...core.model.schedule import OnMissed, OnUnknown, Overlap, Status
from ...core.model.values import json_size
from ..lists.filters import Kind
from ..lists.schedules import ANY
from ..lists.timeline import MOST_LANES
from .described import DescribedAs, about, text_like

DAY = re.compile(r"\d{4}-\d\d-\d\d")
IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


class MetadataShape(RootModel[dict[str, JsonValue]]):
    """A JSON object of the client. The action receives it."""

    model_config = ConfigDict(defer_build=True, json_schema_extra={"examples": [{"plan": "pro"}]})


def within(field: str, part: str | None = None) -> Any:
    """Returns the limits of a number in the field table, or of `part` of a field."""
    limits = _limits_of(field, part)
    return Field(ge=limits.least, le=limits.most)


def length(field: str) -> Any:
    """Returns the limits of a text's or list's length in the field table."""
    limits = _limits_of(field)
    return Field(min_length=limits.least or None, max_length=limits.most)


def _limits_of(field: str, part: str | None = None) -> Limits:
    limits = LIMITS[field]
    return limits if isinstance(limits, Limits) else limits[part or ""]


def _or(*types: type) -> WrapValidator:
    """Returns a validator that accepts values of these types unchanged."""

    def taken(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
        return value if isinstance(value, types) else handler(value)

    return WrapValidator(taken)


def _user_id(text: str) -> str:
    if not ids.is_user_id(text):
        raise ValueError(f"must be 1 to {ids.USER_ID_BYTES} printable bytes")
    return text


def _schedule_id(text: str) -> str:
    if not ids.is_schedule_id(text):
        raise ValueError(ids.SCHEDULE_ID_RULE)
    return text


def _small(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size, limit = json_size(metadata), _limits_of("metadata").most
    if size > limit:
        raise ValueError(f"has {size:,} bytes as JSON; the limit is {limit:,} bytes")
    return metadata


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    with suppress(ValueError):
        if isinstance(value, str) and DAY.fullmatch(value):
            return date.fromisoformat(value)
    raise ValueError("must be a date such as 2027-12-24")


def _idempotency_key(text: str) -> str:
    if not IDEMPOTENCY_KEY.fullmatch(text):
        raise ValueError("must be 1 to 255 printable ASCII characters")
    return text


def _as_json(value: object) -> object:
    match value:
        case Mapping():
            return dict(value)
        case tuple():
            return list(value)
    return value


AS_JSON = BeforeValidator(_as_json)
"""Accepts any mapping as an object, and a tuple as an array."""
Time = Annotated[str, Field(max_length=64), _or(datetime)]
Duration = Annotated[str, Field(max_length=64), _or(timedelta)]
Rate = Annotated[str, Field(max_length=64)]
Cron = Annotated[str, Field(max_length=256)]
ZoneName = Annotated[str, Field(max_length=50)]
UserId = Annotated[str, AfterValidator(_user_id)]
ScheduleId = Annotated[str, AfterValidator(_schedule_id)]
ResourceId = Annotated[
    str,
    length("resource_id"),
    AfterValidator(one_line),
    about("Application's id of the thing that the schedule is about, such as a contract", "contract-42"),
]
Name = Annotated[
    str,
    length("name"),
    AfterValidator(one_line),
    about("Name for people, on one line; the action receives it", "Weekly digest"),
]
Reason = Annotated[
    str,
    length("reason"),
    AfterValidator(one_line),
    about("Why the schedule is paused, on one line", "on holiday"),
]
Metadata = Annotated[
    dict[str, JsonValue],
    AfterValidator(_small),
    AS_JSON,
    DescribedAs(lambda: MetadataShape),
    about(
        f"JSON object of up to {_limits_of('metadata').most:,} bytes; the action receives it. Default: `{{}}`.",
        {"plan": "pro"},
    ),
]
WindowMinutes = Annotated[
    int,
    within("flexible_window_minutes"),
    about("EventBridge fires at some time within so many minutes. Default: 0, the exact time.", 15),
]
MaxRuns = Annotated[
    int,
    within("max_runs"),
    about("The schedule is completed after so many runs, succeeded or failed. Default: no limit.", 10),
]
Exclusions = Annotated[
    list[Annotated[date, BeforeValidator(_day)]],
    length("exclusions"),
    AS_JSON,
    about("Dates in the timing's time zone on which the schedule does no work. Default: none.", ["2027-12-27"]),
]
MissedPolicy = Annotated[
    OnMissed,
    Field(strict=False),
    about(
        "Handling of an occurrence that was not delivered: one run for all of them (`run_now`), or none (`skip`)."
        " Default: `run_now` for one-time, `skip` for recurring schedules.",
        OnMissed.SKIP.value,
    ),
]
UnknownPolicy = Annotated[
    OnUnknown,
    Field(strict=False),
    about(
        "Handling of a run whose work may have been done before it was interrupted: `retry` may repeat the work,"
        " `stop` fails the run. Default: `retry`.",
        OnUnknown.RETRY.value,
    ),
]
OverlapPolicy = Annotated[
    Overlap,
    Field(strict=False),
    about(
        "Handling of an occurrence while an earlier run of the schedule is in progress: `allow` or `skip`."
        " Default: `allow`.",
        Overlap.ALLOW.value,
    ),
]
PauseAfterFailures = Annotated[
    int,
    within("pause_after_failures"),
    about(
        "Consecutive failed runs that pause the schedule; 0 means never."
        " Default: 10 for recurring, 0 for one-time schedules.",
        10,
    ),
]
IdempotencyKey = Annotated[
    str,
    AfterValidator(_idempotency_key),
    text_like(
        IDEMPOTENCY_KEY, "The same request under the same key creates one schedule, however often it is sent", "order-7"
    ),
]
PerMinute = Annotated[int, Field(ge=1, le=6000), about("Runs to queue per minute", 10)]
Limit = Annotated[int, Field(ge=1, le=100)]
LaneLimit = Annotated[int, Field(ge=1, le=MOST_LANES)]
Cursor = Annotated[
    str, Field(max_length=8192), about("`next_cursor` of the previous page. Default: the first page.", "WyI1ZDJj")
]


class Undone(StrEnum):
    """Result of a run without success: it `failed`, or it was not delivered (`missed`)."""

    FAILED = RunStatus.FAILED.value
    MISSED = RunStatus.MISSED.value


UndoneStatus = Annotated[Undone, Field(strict=False), about("How the runs ended", Undone.FAILED.value)]


class ListedStatus(StrEnum):
    """Status of the listed schedules, or `any` of them."""

    ANY = ANY
    ACTIVE = Status.ACTIVE.value
    PAUSED = Status.PAUSED.value
    FAILED = Status.FAILED.value
    COMPLETED = Status.COMPLETED.value
    CANCELLED = Status.CANCELLED.value


ListStatus = Annotated[
    ListedStatus,
    Field(strict=False),
    about("Status of the schedules, or `any`: active ones, then paused, failed, completed and cancelled ones", "any"),
]
Search = Annotated[
    str,
    Field(min_length=1, max_length=100),
    about("Part of the name, of the id or of the resource id, in any case", "digest"),
]
KindOfTiming = Annotated[
    Kind, Field(strict=False), about("Only one-time or only recurring schedules. Default: both.", Kind.RECURRING.value)
]
ActionType = Annotated[
    str, Field(min_length=1, max_length=64), about("Only schedules with an action of this type", "email")
]
