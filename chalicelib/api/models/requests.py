"""Pydantic models of the request bodies that only HTTP has. The others are in scheduling/arguments/bodies.py.

The models refuse unknown fields and convert no values.
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
    """The content type of the body is not JSON in UTF-8."""


class BodyTooLarge(ScheduledTasksError):
    """The body is too large."""

    def __init__(self, size: int, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the body has {size:,} bytes; the limit is {limit:,} bytes")


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Largest body in bytes and largest number of schedules in a batch. Settings may lower both."""

    body_bytes: int = MOST_BODY_BYTES
    batch: int = MOST_IN_A_BATCH

    def check_body(self, raw: bytes | str) -> None:
        """Raises BodyTooLarge if the body exceeds the limit."""
        if len(raw) > self.body_bytes:
            raise BodyTooLarge(len(raw), self.body_bytes)

    def check_batch(self, schedules: int) -> None:
        """Raises InvalidInput if the batch exceeds the limit."""
        if schedules > self.batch:
            raise InvalidInput.of("schedules", f"has {schedules} schedules; the limit is {self.batch}")


# Bodies


class NoFields(Body):
    """An empty object."""


class CreateSchedule(PutSchedule):
    """A new schedule."""

    user_id: UserId | None = None


class PauseSchedule(Body):
    """The reason and the end of a pause."""

    reason: Reason | None = None
    until: (
        Annotated[
            Time,
            about(
                "Instant at which the schedule resumes automatically, with `Z` or an offset. Default: none.",
                "2027-03-20T00:00:00Z",
            ),
        ]
        | None
    ) = None


class ResumeSchedule(Body):
    """A new timing. It is required if the time of a one-time schedule has passed."""

    timing: WhenItFires | None = None


class CreateSchedules(Body):
    """Up to 100 schedules. Each is validated and created independently of the others."""

    schedules: Annotated[
        list[JsonValue],
        Field(min_length=1, max_length=MOST_IN_A_BATCH),
        DescribedAs(lambda: Annotated[list[CreateSchedulesItem], Field(min_length=1, max_length=MOST_IN_A_BATCH)]),
        about("Schedules to create"),
    ]
    user_id: UserId | None = None


class RedriveRuns(Body):
    """The runs to queue again, and their rate."""

    status: UndoneStatus = Undone.FAILED
    schedule_id: ScheduleId | None = None
    resource_id: ResourceId | None = None
    since: Since | None = None
    until: Until | None = None
    per_minute: PerMinute = PER_MINUTE

    def arguments(self) -> dict[str, Any]:
        """Returns keyword arguments of SchedulerService. Raises InvalidInput if a bound is not an instant."""
        named = {name: value for name, value in dict(self).items() if name not in ("since", "until")}
        return {**named, "status": RunStatus(self.status), **span(self.since, self.until)}


class RotateWebhookKeys(Body):
    """The time for which the previous key remains valid after the rotation."""

    overlap_hours: Annotated[
        int, Field(ge=0, le=168), about("Hours for which both keys sign; 0 ends all older keys at once", 48)
    ] = 24


class PreviewTiming(Body):
    """A timing to preview."""

    timing: WhenItFires
    limit: Annotated[Limit, about("Number of occurrences", 3)] = 10
