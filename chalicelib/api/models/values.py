"""Types of the values that clients send, each with its limits, its description and an example for OpenAPI."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    RootModel,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from ...core.errors import ScheduleNotFound
from ...core.model import ids
from ...core.model.run import RunStatus
from ...core.model.schedule import OnMissed, OnUnknown, Overlap, Schedule
from ...core.model.values import dumps
from ...scheduling.actions import one_line
from ..auth import is_user_id

METADATA_BYTES = 2048
NOT_NAMED: Any = None
"""Default of an optional field that does not accept null."""

DAY = re.compile(r"\d{4}-\d\d-\d\d")
ETAG = re.compile(r'"([0-9]{1,18})"')
IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


class DescribedAs:
    """Gives a value the JSON schema of another type. `type_` makes that type when OpenAPI asks for it."""

    def __init__(self, type_: Callable[[], Any]) -> None:
        self._type = type_

    def __get_pydantic_json_schema__(self, _schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # Wrapped twice: pydantic names a nested type only, and would replace a bare reference by what it refers to.
        nested = core_schema.definitions_schema(TypeAdapter(self._type()).core_schema, [])
        return {"allOf": [handler(nested)]}


class MetadataShape(RootModel[dict[str, JsonValue]]):
    """A JSON object of the client's, which the action receives."""

    model_config = ConfigDict(defer_build=True, json_schema_extra={"examples": [{"plan": "pro"}]})


def about(description: str, *examples: Any) -> Any:
    """A field's description and examples. Without them, a field of a view has those of the create's field."""
    return Field(description=description, examples=list(examples) or None)


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise ValueError("is no user id: it is empty, too long or not printable")
    return text


def _schedule_id(text: str) -> str:
    if not ids.is_schedule_id(text):
        raise ValueError(ids.SCHEDULE_ID_RULE)
    return text


def _existing_id(text: str) -> str:
    """No schedule has an id that breaks the rule."""
    if not ids.is_schedule_id(text):
        raise ScheduleNotFound
    return text


def _small(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(dumps(metadata).encode())
    if size > METADATA_BYTES:
        raise ValueError(f"has {size:,} bytes as JSON; the limit is {METADATA_BYTES:,}")
    return metadata


def _day(value: object) -> date:
    with suppress(ValueError):
        if isinstance(value, str) and DAY.fullmatch(value):
            return date.fromisoformat(value)
    raise ValueError("must be a date such as 2027-12-24")


def _revision(etag: object) -> int:
    match = ETAG.fullmatch(str(etag))
    if match is None:
        raise ValueError('must be the ETag of an answer, quotes included, such as "1803902400000"')
    return int(match[1])


def _idempotency_key(text: str) -> str:
    if not IDEMPOTENCY_KEY.fullmatch(text):
        raise ValueError("must be 1 to 255 printable ASCII characters")
    return text


def _text_like(pattern: re.Pattern[str], description: str, example: str) -> WithJsonSchema:
    """The JSON schema of a value that is read from text."""
    schema = {"type": "string", "pattern": f"^{pattern.pattern}$"}
    return WithJsonSchema({**schema, "description": description, "examples": [example]})


class Undone(StrEnum):
    """How a run ended without success: it `failed`, or nothing delivered it (`missed`)."""

    FAILED = RunStatus.FAILED.value
    MISSED = RunStatus.MISSED.value


class Kind(StrEnum):
    """How often a schedule fires."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"

    def fits(self, schedule: Schedule) -> bool:
        return schedule.timing.is_one_time == (self is Kind.ONE_TIME)


Time = Annotated[str, Field(max_length=64)]
Since = Annotated[
    Time, about("Only runs scheduled at this instant or later, with `Z` or an offset", "2027-03-08T00:00:00Z")
]
Until = Annotated[
    Time, about("Only runs scheduled at this instant or earlier, with `Z` or an offset", "2027-03-31T00:00:00Z")
]
UserId = Annotated[
    str,
    AfterValidator(_user_id),
    about("User to act for; another user needs the scope `schedules:admin`. Default: the caller.", "alice"),
]
OwnerId = Annotated[str, AfterValidator(_user_id), about("User whose schedules are meant", "alice")]
ScheduleId = Annotated[
    str,
    AfterValidator(_schedule_id),
    _text_like(ids.SCHEDULE_ID, "Only runs of this schedule", "weekly-digest"),
]
NewScheduleId = Annotated[
    str,
    AfterValidator(_schedule_id),
    about("Id chosen by the client: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`, and not `batch`", "weekly-digest"),
]
ExistingScheduleId = Annotated[str, AfterValidator(_existing_id), about("Id of the schedule", "weekly-digest")]
ResourceId = Annotated[
    str,
    Field(min_length=1, max_length=256),
    AfterValidator(one_line),
    about("Id of the application's thing that the schedule is about, such as a contract", "contract-42"),
]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200),
    AfterValidator(one_line),
    about("Name for people, on one line; the action receives it", "Weekly digest"),
]
Reason = Annotated[
    str,
    Field(min_length=1, max_length=200),
    AfterValidator(one_line),
    about("Why the schedule is paused, on one line", "on holiday"),
]
Metadata = Annotated[
    dict[str, JsonValue],
    AfterValidator(_small),
    DescribedAs(lambda: MetadataShape),
    about(f"JSON object of up to {METADATA_BYTES:,} bytes; the action receives it. Default: `{{}}`.", {"plan": "pro"}),
]
WindowMinutes = Annotated[
    int,
    Field(ge=0, le=1440),
    about("EventBridge fires at some time within so many minutes. Default: 0, the exact time.", 15),
]
MaxRuns = Annotated[
    int,
    Field(ge=1, le=1_000_000),
    about("The schedule is completed after so many runs, succeeded or failed. Default: no limit.", 10),
]
Exclusions = Annotated[
    list[Annotated[date, BeforeValidator(_day)]],
    Field(max_length=366),
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
    Field(ge=0, le=1000),
    about(
        "Consecutive failed runs that pause the schedule; 0 means never."
        " Default: 10 for recurring, 0 for one-time schedules.",
        10,
    ),
]
IdempotencyKey = Annotated[
    str,
    AfterValidator(_idempotency_key),
    _text_like(
        IDEMPOTENCY_KEY, "The same request under the same key creates one schedule, however often it is sent", "order-7"
    ),
]
Revision = Annotated[
    int,
    BeforeValidator(_revision),
    _text_like(
        ETAG, "`ETag` of the schedule: the request fails with 412 if the schedule has changed since", '"1803902400000"'
    ),
]
PerMinute = Annotated[int, Field(ge=1, le=6000), about("Runs to queue per minute", 10)]
UndoneStatus = Annotated[Undone, Field(strict=False), about("How the runs ended", Undone.FAILED.value)]
Limit = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[Limit, about("Number of occurrences", 3)]
PageSize = Annotated[Limit, about("Largest number of items per page", 50)]
Cursor = Annotated[
    str, Field(max_length=8192), about("`next_cursor` of the previous page. Default: the first page.", "WyI1ZDJj")
]
