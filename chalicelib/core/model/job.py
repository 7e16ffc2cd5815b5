"""Work on many items that no single request can finish: recorded first, then done slice by slice by the sweeper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from .run import RunStatus

MINUTE = timedelta(minutes=1)


class JobKind(StrEnum):
    """What is done: to everything of one user, to his runs of a selection, or to all runs that are held."""

    CANCEL_ALL = "cancel_all"
    ERASE = "erase"
    REDRIVE = "redrive"
    RELEASE = "release"


class JobStatus(StrEnum):
    """Until it is `completed`, the sweeper goes on with it."""

    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which of a user's runs are done again: those of this status, scheduled from `since` up to `until`.

    None for `schedule_id` and `resource_id` is any.
    """

    user_id: str
    status: RunStatus
    since: datetime
    until: datetime
    schedule_id: str | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job. `done` counts the schedules or runs that are finished with; `watch_at` is when the sweeper looks again.

    Runs are started `per_minute`, the next one at `next_at`. A release has no user and no selection.

    A walk over the list of runs takes several slices: it began at `walk_began_at` and continues at `cursor`, for a
    release in the list of this `shard`. `passed_over` counts the runs that the walk could not queue. A walk over the
    lists of schedules takes one slice; `walk_began_at` is then that of the first walk that left nothing to do.
    """

    job_id: str
    kind: JobKind
    user_id: str | None
    status: JobStatus
    done: int
    created_at: datetime
    updated_at: datetime
    watch_at: datetime | None
    expires_at: datetime | None = None
    selection: Selection | None = None
    per_minute: int = 60
    next_at: datetime | None = None
    passed_over: int = 0
    walk_began_at: datetime | None = None
    cursor: str | None = None
    shard: int = 0

    @property
    def interval(self) -> timedelta:
        """Between the starts of two runs."""
        return MINUTE / self.per_minute
