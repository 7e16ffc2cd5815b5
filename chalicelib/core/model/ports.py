"""The ports of the product: the table, EventBridge Scheduler, and smaller ones. Fakes of all stand in `testing`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from .job import Job
    from .run import Run, RunStatus
    from .schedule import Action, Schedule, Status
    from .span import Span
    from .webhook_keys import KeyVersions, Master

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list. `next_cursor` is None on the last one."""

    items: Sequence[Item]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class LiveCount:
    """How many live schedules a user has been counted to have, and how often they were counted again."""

    count: int
    recounts: int = 0


def all_items(page_at: Callable[..., Page[Item]]) -> Iterator[Item]:
    """The items of a whole list. `page_at(cursor=…)` is asked for each page when its turn has come."""
    cursor = None
    while True:
        page = page_at(cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a conditional write did not happen: what the table holds instead of what was expected.

    `schedule_changed` says that the schedule was not as expected; `schedule` is then what stands there (None:
    nothing). `run` is the run that stands in the way, or None.
    """

    schedule_changed: bool
    schedule: Schedule | None
    run: Run | None


@dataclass(frozen=True, slots=True)
class Watch:
    """An entry of the watch index: the item's key, and the deadline as it was read."""

    pk: str
    sk: str
    at: str


class ScheduleRepository(Protocol):
    """The table. Reads by id are consistent, lists eventually; every method but `list_spans` and
    `list_running` is one DynamoDB call.

    Every method raises StoreUnavailable when the table is throttled or out of reach, and StoreRefused for what is
    larger than DynamoDB allows; then nothing is written. Reads by id find nothing under an id that is too long.
    """

    def create(
        self,
        schedule: Schedule,
        action: Action,
        *,
        replacing: Schedule | None = None,
    ) -> None:
        """Writes record and action in one transaction, where nothing stands or `replacing`, which has ended, does.

        The transaction writes no item that another schedule's create writes: they never conflict with each other.
        Raises ScheduleExists.
        """

    def get(self, user_id: str, schedule_id: str) -> Schedule | None: ...

    def get_action(self, schedule: Schedule) -> Action | None: ...

    def get_run(self, user_id: str, schedule_id: str, run_id: str) -> Run | None: ...

    def change(
        self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None, span: Span | None = None
    ) -> None:
        """Records an intent: `schedule`, and its new action if it has one, take the place of `replacing`.

        `span` is what the change leaves open; it is written with it.
        Raises ChangeLost if the record is no longer so.
        """

    def confirm(self, schedule: Schedule) -> bool:
        """EventBridge agrees with this revision: closes the intent and nothing else.

        Only under the lease that `schedule` holds. False if revision, status or lease is no longer so.
        """

    def list_by_user(self, user_id: str, status: Status, *, limit: int, cursor: str | None) -> Page[Schedule]:
        """Soonest first. Raises InvalidCursor."""

    def list_by_resource(
        self, resource_id: str, status: Status, *, user_id: str | None, limit: int, cursor: str | None
    ) -> Page[Schedule]:
        """One user's soonest first, or everybody's by user. Raises InvalidCursor."""

    def list_runs(self, user_id: str, schedule_id: str, *, limit: int, cursor: str | None) -> Page[Run]:
        """Newest first. Raises InvalidCursor."""

    def list_running(self, user_id: str, schedule_id: str, *, since: datetime) -> Sequence[Run]:
        """The runs of a schedule, scheduled from `since` on, that are running now, oldest first.

        It makes a call for each page; the reads are consistent.
        """

    def list_runs_of_user(
        self, user_id: str, status: RunStatus, *, since: datetime, until: datetime, limit: int, cursor: str | None
    ) -> Page[Run]:
        """His failed or missed runs scheduled from `since` up to `until`, newest first. Raises InvalidCursor."""

    def list_held_runs(self, shard: int, *, limit: int, cursor: str | None) -> Page[Run]:
        """A shard of everybody's runs that wait for the operator, oldest first."""

    def claim(
        self,
        run: Run,
        *,
        expecting: Schedule,
        replacing: Run | None,
        beside: Run | None = None,
        reserving: Schedule | None = None,
        extending: Schedule | None = None,
    ) -> Conflict | None:
        """Writes the run if the schedule is as expected (same revision and status) and the run is absent or the one
        replaced, in one transaction; with it the run `beside`, which must be absent.

        `reserving` is the schedule with its number of reserved and its list of running runs as this claim leaves them;
        they are written if the counts are still as in `expecting`. `extending` is the schedule with a later expiry;
        record and action get it if the record's expiry is still that of `expecting`. Returns None on success, also for
        a claim whose answer was lost.
        """

    def finish(
        self,
        run: Run,
        *,
        replacing: Run | None,
        expecting: Schedule | None,
        updated: Schedule | None,
        span: Span | None = None,
        beside: Run | None = None,
    ) -> Conflict | None:
        """Writes the ended run in the place of `replacing`, and with it what it changes on its schedule, and the run
        `beside`, which must be absent.

        `leaving` is the schedule after the run; it is written if the record still has the expected revision, status,
        confirmation and next run. None for `leaving` writes the run alone. A Refusal with a `run` says that somebody
        else took the run over. None is success. `span` is what the run's end leaves open; it is written with it.
        """

    def mark_unconfirmed(self, schedule: Schedule, *, now: datetime) -> None:
        """EventBridge may have something else than this record says.

        A confirmed record becomes an intent for the sweeper to take up at once. An open intent is leased anew, so that
        whoever is at it cannot confirm it any more; only then is this a second call.
        """

    # How many live schedules a user has

    def raise_count(self, user_id: str, by: int, *, most_live: int, now: datetime) -> bool:
        """Counts that many more. False, and nothing is counted, if that were more than `most_live`."""

    def get_count(self, user_id: str) -> LiveCount | None: ...

    def correct_count(self, user_id: str, by: int, *, expecting: LiveCount, now: datetime) -> bool:
        """Adds `by`, also to what was counted since `expecting`. False if there was another recount meanwhile."""

    def erase_count(self, user_id: str) -> None: ...

    # Watches

    def due(self, shard: int, until: datetime, *, limit: int, cursor: str | None) -> Page[Watch]:
        """What a shard of the watch index says must be looked at by `until`, the longest overdue first."""

    def acquire_lease(self, watch: Watch, *, now: datetime) -> Schedule | Run | Job | Span | None:
        """What is watched, if nobody else took it: its watch moves away, and further with every take in vain.

        An intent's lease is renewed with it, so no other change can start meanwhile. None if there is nothing to do.
        """

    def advance(self, schedule: Schedule, *, expecting: Schedule) -> bool:
        """Writes what `account_for` made of a run that is recorded already. False if the record changed meanwhile."""

    def reschedule_watch(self, schedule: Schedule, *, until: datetime | None = None) -> bool:
        """Nothing is to be done about a taken schedule before `until`, by default its own next deadline.

        False if it changed meanwhile.
        """

    # Spans

    def list_spans(self, user_id: str, schedule_id: str) -> Sequence[Span]:
        """All open ones of a schedule, by revision, in a call for each page; the reads are consistent."""

    def move_span(self, span: Span, *, replacing: Span) -> bool:
        """Records how far a span has come, and when it is looked at again. False if it is no longer `replacing`."""

    def close_span(self, span: Span, *, expecting: Schedule, updated: Schedule, kept: Span | None) -> bool:
        """Removes a span whose occurrences all have an outcome, and writes what that changes on its schedule.

        False if the record is no longer as expected, the span no longer as it was read, or `kept`, another span which
        is still open, is gone.
        """

    def erase_span(self, span: Span) -> None:
        """Removes a span whose schedule does not wait for it."""

    # Jobs

    def save_job(self, job: Job, *, replacing: Job | None) -> bool:
        """Writes a new job, or its next state. False if it is no longer `replacing`."""

    def get_job(self, job_id: str) -> Job | None: ...

    def erase(self, schedule: Schedule) -> None:
        """Removes a schedule's record and action. Its runs follow by `erase_runs`."""

    def erase_runs(self, user_id: str, schedule_id: str, *, limit: int) -> bool:
        """Removes up to `limit` items of a schedule's partition; the read is consistent. True if nothing is left."""

    # Webhook keys

    def get_webhook_keys(self, user_id: str) -> KeyVersions:
        """Of whom nothing is recorded, he has the first version."""

    def save_webhook_keys(self, versions: KeyVersions, *, replacing: KeyVersions) -> bool:
        """Records a rotation. False if the keys are no longer those replaced."""

    def erase_webhook_keys(self, user_id: str) -> None: ...


class SchedulerGateway(Protocol):
    """EventBridge Scheduler. Every method is idempotent and gives up well inside an intent's lease.

    Raises SchedulerUnavailable (throttled, out of reach, no right: nothing is known to have changed) or
    SchedulerRefused (it will never take this).
    """

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        """EventBridge has this schedule, as it stands here."""

    def delete(self, schedule: Schedule) -> None:
        """EventBridge does not have this schedule. Deleting what is not there is success."""

    def has(self, schedule: Schedule) -> bool:
        """Does EventBridge have a schedule of this name?"""


class RunStarter(Protocol):
    """The one door for work that EventBridge does not start. Raises StarterUnavailable."""

    def start(self, event: Mapping[str, Any]) -> None:
        """Hands an event to the Notification Lambda, asynchronously."""


class MasterSource(Protocol):
    """The master secret that webhook keys are made from. Raises MasterSecretUnavailable."""

    def values(self) -> Sequence[Master]:
        """The current one first, and behind it, after a rotation, the one before."""
