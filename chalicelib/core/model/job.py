"""Jobs: work on more items than one request can process. A job is recorded, and the sweeper does it in slices."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from ..frozen import Frozen

if TYPE_CHECKING:
    from datetime import datetime

    from .run import RunStatus

MINUTE = timedelta(minutes=1)


class JobKind(StrEnum):
    """The work: cancel or erase everything of a user, redrive a selection of their runs, or release all held runs."""

    CANCEL_ALL = "cancel_all"
    ERASE = "erase"
    REDRIVE = "redrive"
    RELEASE = "release"


class JobStatus(StrEnum):
    """The sweeper continues a job until it is `completed`."""

    RUNNING = "running"
    COMPLETED = "completed"


class Selection(Frozen, kw_only=True):
    """The runs of a user that a job redrives: those with this status, scheduled from `since` up to `until`.

    `schedule_id` and `resource_id` restrict the selection; None: no restriction.
    """

    user_id: str
    status: RunStatus
    since: datetime
    until: datetime
    schedule_id: str | None = None
    resource_id: str | None = None


class Job(Frozen, kw_only=True):
    """One job. `done` counts the processed schedules or runs. The sweeper continues the job at `watch_at`.

    `per_minute` runs are started per minute, the next one at `next_at`. A release has no user and no selection.

    A walk over the list of runs takes several slices. It began at `walk_began_at` and continues at `cursor`; for a
    release, in the list of this `shard`. `passed_over` counts the runs that the walk could not queue. A walk over the
    lists of schedules takes one slice; `walk_began_at` is then the start of the first walk that left nothing undone.
    """

    job_id: str
    kind: JobKind
    user_id: str | None = None
    status: JobStatus
    done: int
    created_at: datetime
    updated_at: datetime
    watch_at: datetime | None = None
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
        """Returns the time between the starts of two runs."""
        return MINUTE / self.per_minute
