"""The facts about one schedule, and what follows from them. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.core.timing.zones import wall_time, zone
from chalicelib.scheduling.english import clock
from chalicelib.scheduling.retention import USUAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.core.model.span import Span

MINUTE = timedelta(minutes=1)
UNITS = ((172_800, "day", 86_400), (7200, "hour", 3600), (120, "minute", 60), (0, "second", 1))
"""(least seconds, unit, seconds of the unit): a length is given in the first unit whose least seconds it reaches."""


@dataclass(frozen=True, slots=True)
class ExistingItem:
    """A schedule in EventBridge: its State, and each part that differs from the record, with a description."""

    state: str
    differences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterMessage:
    """A message. `undone`: it has no run, because the Lambda found no record or could not read the payload."""

    queue: str
    sent_at: datetime
    scheduled_time: datetime | None
    reason: str
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts. `record` is None if the table has no such schedule, `existing` if EventBridge has none.

    `runs` are newest first. `hold` is the operator's reason to hold all runs; None if they do not hold them.
    `event_age` is how long Lambda retries a crashed invocation. `looked_at` says for each queue how many messages were
    read, `function_unread` why the function's configuration could not be read; None if it was read.
    """

    stage: str
    user_id: str
    schedule_id: str
    now: datetime
    record: Schedule | None = None
    existing: ExistingItem | None = None
    runs: Sequence[Run] = ()
    spans: Sequence[Span] = ()
    dead_letters: Sequence[DeadLetterMessage] = ()
    hold: str | None = None
    event_age: timedelta = USUAL.event_age
    function_unread: str | None = None
    looked_at: Sequence[str] = ()

    @property
    def run(self) -> Run | None:
        """Returns the run to diagnose: the newest, or the newest unfinished one if that succeeded or was skipped."""
        newest = next(iter(self.runs), None)
        if newest is None or newest.status not in (RunStatus.SUCCEEDED, RunStatus.SKIPPED):
            return newest
        return next((run for run in self.runs if not run.has_ended), newest)

    @property
    def awaited(self) -> datetime | None:
        """Returns the first occurrence that is due and has no run, or None."""
        have_a_run = {run.scheduled_time for run in self.runs if run.is_occurrence}
        first = (self.record.first_due if self.record else None, *(span.since for span in self.spans))
        return min((at for at in first if at and at <= self.now and at not in have_a_run), default=None)

    def agrees(self, record: Schedule) -> bool:
        """Returns whether EventBridge matches the record. It deletes a schedule after its last firing."""
        if self.existing is not None:
            return not self.existing.differences
        return record.status is not Status.ACTIVE or record.next_occurrence(self.now) is None

    def payload_of(self, occurrence: datetime) -> DeadLetterMessage | None:
        """Returns the message about an occurrence, or None.

        Times within a minute match, because EventBridge does not document the seconds of its scheduled times.
        """
        times = ((message, message.scheduled_time) for message in self.dead_letters)
        return next((message for message, at in times if at and abs(at - occurrence) < MINUTE), None)

    def request(self, path: str, method: str = "POST") -> str:
        """Returns the request to the API that a client with the scope `schedules:admin` sends."""
        return f"{method} /v1/schedules/{self.schedule_id}{path}?user_id={quote(self.user_id, safe='')}"

    def command(self, name: str, *options: str) -> str:
        return " ".join(("python -m deploy", name, "--stage", self.stage, *options))

    def utc(self, instant: datetime) -> str:
        """Returns `08:00 UTC`, with the date if it is not today's."""
        wall, today = wall_time(instant, UTC), wall_time(self.now, UTC).date()
        return f"{'' if wall.date() == today else f'{wall.date()} '}{clock(wall)} UTC"

    def at(self, occurrence: datetime) -> str:
        """Returns `08:00 UTC (09:00 Europe/Berlin)`, with the schedule's time zone."""
        timezone = self.record.timing.timezone if self.record else "UTC"
        if timezone == "UTC":
            return self.utc(occurrence)
        local, utc = wall_time(occurrence, zone(timezone)), wall_time(occurrence, UTC)
        date = "" if local.date() == utc.date() else f"{local.date()} "
        return f"{self.utc(occurrence)} ({date}{clock(local)} {timezone})"

    def distance(self, instant: datetime) -> str:
        """Returns `in 12 minutes` or `12 minutes ago`."""
        return f"in {length(instant - self.now)}" if instant > self.now else f"{length(self.now - instant)} ago"


def length(duration: timedelta) -> str:
    """Returns `12 minutes`, rounded down."""
    seconds = int(duration.total_seconds())
    number, unit = next((seconds // of, unit) for least, unit, of in UNITS if seconds >= least)
    return f"{number} {unit}{'' if number == 1 else 's'}"
