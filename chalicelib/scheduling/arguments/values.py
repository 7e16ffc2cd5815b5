"""The values that HTTP and Python callers give, as pydantic reads them, with the limits of the field table.

Python callers may give a datetime for a time, a timedelta for a duration, a date for a day and an enum's member for its
text; all else is read as HTTP reads JSON.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from ...core.model import ids
from ...core.model.fields import LIMITS, Limits
from ...core.model.run import RunStatus
from ...core.model.schedule import OnMissed, OnUnknown, Overlap, Status
from ...core.model.values import dumps
from ..actions import one_line

DAY = re.compile(r"\d{4}-\d\d-\d\d")
IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def within(field: str, part: str | None = None) -> Any:
    """The limits of a number of the field table, or of a number that is a part of its field."""
    least, most = _limits_of(field, part)
    return Field(ge=least, le=most)


def length(field: str) -> Any:
    """The limits of a text or list of the field table."""
    least, most = _limits_of(field)
    return Field(min_length=least or None, max_length=most)


def _limits_of(field: str, part: str | None = None) -> Limits:
    limits = LIMITS[field]
    return limits if isinstance(limits, Limits) else limits[part or ""]


def _or(*types: type) -> WrapValidator:
    """Values of these types are taken as they are."""

    def taken(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
        return value if isinstance(value, types) else handler(value)

    return WrapValidator(taken)


def _user_id(text: str) -> str:
    if not ids.is_user_id(text):
        raise ValueError("is no user id: it is empty, too long or not printable")
    return text


def _schedule_id(text: str) -> str:
    if not ids.is_schedule_id(text):
        raise ValueError(ids.SCHEDULE_ID_RULE)
    return text


def _small(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size, limit = json_size(metadata), _limits_of("metadata").most
    if size > limit:
        raise ValueError(f"has {size:,} bytes as JSON; the limit is {limit:,}")
    return metadata


def json_size(value: object) -> int:
    """In bytes. Raises ValueError for what JSON cannot say."""
    try:
        return len(dumps(value).encode())
    except (ValueError, RecursionError):
        raise ValueError("has no form in JSON: NaN, infinity, too long a number, no text, or too many levels") from None


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError("must be a date such as 2027-12-24")
    return date.fromisoformat(value)


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


def text_like(pattern: re.Pattern[str]) -> WithJsonSchema:
    """How the description of the API shows a value that is read from text."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern.pattern}$"})


AS_JSON = BeforeValidator(_as_json)
"""Any mapping is an object, and a tuple is an array."""
Time = Annotated[str, Field(max_length=64), _or(datetime)]
Duration = Annotated[str, Field(max_length=64), _or(timedelta)]
UserId = Annotated[str, AfterValidator(_user_id)]
ScheduleId = Annotated[str, AfterValidator(_schedule_id), text_like(ids.SCHEDULE_ID)]
ResourceId = Annotated[str, length("resource_id"), AfterValidator(one_line)]
Name = Annotated[str, length("name"), AfterValidator(one_line)]
Reason = Annotated[str, length("reason"), AfterValidator(one_line)]
Metadata = Annotated[dict[str, JsonValue], AfterValidator(_small), AS_JSON]
WindowMinutes = Annotated[int, within("flexible_window_minutes")]
MaxRuns = Annotated[int, within("max_runs")]
Exclusions = Annotated[list[Annotated[date, BeforeValidator(_day)]], length("exclusions"), AS_JSON]
MissedPolicy = Annotated[OnMissed, Field(strict=False)]
UnknownPolicy = Annotated[OnUnknown, Field(strict=False)]
OverlapPolicy = Annotated[Overlap, Field(strict=False)]
PauseAfterFailures = Annotated[int, within("pause_after_failures")]
IdempotencyKey = Annotated[str, AfterValidator(_idempotency_key), text_like(IDEMPOTENCY_KEY)]
PerMinute = Annotated[int, Field(ge=1, le=6000)]
Limit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, Field(max_length=8192)]


class Undone(StrEnum):
    """How a run ended that somebody may want to see, or to have done again, over all his schedules."""

    FAILED = RunStatus.FAILED.value
    MISSED = RunStatus.MISSED.value


UndoneStatus = Annotated[Undone, Field(strict=False)]
ListStatus = Annotated[Status, Field(strict=False)]
