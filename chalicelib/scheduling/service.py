"""SchedulerService: the public methods of the scheduler. HTTP and Python callers use the same methods.

`create.py` creates schedules, `update.py` changes them, `redrive.py` redrives runs, and `jobs.py` works on everything
of a user. `intents.py` applies each change in three steps. The sweeper is a separate object (`sweeper.py`).
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..core.errors import (
    InvalidInput,
    RunNotFound,
    ScheduleBusy,
    ScheduledTasksError,
    ScheduleEnded,
    ScheduleNotFound,
)
from ..core.model.job import JobKind, Selection
from ..core.model.ports import all_items
from ..core.model.run import START_AGAIN_AFTER, Run, RunStatus
from ..core.model.schedule import LIVE, Status
from ..core.timing.instants import END_OF_TIME, EPOCH, whole_ms
from . import advice, english
from .arguments.bodies import UpdateSchedule, checked, read_timing
from .arguments.checks import Arguments, ListArguments, PutArguments, RunsArguments, TimelineArguments, checked_by
from .create import ScheduleCreator
from .intents import Intents
from .jobs import PER_MINUTE, JobRunner
from .lists.filters import Kind, ScheduleFilter
from .lists.schedules import ANY, MOST_READ, ScheduleList, SearchedPage
from .lists.timeline import MOST_LANES, Lanes, Timeline, Window
from .quota import Quota
from .redrive import RunRedriver
from .retention import USUAL
from .run_starts import RunStarts
from .timing_spec import SHORTEST_PERIOD, TimingSpec, instant_of
from .update import TRIES, ScheduleUpdater
from .validation import PAYLOAD_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Literal, Unpack

    from ..core.actions.fields import ActionRules
    from ..core.model.job import Job
    from ..core.model.ports import Page, RunStarter, ScheduleRepository, SchedulerGateway
    from ..core.model.schedule import Schedule, Timing
    from .arguments.bodies import ActionLike, TimingLike
    from .options import ScheduleOptions
    from .retention import Durations

MOST_LIVE = 1000
"""Default limit of a user's active and paused schedules."""

CANCEL_ALL_BUDGET = timedelta(seconds=15)
"""How long one request cancels schedules. API Gateway ends a request after 29 seconds."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A resolved timing: its next occurrences in UTC, an English description, and warnings about its occurrences."""

    timing: Timing
    occurrences: list[datetime]
    description: str
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The number of cancelled schedules. `complete` is False if live schedules may be left: call again."""

    count: int
    complete: bool


class SchedulerService:
    """Creates, changes, cancels and lists schedules, and redrives their runs. Python callers have the limits of HTTP.

    `clock` returns aware UTC datetimes. `sleep` waits, in seconds, while another change is being applied.
    `payload_limit` is in bytes. `most_live` limits a user's active and paused schedules. `min_period` is the shortest
    period of recurring schedules. `durations` are Terraform's retention times. `action_rules` name the application's
    own action types; None: every type and webhooks to loopback addresses are accepted.

    Each method raises TypeError if a required argument is missing, InvalidInput with the fields and messages of HTTP if
    an argument is not valid, and StoreUnavailable if the table is throttled or unavailable. Returned datetimes are
    aware UTC. A time argument without its own description is a datetime with a time zone, or an ISO 8601 text with `Z`
    or an offset.
    """

    def __init__(
        self,
        repository: ScheduleRepository,
        gateway: SchedulerGateway,
        starter: RunStarter,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        payload_limit: int = PAYLOAD_LIMIT,
        most_live: int = MOST_LIVE,
        min_period: timedelta = SHORTEST_PERIOD,
        durations: Durations = USUAL,
        action_rules: ActionRules | None = None,
    ) -> None:
        self._repository = repository
        self._starts = RunStarts(repository, starter)
        self._clock = clock
        self._keep_runs, self._keep_records = durations.keep_runs, durations.keep_records
        intents = Intents(repository, gateway, clock, durations)
        self._changes = ScheduleUpdater(
            repository, intents, clock=clock, sleep=sleep, payload_limit=payload_limit, min_period=min_period
        )
        self._creates = ScheduleCreator(
            repository,
            intents,
            self._changes,
            quota=Quota(repository, clock, most=most_live),
            clock=clock,
            payload_limit=payload_limit,
            min_period=min_period,
            rules=action_rules,
        )
        self._rules = action_rules
        self._redrives = RunRedriver(repository, self._starts, clock, durations)
        self._jobs = JobRunner(repository, self._changes, self._redrives, clock)

    # Create

    def create_one_time(
        self,
        *,
        user_id: str,
        action: ActionLike,
        at: str | datetime | None = None,
        timezone: str | None = None,
        after: str | timedelta | None = None,
        idempotency_key: str | None = None,
        **details: Unpack[ScheduleOptions],
    ) -> Schedule:
        """Creates a schedule that fires once. See `create` for options, result and errors.

        Exactly one of `at` and `after` is required. `at` is an instant with `Z` or an offset, or a wall time of
        `timezone`, an IANA name. `after` is a timedelta or an ISO 8601 duration such as `P3D`, counted from now.
        """
        spec = TimingSpec(at=at, timezone=timezone, after=after)
        return self.create(user_id=user_id, timing=spec, action=action, idempotency_key=idempotency_key, **details)

    def create_recurring(
        self,
        *,
        user_id: str,
        action: ActionLike,
        rate: str | None = None,
        cron: str | None = None,
        timezone: str | None = None,
        start_at: str | datetime | None = None,
        end_at: str | datetime | None = None,
        idempotency_key: str | None = None,
        **details: Unpack[ScheduleOptions],
    ) -> Schedule:
        """Creates a schedule that fires repeatedly. See `create` for options, result and errors.

        Exactly one of `rate` and `cron` is required. `rate` is a period such as `15 minutes`. `cron` has six fields in
        wall times of `timezone`, an IANA name, such as `0 9 ? * MON-FRI *`. `start_at` and `end_at` limit the
        occurrences; None: from the creation, and no end.
        """
        spec = TimingSpec(rate=rate, cron=cron, timezone=timezone, start_at=start_at, end_at=end_at)
        return self.create(user_id=user_id, timing=spec, action=action, idempotency_key=idempotency_key, **details)

    @checked_by(Arguments)
    def create(
        self,
        *,
        user_id: str,
        timing: TimingLike,
        action: ActionLike,
        idempotency_key: str | None = None,
        **details: Unpack[ScheduleOptions],
    ) -> Schedule:
        """Creates a schedule with a generated id and returns it. The returned schedule will fire.

        With an `idempotency_key`, a repeated request returns the schedule of the first request. The result's
        `confirmed` is False if EventBridge was unavailable or its response was not recorded; the sweeper then finishes
        the create.

        Raises PayloadTooLarge; TooManySchedules if the user has reached the limit; RequestMismatch if the key was used
        for a different request; ScheduleBusy if a request with the same key is in progress; SchedulerRefused if
        EventBridge rejects the schedule permanently; SchedulerUnavailable if EventBridge is unavailable and the first
        occurrence is too near for the sweeper; SchedulerDenied if a permission, role or quota is missing. After an
        error nothing will fire.
        """
        key = {} if idempotency_key is None else {"idempotency_key": idempotency_key}
        return self._creates.create(user_id, {"timing": timing, "action": action, **key, **details})

    @checked_by(PutArguments)
    def put(
        self,
        user_id: str,
        schedule_id: str,
        *,
        timing: TimingLike,
        action: ActionLike,
        if_match: int | None = None,
        **details: Unpack[ScheduleOptions],
    ) -> tuple[Schedule, bool]:
        """Creates the schedule with this id, or replaces timing, action and options of the live schedule with this id.

        A schedule that has ended is replaced by a new one. Returns the schedule, and whether it was created. Raises
        RevisionMismatch if `if_match` is given and is not the revision of a live schedule, and the errors of `create`
        and `change`.
        """
        given = {"timing": timing, "action": action, **details}
        return self._creates.put(user_id, schedule_id, given, if_match=if_match)

    @checked_by(Arguments)
    def create_many(
        self, user_id: str, requests: Sequence[Mapping[str, Any]], *, begin_within: timedelta | None = None
    ) -> list[Schedule | ScheduledTasksError]:
        """Creates a schedule for each mapping of keyword arguments of `create`, several concurrently.

        Returns a schedule or an error for each request, in the order of the requests. With `begin_within`, a request
        that could not begin within that time gets the error NotReached: nothing was created, send it again.
        """
        return self._creates.create_many(user_id, requests, begin_within=begin_within)

    # Change

    @checked_by(Arguments)
    def change(
        self,
        user_id: str,
        schedule_id: str,
        *,
        timing: TimingLike | None = None,
        action: ActionLike | None = None,
        if_match: int | None = None,
        **details: Unpack[ScheduleOptions],
    ) -> Schedule:
        """Updates the given fields of a live schedule and returns it with its action.

        None sets an option to its default; None for `timing` or `action` changes nothing. A new `timing` counts from
        now, but an unchanged `rate` without `start_at` keeps its phase. The result's `confirmed` is False if
        EventBridge was unavailable; the sweeper then finishes the change. `if_match` is the expected revision; None:
        any.

        Raises ScheduleNotFound; ScheduleEnded; RevisionMismatch if the revision is not `if_match`; ScheduleBusy if
        another change is being applied; PayloadTooLarge; SchedulerRefused or SchedulerDenied if EventBridge rejects the
        change, which is then reverted.
        """
        named = {name: value for name, value in (("timing", timing), ("action", action)) if value is not None}
        fields = checked(UpdateSchedule, {**named, **details}, self._rules)
        spec = fields.pop("timing", None)
        return self._changes.change(user_id, schedule_id, fields, timing=spec, if_match=if_match)

    @checked_by(Arguments)
    def pause(
        self,
        user_id: str,
        schedule_id: str,
        *,
        reason: str | None = None,
        until: str | datetime | None = None,
        if_match: int | None = None,
    ) -> Schedule:
        """Pauses a schedule: occurrences from now on are not executed. Returns the schedule.

        With `until`, a future instant, the schedule resumes automatically; None: it stays paused. Raises the errors of
        `change`.
        """
        return self._changes.pause(user_id, schedule_id, reason=reason, until=until, if_match=if_match)

    @checked_by(Arguments)
    def resume(
        self, user_id: str, schedule_id: str, *, timing: TimingLike | None = None, if_match: int | None = None
    ) -> Schedule:
        """Resumes a paused schedule with its next occurrence and returns the schedule.

        A new `timing` replaces the old one; None keeps it. Raises InvalidInput if no future occurrence is left, as for
        a one-time schedule whose time has passed, and the errors of `change`.
        """
        spec = read_timing(timing) if timing is not None else None
        return self._changes.resume(user_id, schedule_id, timing=spec, if_match=if_match)

    @checked_by(Arguments)
    def run_now(self, user_id: str, schedule_id: str) -> Run:
        """Runs a live schedule once now, outside its timing, and returns the queued run.

        The run is recorded and then started. If the start fails, the sweeper starts it. Raises ScheduleNotFound,
        ScheduleEnded, or ScheduleBusy if the schedule changes at every attempt.
        """
        for _ in range(TRIES):
            schedule = self.get(user_id, schedule_id)
            if not schedule.status.is_live:
                raise ScheduleEnded
            run = _run_outside_the_timing(schedule, whole_ms(self._clock()), self._keep_runs)
            if self._repository.claim(run, expecting=schedule, replacing=None) is None:
                self._starts.start_or_leave(run, schedule)
                return run
        raise ScheduleBusy

    @checked_by(Arguments)
    def redrive(self, user_id: str, schedule_id: str, run_id: str) -> Run:
        """Queues a failed, missed or skipped run again under its id, with new attempts, and returns it.

        The run is started immediately, or by the sweeper if that fails. Raises RunNotFound, RunNotRedrivable if the run
        has another status, ScheduleNotFound, ScheduleEnded if the schedule was cancelled, ScheduleBusy.
        """
        return self._redrives.redrive(user_id, schedule_id, run_id)

    @checked_by(RunsArguments)
    def redrive_all(
        self,
        user_id: str,
        *,
        status: RunStatus = RunStatus.FAILED,
        schedule_id: str | None = None,
        resource_id: str | None = None,
        since: str | datetime = EPOCH,
        until: str | datetime | None = None,
        per_minute: int = PER_MINUTE,
    ) -> Job:
        """Starts a job that redrives a user's runs with this status, FAILED or MISSED, and returns the job.

        `schedule_id` and `resource_id` restrict the selection; None: any. The runs are scheduled from `since` (default:
        any time) to `until` (default: now), both included. The sweeper queues `per_minute` runs per minute, 1 to 6000.
        Raises InvalidInput if `until` is before `since`.
        """
        begin = instant_of("since", since)
        selection = Selection(
            user_id=user_id,
            status=status,
            since=begin,
            until=_until(begin, until, default=max(begin, self._clock())),
            schedule_id=schedule_id,
            resource_id=resource_id,
        )
        return self._jobs.start(JobKind.REDRIVE, user_id, selection=selection, per_minute=per_minute)

    @checked_by(Arguments)
    def release(self, *, per_minute: int = PER_MINUTE) -> Job:
        """Starts a job that queues the held runs of all users, and returns the job.

        The sweeper queues `per_minute` runs per minute, 1 to 6000.
        """
        return self._jobs.start(JobKind.RELEASE, None, per_minute=per_minute)

    @checked_by(Arguments)
    def cancel(self, user_id: str, schedule_id: str, *, if_match: int | None = None) -> Schedule:
        """Cancels a schedule: no run of it begins any more. Returns the schedule; an ended schedule is unchanged.

        The result's `confirmed` is False if EventBridge was unavailable; the sweeper then finishes the change. Raises
        ScheduleNotFound, RevisionMismatch if the revision is not `if_match`, ScheduleBusy if another change is being
        applied.
        """
        return self._changes.cancel(user_id, schedule_id, if_match=if_match)

    @checked_by(Arguments)
    def cancel_for_resource(self, resource_id: str, *, user_id: str | None = None) -> Cancelled:
        """Cancels the live schedules of a resource, as many as one request has time for (15 seconds).

        `user_id` restricts it to one user; None: all users. The list of schedules is eventually consistent, usually
        within less than a second: a schedule created in that time may not be cancelled, although `complete` is True.
        """
        began_at = whole_ms(self._clock())
        stop_at = began_at + CANCEL_ALL_BUDGET
        count, complete = 0, True
        for status in LIVE:
            for schedule in self._all_of_resource(resource_id, status, user_id):
                if self._clock() >= stop_at:
                    return Cancelled(count, complete=False)
                try:
                    ended = self.cancel(schedule.user_id, schedule.schedule_id)
                except (ScheduleBusy, ScheduleNotFound):
                    complete = False
                else:
                    # The list may still show schedules that were cancelled before this request.
                    count += ended.updated_at >= began_at
        return Cancelled(count, complete)

    def _all_of_resource(self, resource_id: str, status: Status, user_id: str | None) -> Iterator[Schedule]:
        return all_items(partial(self.list_for_resource, resource_id, user_id=user_id, status=status, limit=100))

    @checked_by(Arguments)
    def cancel_all(self, user_id: str) -> Job:
        """Starts a job that cancels all schedules that the user has created until now, and returns the job."""
        return self._jobs.start(JobKind.CANCEL_ALL, user_id)

    @checked_by(Arguments)
    def erase(self, user_id: str) -> Job:
        """Starts a job that cancels all schedules of a user and erases their records and runs, and returns the job.

        The job also erases the user's webhook keys and count of schedules, and schedules created while it works.
        """
        return self._jobs.start(JobKind.ERASE, user_id)

    @checked_by(Arguments)
    def get_job(self, job_id: str) -> Job:
        """Returns a job with its progress. Raises JobNotFound."""
        return self._jobs.get(job_id)

    # Read

    @checked_by(Arguments)
    def get(self, user_id: str, schedule_id: str) -> Schedule:
        """Returns the schedule with its action. Raises ScheduleNotFound."""
        schedule = self._changes.find(user_id, schedule_id)
        return replace(schedule, action=self._repository.get_action(schedule))

    @checked_by(ListArguments)
    def list_for_user(
        self,
        user_id: str,
        *,
        status: Status | Literal["any"] = Status.ACTIVE,
        search: str | None = None,
        kind: Kind | None = None,
        action_type: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> SearchedPage:
        """Returns one page of up to `limit` (1 to 100) of the user's schedules, without actions, the soonest first.

        With the status "any" the active schedules come first, then the paused, failed, completed and cancelled ones.
        `search` (1 to 100 characters) is a part of the name, the id or the resource id in any case; None for `search`,
        `kind` or `action_type`: any. The filters are applied to at most 500 schedules per page; the page's `searched`
        is their number.

        `cursor` is the `next_cursor` of the previous page; None: the first page. A page may have fewer items than
        `limit`. Raises InvalidCursor if the cursor does not belong to this list.
        """
        found = self._of_user(user_id)
        return self._page(found, status, ScheduleFilter(search, kind, action_type), limit, cursor)

    @checked_by(ListArguments)
    def list_for_resource(
        self,
        resource_id: str,
        *,
        user_id: str | None = None,
        status: Status | Literal["any"] = Status.ACTIVE,
        search: str | None = None,
        kind: Kind | None = None,
        action_type: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> SearchedPage:
        """Returns one page of a resource's schedules: those of `user_id`, the soonest first; None: all users', by user.

        The other arguments and the errors are those of `list_for_user`.
        """
        found = self._of_resource(resource_id, user_id)
        return self._page(found, status, ScheduleFilter(search, kind, action_type), limit, cursor)

    @checked_by(TimelineArguments)
    def timeline(
        self,
        user_id: str,
        *,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        search: str | None = None,
        resource_id: str | None = None,
        limit: int = MOST_LANES,
        cursor: str | None = None,
    ) -> Timeline:
        """Returns one page of up to `limit` (1 to 20) lanes: the user's schedules that have something in a window.

        A lane has the runs and the planned occurrences from `since` (default: a day ago) until before `until` (default:
        two days after `since`). `search` and the order are those of `list_for_user` with the status "any";
        `resource_id` restricts it to one resource. Raises InvalidInput if the window is empty, is longer than 35 days
        or begins more than 366 days ahead, and InvalidCursor.

        At most 500 schedules are read per page, and at most 1000 runs per lane.
        """
        now = self._clock()
        begin, end = (None if at is None else instant_of(name, at) for name, at in (("since", since), ("until", until)))
        lanes = Lanes(self._repository, Window.checked(begin, end, now), now, self._keep_records)
        listed = self._of_user(user_id) if resource_id is None else self._of_resource(resource_id, user_id)
        wanted = ScheduleFilter(search)
        found = listed.page(
            ANY,
            lambda schedule: not schedule.is_expired(now) and wanted.fits(schedule) and lanes.may_have(schedule),
            limit=limit,
            most_read=MOST_READ,
            cursor=cursor,
        )
        items = [lane for lane in map(lanes.lane, found.items) if lane is not None]
        return Timeline(lanes.window, items, found.next_cursor, found.searched)

    @checked_by(Arguments)
    def occurrences(self, user_id: str, schedule_id: str, *, limit: int = 10) -> list[datetime]:
        """Returns the next occurrences, up to `limit` (1 to 100). Raises ScheduleNotFound.

        The list is empty if the schedule is not active.
        """
        schedule = self._changes.find(user_id, schedule_id)
        if schedule.status is not Status.ACTIVE:
            return []
        return list(islice(schedule.occurrences(self._clock()), limit))

    @checked_by(Arguments)
    def preview(self, timing: TimingLike, *, limit: int = 10) -> Preview:
        """Returns the next occurrences, up to `limit` (1 to 100), of a timing that is not saved, with a description.

        Raises InvalidInput if the timing is not valid.
        """
        now = self._clock()
        resolved = read_timing(timing).resolve(now)
        return Preview(
            timing=resolved,
            occurrences=list(islice(resolved.occurrences(now), limit)),
            description=english.describe(resolved.parsed),
            warnings=advice.warnings(resolved.parsed, now),
        )

    @checked_by(Arguments)
    def get_run(self, user_id: str, schedule_id: str, run_id: str) -> Run:
        """Returns the run. Raises RunNotFound."""
        run = self._repository.get_run(user_id, schedule_id, run_id)
        if run is None or run.is_expired(self._clock()):
            raise RunNotFound
        return run

    @checked_by(Arguments)
    def list_runs(self, user_id: str, schedule_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Run]:
        """Returns one page of a schedule's runs, newest first. Raises ScheduleNotFound.

        `limit`, `cursor` and InvalidCursor are those of `list_for_user`.
        """
        self._changes.find(user_id, schedule_id)
        page = self._repository.list_runs(user_id, schedule_id, limit=limit, cursor=cursor)
        now = self._clock()
        return replace(page, items=[run for run in page.items if not run.is_expired(now)])

    @checked_by(RunsArguments)
    def list_runs_of_user(
        self,
        user_id: str,
        *,
        status: RunStatus = RunStatus.FAILED,
        since: str | datetime = EPOCH,
        until: str | datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Returns one page of the runs of all the user's schedules with this status, FAILED or MISSED, newest first.

        The runs are scheduled from `since` (default: any time) to `until` (default: no limit), both included.
        `limit`, `cursor` and InvalidCursor are those of `list_for_user`. Raises InvalidInput if `until` is before
        `since`.
        """
        now = self._clock()
        begin = instant_of("since", since)
        end = _until(begin, until, default=END_OF_TIME)
        page = self._repository.list_runs_of_user(user_id, status, since=begin, until=end, limit=limit, cursor=cursor)
        return replace(page, items=[run for run in page.items if not run.is_expired(now)])

    # Helpers

    def _of_user(self, user_id: str) -> ScheduleList:
        return ScheduleList(
            owner=("user", user_id),
            read=partial(self._repository.list_by_user, user_id),
            cursor_after=self._repository.cursor_by_user,
        )

    def _of_resource(self, resource_id: str, user_id: str | None) -> ScheduleList:
        return ScheduleList(
            owner=("resource", resource_id, user_id or ""),
            read=partial(self._repository.list_by_resource, resource_id, user_id=user_id),
            cursor_after=partial(self._repository.cursor_by_resource, user_id=user_id),
        )

    def _page(
        self,
        listed: ScheduleList,
        status: Status | Literal["any"],
        wanted: ScheduleFilter,
        limit: int,
        cursor: str | None,
    ) -> SearchedPage:
        """Returns one page. Without filters it reads `limit` records at most, so that it costs one query."""
        now = self._clock()
        return listed.page(
            status,
            lambda schedule: wanted.fits(schedule) and not schedule.is_expired(now),
            limit=limit,
            most_read=limit if wanted.is_empty else MOST_READ,
            cursor=cursor,
        )


def _until(since: datetime, until: str | datetime | None, *, default: datetime) -> datetime:
    """Returns the end of the range. Raises InvalidInput if it is before `since`: DynamoDB refuses such a range."""
    end = default if until is None else instant_of("until", until)
    if end < since:
        raise InvalidInput.of("until", "must not be before `since`")
    return end


def _run_outside_the_timing(schedule: Schedule, now: datetime, keep: timedelta) -> Run:
    return Run(
        schedule_created_at=schedule.created_at,
        user_id=schedule.user_id,
        schedule_id=schedule.schedule_id,
        resource_id=schedule.resource_id,
        scheduled_time=now,
        delivered_for=now,
        token=uuid.uuid4().hex[:16],
        watched=True,
        status=RunStatus.QUEUED,
        revision=schedule.revision,
        action_type=schedule.action_type,
        claim_id=uuid.uuid4().hex,
        lease_until=now + START_AGAIN_AFTER,
        expires_at=now + keep,
    )
