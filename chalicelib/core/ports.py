"""The two ports of the product: the table, and EventBridge Scheduler. Fakes of both stand in `testing.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from .run import Run
    from .schedule import Action, Schedule, Status

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list. `next_cursor` is None on the last one."""

    items: Sequence[Item]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a conditional write did not happen: what the table holds instead of what was expected.

    `schedule_changed` says that the schedule was not as expected; `schedule` is then what stands there (None:
    nothing). `run` is the run that stands in the way, or None.
    """

    schedule_changed: bool
    schedule: Schedule | None
    run: Run | None


class ScheduleRepository(Protocol):
    """The table. Reads by id are consistent, lists eventually; every method is one DynamoDB call.

    Every method raises StoreUnavailable when the table is throttled or out of reach.
    """

    def create(self, schedule: Schedule, action: Action) -> None:
        """Writes record and action in one transaction. Raises ScheduleExists."""

    def get(self, user_id: str, schedule_id: str) -> Schedule | None: ...

    def get_action(self, schedule: Schedule) -> Action | None: ...

    def change(self, schedule: Schedule, *, replacing: Schedule) -> None:
        """Records an intent: `schedule` takes the place of `replacing`. Raises ChangeLost if that is no longer so."""

    def confirm(self, schedule: Schedule) -> bool:
        """EventBridge agrees with this revision: closes the intent and nothing else. False if it is no longer so."""

    def list_by_user(self, user_id: str, status: Status, *, limit: int, cursor: str | None) -> Page[Schedule]:
        """Soonest first. Raises InvalidCursor."""

    def list_by_resource(
        self, resource_id: str, status: Status, *, user_id: str | None, limit: int, cursor: str | None
    ) -> Page[Schedule]:
        """One user's soonest first, or everybody's by user. Raises InvalidCursor."""

    def list_runs(self, user_id: str, schedule_id: str, *, limit: int, cursor: str | None) -> Page[Run]:
        """Newest first. Raises InvalidCursor."""

    def claim(self, run: Run, *, expecting: Schedule, replacing: Run | None) -> Refusal | None:
        """Writes the run if the schedule is as expected (same revision and status) and the run is absent or the one
        replaced, in one transaction. A claim whose answer was lost counts as won. None is success.
        """

    def finish(self, run: Run, *, expecting: Schedule, leaving: Schedule | None) -> Refusal | None:
        """Writes the ended run and, in the same transaction, what it changes on its schedule.

        `leaving` is the schedule after the run; it is written if the record still has the expected revision, status,
        confirmation and next run. None for `leaving` writes the run alone. A Refusal with a `run` says that somebody
        else took the run over. None is success.
        """


class SchedulerGateway(Protocol):
    """EventBridge Scheduler. Every method is idempotent and gives up well inside an intent's lease.

    Raises SchedulerUnavailable (throttled, out of reach, no right: nothing is known to have changed) or
    SchedulerRefused (it will never take this).
    """

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        """EventBridge has this schedule, as it stands here."""

    def delete(self, schedule: Schedule) -> None:
        """EventBridge does not have this schedule. Deleting what is not there is success."""
