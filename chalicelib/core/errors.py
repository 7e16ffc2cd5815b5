"""The one exception tree of the product. A name is a fact; the docstring is the message; data rides on attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with what a client sent: where it is (`timing.at`) and what would be right."""

    field: str
    message: str


class ScheduledTasksError(Exception):
    """Scheduled Tasks could not do what was asked."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.__doc__)


class InvalidInput(ScheduledTasksError):
    """Some fields are missing or wrong."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in self.errors))

    @classmethod
    def of(cls, field: str, message: str) -> InvalidInput:
        """The usual case: one field."""
        return cls([FieldError(field, message)])


class InvalidCursor(ScheduledTasksError):
    """The cursor was not made by this list. Start again without it."""


class PayloadTooLarge(ScheduledTasksError):
    """What EventBridge would carry to the Notification Lambda is too large."""

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"action and metadata make a payload of {size:,} bytes; the limit is {limit:,} bytes")


class TooManySchedules(ScheduledTasksError):
    """The user has as many active and paused schedules as he may have."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the limit is {limit:,} active and paused schedules of one user: cancel some of them")


class ScheduleNotFound(ScheduledTasksError):
    """There is no such schedule."""


class ScheduleExists(ScheduledTasksError):
    """A schedule with this id exists already."""


class ScheduleBusy(ScheduledTasksError):
    """Another change of this schedule is still on its way to EventBridge. Try again shortly."""

    retry_after_seconds = 5


class SchedulerRefused(ScheduledTasksError):
    """EventBridge Scheduler refuses this schedule."""


class ScheduleEnded(ScheduledTasksError):
    """The schedule has ended, and what has ended cannot be changed. Create a new one."""


class RevisionMismatch(ScheduledTasksError):
    """The schedule has changed since you read it: the revision that you named is no longer its own."""


class RequestMismatch(ScheduledTasksError):
    """This idempotency key was used for another request."""


class RunNotFound(ScheduledTasksError):
    """There is no such run."""


class RunNotRedrivable(ScheduledTasksError):
    """Only a run that failed, was missed or was skipped can be done again."""

    def __init__(self, status: str) -> None:
        super().__init__(f"{self.__doc__} This one is {status}.")


class JobNotFound(ScheduledTasksError):
    """There is no such job."""


class StarterUnavailable(ScheduledTasksError):
    """The Notification Lambda cannot be invoked now. The run is recorded, and will be started."""

    retry_after_seconds = 60


class SchedulerUnavailable(ScheduledTasksError):
    """EventBridge Scheduler cannot take the schedule now. Try again shortly."""

    retry_after_seconds = 30


class SchedulerDenied(SchedulerUnavailable):
    """EventBridge Scheduler refuses us: a right, a role or room in the quota is missing. Its operator must act."""


class StoreUnavailable(ScheduledTasksError):
    """The table cannot be reached or is throttled. Try again shortly."""

    retry_after_seconds = 5


class StoreRefused(ScheduledTasksError):
    """The table cannot hold this: an id, or all that belongs to one record, is longer than DynamoDB allows."""


class RotationUnderWay(ScheduledTasksError):
    """The key before this one still lives. Wait for its end, or rotate without overlap, which ends it at once."""


class MasterSecretUnavailable(ScheduledTasksError):
    """The secret that webhook keys are made from cannot be read. Try again shortly."""

    retry_after_seconds = 30


class NotReached(ScheduledTasksError):
    """The request had no time left for this one. Nothing was created; ask for it again."""

    retry_after_seconds = 5


class ChangeLost(ScheduledTasksError):
    """The record changed between our read and our write."""


class InvalidPayload(ScheduledTasksError):
    """The Notification Lambda was invoked with something that is not one of our payloads."""


class RunLeased(ScheduledTasksError):
    """Another invocation is at work on this run, and its lease has not ended."""


class DeadLetterUnsent(ScheduledTasksError):
    """The dead-letter queue did not accept the message of a failed run. Lambda's retry sends it."""
