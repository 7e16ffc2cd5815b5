"""Bodies of requests that only HTTP has, as pydantic models; those of a schedule are in scheduling/arguments/bodies.py.

A body must have exactly these fields: nothing is converted or ignored.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, JsonValue

from ...core.errors import InvalidInput, ScheduledTasksError
from ...core.model.run import RunStatus
from ...scheduling.arguments.bodies import CreateSchedulesItem, PutSchedule, WhenItFires
from ...scheduling.arguments.described import DescribedAs, about
from ...scheduling.arguments.reading import Body
from ...scheduling.arguments.values import Limit, PerMinute, Reason, ResourceId, Time, Undone, UndoneStatus
from ...scheduling.jobs import PER_MINUTE
from .parameters import span
from .values import ScheduleId, Since, Until, UserId

MOST_BODY_BYTES = 1024 * 1024
MOST_IN_A_BATCH = 100


class NotJson(ScheduledTasksError):
    """The body is not a JSON object."""


class UnsupportedMediaType(ScheduledTasksError):
    """The body is not JSON in UTF-8, by its own header."""


class BodyTooLarge(ScheduledTasksError):
    """The body is too large."""

    def __init__(self, size: int, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the body has {size:,} bytes; the limit is {limit:,} bytes")


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How large a request may be: its body, in bytes, and a batch, in schedules. Settings may say less."""

    body_bytes: int = MOST_BODY_BYTES
    batch: int = MOST_IN_A_BATCH

    def check_body(self, raw: bytes | str) -> None:
        """Raises BodyTooLarge."""
        if len(raw) > self.body_bytes:
            raise BodyTooLarge(len(raw), self.body_bytes)

    def check_batch(self, schedules: int) -> None:
        """Raises InvalidInput."""
        if schedules > self.batch:
            raise InvalidInput.of("schedules", f"has {schedules} schedules; the limit is {self.batch}")


# Bodies


class NoFields(Body):
    """An empty object."""


class CreateSchedule(PutSchedule):
    """A new schedule."""

    user_id: UserId | None = None


class PauseSchedule(Body):
    """Why and until when a schedule is paused."""

    reason: Reason | None = None
    until: (
        Annotated[
            Time,
            about(
                "Instant at which the pause ends by itself, with `Z` or an offset. Default: none.",
                "2027-03-20T00:00:00Z",
            ),
        ]
        | None
    ) = None


class ResumeSchedule(Body):
    """A new timing, which a one-time schedule needs if its time has passed."""

    timing: WhenItFires | None = None


class CreateSchedules(Body):
    """Up to 100 schedules, each created or refused on its own: each is read by its own `CreateSchedulesItem`."""

    schedules: Annotated[
        list[JsonValue],
        Field(min_length=1, max_length=MOST_IN_A_BATCH),
        DescribedAs(lambda: Annotated[list[CreateSchedulesItem], Field(min_length=1, max_length=MOST_IN_A_BATCH)]),
        about("Schedules to create"),
    ]
    user_id: UserId | None = None


class RedriveRuns(Body):
    """Which runs to queue again, and how fast."""

    status: UndoneStatus = Undone.FAILED
    schedule_id: ScheduleId | None = None
    resource_id: ResourceId | None = None
    since: Since | None = None
    until: Until | None = None
    per_minute: PerMinute = PER_MINUTE

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of SchedulerService. Raises InvalidInput."""
        named = {name: value for name, value in dict(self).items() if name not in ("since", "until")}
        return {**named, "status": RunStatus(self.status), **span(self.since, self.until)}


class RotateWebhookKeys(Body):
    """How long the current key remains valid beside the new one."""

    overlap_hours: Annotated[
        int, Field(ge=0, le=168), about("Hours in which both keys sign; 0 ends every older key at once", 48)
    ] = 24


class PreviewTiming(Body):
    """A timing to preview."""

    timing: WhenItFires
    limit: Annotated[Limit, about("Number of occurrences", 3)] = 10
