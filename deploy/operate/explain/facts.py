"""What `explain` finds out about one schedule, before anything is said about it. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib.scheduling.retention import USUAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule


@dataclass(frozen=True, slots=True)
class ExistingItem:
    """A schedule as EventBridge has it: its State, and each part that is not as the record would be sent: how it is."""

    state: str
    differences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message of a dead-letter queue. `scheduled_time` is None if it does not say.

    `undone` says that no run tells of it: the Notification Lambda found no record, or could not read the payload.
    """

    queue: str
    sent_at: datetime
    scheduled_time: datetime | None
    reason: str
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known. `record` and `standing` are None if table or EventBridge have no such schedule.

    `runs` are the latest ones, newest first; `letters` are those about this schedule. `hold` is the operator's reason
    to hold all runs; `event_age` is how long Lambda keeps an event whose invocation failed. `looked_at` says in words,
    by queue, what was looked at and what could not be.
    """

    stage: str
    user_id: str
    schedule_id: str
    now: datetime
    record: Schedule | None = None
    existing: ExistingItem | None = None
    runs: Sequence[Run] = ()
    letters: Sequence[Letter] = ()
    hold: str | None = None
    event_age: timedelta = USUAL.event_age
    function_unread: str | None = None
    looked_at: Sequence[str] = ()
