"""The facts that `explain` collects about one schedule, and what follows from them. Instants are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.retention import USUAL
from deploy.operate.explain.formatting import TimeFormat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.core.model.span import Span

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ExistingItem:
    """A schedule as EventBridge has it: its State, and each part that is not as the record would be sent: how it is."""

    state: str
    differences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterMessage:
    """A message of a dead-letter queue. `scheduled_time` is None if it does not say.

    `undone` says that no run tells of it: the Notification Lambda found no record, or could not read the payload.
    """

    queue: str
    sent_at: datetime
    scheduled_time: datetime | None
    reason: str
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known. `record` and `existing` are None if table or EventBridge have no such schedule.

    `runs` are the latest ones, newest first; `spans` are the open ones; `dead_letters` are the messages about this
    schedule. `hold` is the operator's reason to hold all runs; `event_age` is how long Lambda keeps an event whose
    invocation failed. `looked_at` says in words, by queue, what was looked at and what could not be.
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

    def request(self, path: str, method: str = "POST") -> str:
        """The request about this schedule, as a caller with the scope `schedules:admin` sends it."""
        return f"{method} /v1/schedules/{self.schedule_id}{path}?user_id={quote(self.user_id, safe='')}"

    def command(self, name: str, *options: str) -> str:
        """The command `name` for this stage, as it is typed."""
        return " ".join(("python -m deploy", name, "--stage", self.stage, *options))


@dataclass(frozen=True, slots=True)
class ScheduleFacts:
    """The facts about a schedule that has a record, and what follows from them."""

    facts: Facts
    record: Schedule

    @property
    def now(self) -> datetime:
        return self.facts.now

    @property
    def run(self) -> Run | None:
        """The one to tell of: the newest, or, if all is well with that, the newest that is still to be done."""
        newest = next(iter(self.facts.runs), None)
        if newest is None or newest.status not in (RunStatus.SUCCEEDED, RunStatus.SKIPPED):
            return newest
        return next((run for run in self.facts.runs if not run.has_ended), newest)

    @property
    def awaited(self) -> datetime | None:
        """The first occurrence that is due and has no run."""
        have_a_run = {run.scheduled_time for run in self.facts.runs if run.is_occurrence}
        first = (self.record.first_due, *(span.since for span in self.facts.spans))
        return min((at for at in first if at and at <= self.now and at not in have_a_run), default=None)

    @property
    def should_exist(self) -> bool:
        """Is EventBridge to have it? What fired for the last time has left it."""
        return self.record.status is Status.ACTIVE and self.record.next_occurrence(self.now) is not None

    @property
    def agrees(self) -> bool:
        """Does EventBridge have it as the record says?"""
        existing = self.facts.existing
        return not self.should_exist if existing is None else not existing.differences

    def at(self, occurrence: datetime) -> str:
        return TimeFormat(self.now, self.record.timing.timezone).short(occurrence)

    def utc(self, instant: datetime) -> str:
        return TimeFormat(self.now).utc(instant)

    def the_run(self, run: Run) -> str:
        of = "of" if run.is_occurrence else "asked for at"
        return f"The run {of} {self.at(run.scheduled_time)}"

    def following(self) -> str:
        due = self.record.next_run_at
        return "no other is to come" if due is None else f"the next is due at {self.at(due)}"

    def payload_of(self, occurrence: datetime) -> str | None:
        """Where its payload ended. EventBridge's own seconds are not documented, so never by equality."""
        for message in self.facts.dead_letters:
            if message.scheduled_time is not None and abs(message.scheduled_time - occurrence) < MINUTE:
                return f"its payload lies in the {message.queue} dead-letter queue ({message.reason})"
        return None

    def redrive(self, run: Run) -> str:
        return self.facts.request(f"/runs/{run.run_id}/redrive")
