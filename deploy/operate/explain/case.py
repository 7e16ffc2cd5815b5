"""The evidence about a schedule, in the words of which the verdict's sentences are made. Pure calculation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from chalicelib.core.model.run import RunStatus
from chalicelib.core.model.schedule import Status
from deploy.operate.explain.formatting import Clockface

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.core.model.run import Run
    from chalicelib.core.model.schedule import Schedule
    from deploy.operate.explain.facts import Evidence

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Case:
    """The evidence about a schedule that has a record, in the words of the sentences."""

    found: Evidence
    record: Schedule

    @property
    def now(self) -> datetime:
        return self.found.now

    @property
    def run(self) -> Run | None:
        """The one to tell of: the newest, or, if all is well with that, the newest that is still to be done."""
        newest = next(iter(self.found.runs), None)
        if newest is None or newest.status not in (RunStatus.SUCCEEDED, RunStatus.SKIPPED):
            return newest
        return next((run for run in self.found.runs if not run.has_ended), newest)

    @property
    def awaited(self) -> datetime | None:
        """The first occurrence that is due and has no run."""
        due = self.record.first_due
        begun = {run.scheduled_time for run in self.found.runs if run.is_occurrence}
        return due if due is not None and due <= self.now and due not in begun else None

    @property
    def should_stand(self) -> bool:
        """Is EventBridge to have it? What fired for the last time has left it."""
        return self.record.status is Status.ACTIVE and self.record.next_occurrence(self.now) is not None

    @property
    def agrees(self) -> bool:
        """Does EventBridge have it as the record says?"""
        existing = self.found.existing
        return not self.should_stand if existing is None else not existing.differences

    def at(self, occurrence: datetime) -> str:
        return Clockface(self.now, self.record.timing.timezone).short(occurrence)

    def utc(self, instant: datetime) -> str:
        return Clockface(self.now).utc(instant)

    def the_run(self, run: Run) -> str:
        of = "of" if run.is_occurrence else "asked for at"
        return f"The run {of} {self.at(run.scheduled_time)}"

    def following(self) -> str:
        due = self.record.next_run_at
        return "no other is to come" if due is None else f"the next is due at {self.at(due)}"

    def payload_of(self, occurrence: datetime) -> str | None:
        """Where its payload ended. EventBridge's own seconds are not documented, so never by equality."""
        for letter in self.found.letters:
            if letter.scheduled_time is not None and abs(letter.scheduled_time - occurrence) < MINUTE:
                return f"its payload lies in the {letter.queue} dead-letter queue ({letter.reason})"
        return None

    def redrive(self, run: Run) -> str:
        return call(self.found, f"/runs/{run.run_id}/redrive")


def call(found: Evidence, what: str, method: str = "POST") -> str:
    """The request that does something to the schedule, as somebody with the scope `schedules:admin` sends it."""
    return f"{method} /v1/schedules/{found.schedule_id}{what}?user_id={quote(found.user_id, safe='')}"


def command(found: Evidence, name: str, *options: str) -> str:
    """One of ours, as it is typed."""
    return " ".join(("python -m deploy", name, "--stage", found.stage, *options))


def failures_of(run: Run) -> str:
    """How often it failed, as it goes behind the verb."""
    failures = sum(attempt.error is not None for attempt in run.attempts)
    if failures == 0:
        return ""
    return " once" if failures == 1 else f" {failures} times"


def reason_of(told: Run | Schedule) -> str:
    """As it goes into the middle of a sentence."""
    return (told.reason or "no reason is known").rstrip(".")
