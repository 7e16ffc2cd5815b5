"""The interfaces to the table, EventBridge Scheduler, Lambda and the master secret. Their fakes are in `testing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ..frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from .job import Job
    from .run import Run, RunStatus
    from .schedule import Action, Schedule, Status
    from .span import Span
    from .webhook_keys import KeyVersions, Master

Item = TypeVar("Item")


class Page(Frozen, Generic[Item]):
    """One page of a list. `next_cursor` is None on the last page."""

    items: Sequence[Item]
    next_cursor: str | None = None


class LiveCount(Frozen):
    """The counted number of a user's live schedules, and the number of recounts."""

    count: int
    recounts: int = 0


def all_items(page_at: Callable[..., Page[Item]]) -> Iterator[Item]:
    """Yields the items of a whole list. `page_at(cursor=…)` is called for each page when it is needed."""
    cursor = None
    while True:
        page = page_at(cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


class Conflict(Frozen):
    """The reason why a conditional write failed: the existing items that differ from the expected ones.

    `schedule_changed`: the schedule is not as expected; `schedule` is then the existing one, or None if it does not
    exist. `run` is the existing run that is not as expected, or None.
    """

    schedule_changed: bool
    schedule: Schedule | None
    run: Run | None


class Watch(Frozen):
    """An entry of the watch index: the item's key, and its deadline as text."""

    pk: str
    sk: str
    at: str


class ScheduleRepository(Protocol):
    """The table. Reads by id are consistent, lists eventually consistent. Every method is one DynamoDB call, except
    `list_spans` and `list_running`, which may need several, and `cursor_by_user` and `cursor_by_resource`, which need
    none.

    Every method raises StoreUnavailable if the table is throttled or unavailable, and StoreRefused if an item is larger
    than DynamoDB allows; then nothing is written. Reads by id return None for an id that is too long.
    """

    def create(
        self,
        schedule: Schedule,
        action: Action,
        *,
        replacing: Schedule | None = None,
    ) -> None:
        """Writes record and action in one transaction, if the id is unused or its record is `replacing`, an ended one.

        The transaction writes no item that another schedule's create writes, so these never conflict with each other.
        Raises ScheduleExists if the id is in use.
        """

    def get(self, user_id: str, schedule_id: str) -> Schedule | None: ...

    def get_action(self, schedule: Schedule) -> Action | None: ...

    def get_run(self, user_id: str, schedule_id: str, run_id: str) -> Run | None: ...

    def change(
        self, schedule: Schedule, *, replacing: Schedule, action: Action | None = None, span: Span | None = None
    ) -> None:
        """Records an intent: replaces `replacing` by `schedule`, and writes its new action if there is one.

        `span` has the pending occurrences of the time before the change; it is written in the same transaction.
        Raises ChangeLost if the record is no longer `replacing`.
        """

    def confirm(self, schedule: Schedule) -> bool:
        """Records that EventBridge has this revision: closes the intent and changes nothing else.

        Returns False if revision, status or lease differ from those of `schedule`.
        """

    def list_by_user(self, user_id: str, status: Status, *, limit: int, cursor: str | None) -> Page[Schedule]:
        """Returns schedules, the soonest first. Raises InvalidCursor if the cursor is not of this list."""

    def list_by_resource(
        self, resource_id: str, status: Status, *, user_id: str | None, limit: int, cursor: str | None
    ) -> Page[Schedule]:
        """Returns a user's schedules, the soonest first; None: all users' schedules, by user. Raises InvalidCursor."""

    def cursor_by_user(self, schedule: Schedule) -> str:
        """Returns the cursor with which `list_by_user` continues after this schedule, as it was listed."""

    def cursor_by_resource(self, schedule: Schedule, *, user_id: str | None) -> str:
        """Returns the cursor with which `list_by_resource` continues after this schedule, as it was listed."""

    def list_runs(self, user_id: str, schedule_id: str, *, limit: int, cursor: str | None) -> Page[Run]:
        """Returns runs, newest first. Raises InvalidCursor if the cursor is not of this list."""

    def list_runs_between(
        self, user_id: str, schedule_id: str, *, since: datetime, until: datetime, limit: int
    ) -> Page[Run]:
        """Returns the latest runs, newest first, that are scheduled from `since` until before `until` (whole seconds).

        `next_cursor` is not None if there may be more of them.
        """

    def list_running(self, user_id: str, schedule_id: str, *, since: datetime) -> Sequence[Run]:
        """Returns the running runs of a schedule that are scheduled at or after `since`, oldest first.

        It makes a consistent read for each page.
        """

    def list_runs_of_user(
        self, user_id: str, status: RunStatus, *, since: datetime, until: datetime, limit: int, cursor: str | None
    ) -> Page[Run]:
        """Returns failed or missed runs scheduled from `since` up to `until`, newest first. Raises InvalidCursor."""

    def list_held_runs(self, shard: int, *, limit: int, cursor: str | None) -> Page[Run]:
        """Returns the held runs of all users in a shard, oldest first."""

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
        """Writes the run in one transaction, if the schedule has the revision and status of `expecting` and the run is
        still `replacing` (None: no run exists). The transaction also writes the run `beside`, which must not exist.

        `reserving` is the schedule with the reserved and running runs after this claim; these are written if the
        counts are still those of `expecting`. `extending` is the schedule with a later expiry; record and action get
        it if the record's expiry is still that of `expecting`. Returns None on success, also for a repeated claim
        whose first response was lost.
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
        """Replaces `replacing` by the ended run, and writes the changes of its schedule and the run `beside`, in one
        transaction. The run `beside` must not exist.

        `updated` is the schedule after the run; it is written if the record still has the compared attributes of
        `expecting`. None for `updated`: only the run is written. `span` has the pending occurrences after the run; it
        is written as well. Returns None on success. A Conflict with a `run` means that another invocation has it.
        """

    def mark_unconfirmed(self, schedule: Schedule, *, now: datetime) -> None:
        """Marks the schedule unconfirmed so that the sweeper applies it again.

        A confirmed record becomes an intent that is due immediately. An open intent gets another lease, so that its
        present holder cannot confirm it; only this case makes a second call.
        """

    # How many live schedules a user has

    def raise_count(self, user_id: str, by: int, *, most_live: int, now: datetime) -> bool:
        """Adds `by` to the count. Returns False and adds nothing if the sum would exceed `most_live`."""

    def get_count(self, user_id: str) -> LiveCount | None: ...

    def correct_count(self, user_id: str, by: int, *, expecting: LiveCount, now: datetime) -> bool:
        """Adds `by` to the count, which may have changed since `expecting`. False if another recount was first."""

    def erase_count(self, user_id: str) -> None: ...

    # Watches

    def due(self, shard: int, until: datetime, *, limit: int, cursor: str | None) -> Page[Watch]:
        """Returns the watches of a shard that are due by `until`, the longest overdue first."""

    def acquire_lease(self, watch: Watch, *, now: datetime) -> Schedule | Run | Job | Span | None:
        """Returns the watched item and postpones its watch, further with each unsuccessful attempt.

        An intent's lease is renewed as well, so no other change can start meanwhile. Returns None if the watch has
        changed: another sweeper acquired the item, or its work is done.
        """

    def advance(self, schedule: Schedule, *, expecting: Schedule) -> bool:
        """Writes the schedule after a run that is already recorded. Returns False if the record is not `expecting`."""

    def reschedule_watch(self, schedule: Schedule, *, until: datetime | None = None) -> bool:
        """Sets the watch of an acquired schedule to `until`; None: to its own next deadline.

        Returns False if the record has changed.
        """

    # Spans

    def list_spans(self, user_id: str, schedule_id: str) -> Sequence[Span]:
        """Returns all open spans of a schedule, by revision. It makes a consistent read for each page."""

    def move_span(self, span: Span, *, replacing: Span) -> bool:
        """Writes a span's `since` and watch. Returns False if the existing span is no longer `replacing`."""

    def close_span(self, span: Span, *, expecting: Schedule, updated: Schedule, kept: Span | None) -> bool:
        """Deletes a span whose occurrences all have an outcome, and writes the resulting changes of its schedule.

        Returns False if the record is not `expecting`, the span has changed, or `kept`, another open span, does not
        exist any more.
        """

    def erase_span(self, span: Span) -> None:
        """Deletes a span that its schedule does not count as pending."""

    # Jobs

    def save_job(self, job: Job, *, replacing: Job | None) -> bool:
        """Writes a new job or its next state. Returns False if the existing job is not `replacing` (None: no job)."""

    def get_job(self, job_id: str) -> Job | None: ...

    def erase(self, schedule: Schedule) -> None:
        """Deletes a schedule's record. `erase_runs` deletes its action, runs and spans."""

    def erase_runs(self, user_id: str, schedule_id: str, *, limit: int) -> bool:
        """Deletes up to `limit` items of a schedule's partition, found by a consistent read. True if none is left."""

    # Webhook keys

    def get_webhook_keys(self, user_id: str) -> KeyVersions:
        """Returns the versions of a user's keys. A user without a record has the first version."""

    def save_webhook_keys(self, versions: KeyVersions, *, replacing: KeyVersions) -> bool:
        """Records a rotation. Returns False if the recorded keys are not `replacing`."""

    def erase_webhook_keys(self, user_id: str) -> None: ...


class SchedulerGateway(Protocol):
    """EventBridge Scheduler. Every method is idempotent and times out well within an intent's lease.

    Raises SchedulerUnavailable if it is throttled, unavailable or the permission is missing; whether the change was
    applied is then unknown. Raises SchedulerRefused if EventBridge rejects the schedule permanently.
    """

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        """Creates or updates the schedule in EventBridge."""

    def delete(self, schedule: Schedule) -> None:
        """Deletes the schedule in EventBridge. A schedule that does not exist is no error."""

    def has(self, schedule: Schedule) -> bool:
        """Returns whether EventBridge has a schedule with this name."""


class RunStarter(Protocol):
    """Starts runs that EventBridge does not start."""

    def start(self, event: Mapping[str, Any]) -> None:
        """Invokes the Notification Lambda asynchronously. Raises StarterUnavailable if the invocation fails."""


class MasterSource(Protocol):
    """The master secret from which webhook keys are derived."""

    def values(self) -> Sequence[Master]:
        """Returns the current value, followed by the previous one after a rotation. Raises MasterSecretUnavailable."""
