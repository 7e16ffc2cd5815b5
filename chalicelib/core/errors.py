"""The exceptions of this project. A class's docstring is its default message; attributes contain the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


class FieldError(Frozen):
    """One fault in a client's input: the path of the field, such as `timing.at`, and what is wrong and allowed."""

    field: str
    message: str


class ScheduledTasksError(Exception):
    """The operation failed."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.__doc__)


class InvalidInput(ScheduledTasksError):
    """Some fields are missing or wrong."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in self.errors))

    @classmethod
    def of(cls, field: str, message: str) -> InvalidInput:
        """Returns the error for one field."""
        return cls([FieldError(field, message)])


class InvalidCursor(ScheduledTasksError):
    """The cursor does not belong to this list. List again without a cursor."""


class PayloadTooLarge(ScheduledTasksError):
    """The payload for the Notification Lambda is too large for EventBridge."""

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"the payload of action and metadata has {size:,} bytes; the limit is {limit:,} bytes")


class TooManySchedules(ScheduledTasksError):
    """The user has reached the limit of active and paused schedules."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the limit of {limit:,} active and paused schedules per user is reached; cancel some first")


class ScheduleNotFound(ScheduledTasksError):
    """The schedule does not exist."""


class ScheduleExists(ScheduledTasksError):
    """A schedule with this id already exists."""


class ScheduleBusy(ScheduledTasksError):
    """Another change of this schedule is being applied to EventBridge. Try again shortly."""

    retry_after_seconds = 5


class SchedulerRefused(ScheduledTasksError):
    """EventBridge Scheduler refused this schedule."""


class ScheduleEnded(ScheduledTasksError):
    """The schedule has ended and cannot be changed. Create a new schedule."""


class RevisionMismatch(ScheduledTasksError):
    """The schedule has changed since you read it: the revision is not current. Read the schedule again."""


class RequestMismatch(ScheduledTasksError):
    """This idempotency key was used for a different request."""


class RunNotFound(ScheduledTasksError):
    """The run does not exist."""


class RunNotRedrivable(ScheduledTasksError):
    """Only a failed, missed or skipped run can be redriven."""

    def __init__(self, status: str) -> None:
        super().__init__(f"{self.__doc__} This run is {status}.")


class JobNotFound(ScheduledTasksError):
    """The job does not exist."""


class StarterUnavailable(ScheduledTasksError):
    """The Notification Lambda cannot be invoked now. The run is recorded, and the sweeper will start it."""

    retry_after_seconds = 60


class SchedulerUnavailable(ScheduledTasksError):
    """EventBridge Scheduler is unavailable. Try again shortly."""

    retry_after_seconds = 30


class SchedulerDenied(SchedulerUnavailable):
    """EventBridge Scheduler denied the request: a permission, role or quota is missing. The operator must act."""


class StoreUnavailable(ScheduledTasksError):
    """The table is unavailable or throttled. Try again shortly."""

    retry_after_seconds = 5


class StoreRefused(ScheduledTasksError):
    """The table cannot store this: an id or the whole record is larger than DynamoDB allows."""


class RotationUnderWay(ScheduledTasksError):
    """The previous key is still valid. Wait until it expires, or rotate without overlap to end it immediately."""


class MasterSecretUnavailable(ScheduledTasksError):
    """The master secret of webhook keys cannot be read. Try again shortly."""

    retry_after_seconds = 30


class NotReached(ScheduledTasksError):
    """The request's time ended before this item was processed. Nothing was created; send it again."""

    retry_after_seconds = 5


class ChangeLost(ScheduledTasksError):
    """The record changed between the read and the write."""


class InvalidPayload(ScheduledTasksError):
    """The Notification Lambda was invoked with an invalid payload."""


class RunLeased(ScheduledTasksError):
    """Another invocation holds the run's lease."""


class DeadLetterUnsent(ScheduledTasksError):
    """The dead-letter queue did not accept the message of a failed run. Lambda's retry sends it."""
