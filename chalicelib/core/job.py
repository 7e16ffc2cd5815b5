"""Work on many items that no single request can finish: recorded first, then done slice by slice by the sweeper."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class JobKind(StrEnum):
    """What is done to everything of one user."""

    CANCEL_ALL = "cancel_all"
    ERASE = "erase"


class JobStatus(StrEnum):
    """Until it is `completed`, the sweeper goes on with it."""

    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job. `done` counts the schedules that are finished with; `watch_at` is when the sweeper looks again."""

    job_id: str
    kind: JobKind
    user_id: str
    status: JobStatus
    done: int
    created_at: datetime
    updated_at: datetime
    watch_at: datetime | None
    expires_at: datetime | None = None
