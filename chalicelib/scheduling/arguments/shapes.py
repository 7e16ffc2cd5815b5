"""The unions of `timing` and `action` in OpenAPI. Validation uses `TimingBody` and `AnyAction` instead.

The models are built only for OpenAPI, so that they do not delay a cold start.
"""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import BaseModel, ConfigDict, Field, RootModel

from ..actions import BUILT_IN, ActionModel, OwnAction
from .described import NOT_NAMED, about
from .values import Cron, Duration, Rate, Time, ZoneName

StartAt = Annotated[
    Time,
    about("First possible occurrence, rounded up to the whole minute. Default: the creation.", "2027-03-08T00:00:00Z"),
]
EndAt = Annotated[
    Time, about("Last possible occurrence, rounded up to the whole minute. Default: none.", "2027-12-31T23:59:00Z")
]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class AtTiming(Shape):
    """Fires once, at a local time of `timezone`, or at an instant with `Z` or an offset and no `timezone`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"}]}
    )

    at: Annotated[Time, about("Local time, or instant with `Z` or an offset", "2027-03-02T09:00:00")]
    timezone: Annotated[ZoneName, about("IANA time zone of a local time, such as Europe/Berlin", "Europe/Berlin")] = (
        NOT_NAMED
    )


class AfterTiming(Shape):
    """Fires once, at this time after the request. The response shows the instant as `at`."""

    after: Annotated[Duration, about("ISO 8601 duration in weeks, days, hours, minutes and seconds", "PT2H")]


class RateTiming(Shape):
    """Fires each time the period has elapsed, first one period after the creation or at `start_at`."""

    rate: Annotated[Rate, about("Period in minutes, hours or days", "15 minutes")]
    start_at: StartAt = NOT_NAMED
    end_at: EndAt = NOT_NAMED
    timezone: Annotated[ZoneName, about("IANA time zone of a `start_at` or `end_at` without an offset", "UTC")] = (
        NOT_NAMED
    )


class CronTiming(Shape):
    """Fires at local times of `timezone`."""

    cron: Annotated[
        Cron,
        about("Six fields: minutes, hours, day of month, month, day of week, year", "0 9 ? * MON-FRI *"),
    ]
    timezone: Annotated[ZoneName, about("IANA time zone, such as Europe/Berlin", "Europe/Berlin")]
    start_at: StartAt = NOT_NAMED
    end_at: EndAt = NOT_NAMED


class Timing(RootModel[AtTiming | AfterTiming | RateTiming | CronTiming]):
    """When a schedule fires."""

    model_config = ConfigDict(defer_build=True)


if TYPE_CHECKING:
    AnyBuiltIn = ActionModel
else:
    AnyBuiltIn = Annotated[Union[tuple(BUILT_IN.values())], Field(discriminator="type")]  # noqa: UP007 - as many as there are


class BuiltInAction(RootModel[AnyBuiltIn]):
    """An action that comes with Scheduled Tasks."""

    model_config = ConfigDict(defer_build=True)


class Action(RootModel[BuiltInAction | OwnAction]):
    """The action of a run."""

    model_config = ConfigDict(defer_build=True)
