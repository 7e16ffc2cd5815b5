"""SchedulerService: the use cases.

`create.py` makes schedules, `update.py` changes them, `redrive.py` runs ended runs again, and `jobs.py` works on
everything of a user. `intents.py` carries out each change in three steps. The sweeper is made by itself.
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
from .arguments.checks import Arguments, ListArguments, PutArguments, RunsArguments, checked_by
from .create import ScheduleCreator
from .intents import Intents
from .jobs import PER_MINUTE, JobRunner
from .quota import Quota
from .redrive import RunRedriver
from .retention import USUAL
from .run_starts import RunStarts
from .timing_spec import SHORTEST_PERIOD, TimingSpec, instant_of
from .update import TRIES, ScheduleUpdater
from .validation import PAYLOAD_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Unpack

    from ..core.model.job import Job
    from ..core.model.ports import Page, RunStarter, ScheduleRepository, SchedulerGateway
    from ..core.model.schedule import Schedule, Timing
    from .actions import ActionRules
    from .arguments.bodies import ActionLike, TimingLike
    from .options import ScheduleOptions
    from .retention import Durations

MOST_LIVE = 1000

CANCEL_ALL_BUDGET = timedelta(seconds=15)
"""How long one request cancels on; API Gateway ends it after 29 s."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a timing will do: its next occurrences (UTC), itself in plain English, and what may surprise."""

    timing: Timing
    occurrences: list[datetime]
    description: str
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How many schedules were cancelled, and whether that was all of them."""

    count: int
    complete: bool


class SchedulerService:
    """Creates, changes, cancels and lists schedules.

    `clock` gives aware UTC; `sleep` waits while another change is on its way; `payload_limit` is in bytes;
    `most_live` is how many active and paused schedules one user may have; `min_period` is of recurring ones;
    `durations` are what Terraform was given. `action_rules` name the application's own types, without which each type
    is taken. Python callers are held to the limits of HTTP, and refused with its fields and messages.
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
        self._keep_runs = durations.keep_runs
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
        """Once, `at` a time or `after` a while. See `create` for the details and errors."""
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
        """Again and again, by `rate` or `cron`. See `create` for the details and errors."""
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
        """A new schedule under an id of our making. When this returns, it will fire.

        With an `idempotency_key`, the same request again is answered with the schedule that the first one made.
        `confirmed` is False if EventBridge could not be reached and the sweeper will finish it, or if only our own note
        of its yes is missing. Raises InvalidInput, PayloadTooLarge, TooManySchedules, RequestMismatch, SchedulerRefused
        (EventBridge will never take it), SchedulerUnavailable or StoreUnavailable (try again).
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
        """Creates the schedule of this id, or gives a live one all of this; what has ended is begun anew.

        The second value says whether it was created. Raises what `create` and `change` raise.
        """
        given = {"timing": timing, "action": action, **details}
        return self._creates.put(user_id, schedule_id, given, if_match=if_match)

    @checked_by(Arguments)
    def create_many(
        self, user_id: str, requests: Sequence[Mapping[str, Any]], *, begin_within: timedelta | None = None
    ) -> list[Schedule | ScheduledTasksError]:
        """`create` for each of these keyword arguments, several at once; a result or an error each, in their order.

        With `begin_within`, what could not begin in that time is NotReached: ask for it again.
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
        """New values for what is named here; None is the default of a field. The same rate keeps its phase.

        `if_match` is the revision that must still stand. Raises ScheduleNotFound, ScheduleEnded, RevisionMismatch,
        ScheduleBusy (another change is on its way), and what `create` raises.
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
        """No occurrence is done from now on; with `until` (an instant) the pause ends by itself. Raises as `change`."""
        return self._changes.pause(user_id, schedule_id, reason=reason, until=until, if_match=if_match)

    @checked_by(Arguments)
    def resume(
        self, user_id: str, schedule_id: str, *, timing: TimingLike | None = None, if_match: int | None = None
    ) -> Schedule:
        """Goes on with the next occurrence. A one-time schedule whose time has passed needs a new `timing`."""
        spec = read_timing(timing) if timing is not None else None
        return self._changes.resume(user_id, schedule_id, timing=spec, if_match=if_match)

    @checked_by(Arguments)
    def run_now(self, user_id: str, schedule_id: str) -> Run:
        """One run outside the timing, of a live schedule: recorded, then started; if not at once, by the sweeper.

        Raises ScheduleNotFound, ScheduleEnded, ScheduleBusy.
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
        """One run that failed, was missed or was skipped is done again, with new tries; started at once.

        Raises RunNotFound, RunNotRedrivable, ScheduleNotFound, ScheduleEnded (cancelled), ScheduleBusy.
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
        """All of a user's failed (or missed) runs, or those of a schedule, of a resource, of a span of scheduled times.

        A job that the sweeper works on; the runs are started `per_minute`. Raises InvalidInput.
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
        """Everybody's held runs are done, `per_minute`: a job that the sweeper works on."""
        return self._jobs.start(JobKind.RELEASE, None, per_minute=per_minute)

    @checked_by(Arguments)
    def cancel(self, user_id: str, schedule_id: str, *, if_match: int | None = None) -> Schedule:
        """It will not fire any more; what has ended already stays so.

        Raises ScheduleNotFound, RevisionMismatch, ScheduleBusy.
        """
        return self._changes.cancel(user_id, schedule_id, if_match=if_match)

    @checked_by(Arguments)
    def cancel_for_resource(self, resource_id: str, *, user_id: str | None = None) -> Cancelled:
        """Cancels a resource's live schedules, one user's or everybody's, as many as fit into one request.

        It goes by the list, which is behind, usually by less than a second: what was created in that time is not
        cancelled, and does not make the answer incomplete.
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
                    # The list may still show what was cancelled before.
                    count += ended.updated_at >= began_at
        return Cancelled(count, complete)

    def _all_of_resource(self, resource_id: str, status: Status, user_id: str | None) -> Iterator[Schedule]:
        return all_items(partial(self.list_for_resource, resource_id, user_id=user_id, status=status, limit=100))

    @checked_by(Arguments)
    def cancel_all(self, user_id: str) -> Job:
        """Cancels all schedules that a user created until now, as a job that the sweeper works on."""
        return self._jobs.start(JobKind.CANCEL_ALL, user_id)

    @checked_by(Arguments)
    def erase(self, user_id: str) -> Job:
        """Cancels everything of a user and removes every record of it, as a job that the sweeper works on."""
        return self._jobs.start(JobKind.ERASE, user_id)

    @checked_by(Arguments)
    def get_job(self, job_id: str) -> Job:
        """Raises JobNotFound."""
        return self._jobs.get(job_id)

    # Read

    @checked_by(Arguments)
    def get(self, user_id: str, schedule_id: str) -> Schedule:
        """The schedule with its action. Raises ScheduleNotFound."""
        schedule = self._changes.find(user_id, schedule_id)
        return replace(schedule, action=self._repository.get_action(schedule))

    @checked_by(ListArguments)
    def list_for_user(
        self, user_id: str, *, status: Status = Status.ACTIVE, limit: int = 50, cursor: str | None = None
    ) -> Page[Schedule]:
        """One page, soonest first. Raises InvalidCursor."""
        page = self._repository.list_by_user(user_id, status, limit=limit, cursor=cursor)
        return self._unexpired(page)

    @checked_by(ListArguments)
    def list_for_resource(
        self,
        resource_id: str,
        *,
        user_id: str | None = None,
        status: Status = Status.ACTIVE,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Schedule]:
        """One page of a resource's schedules: one user's, soonest first, or everybody's. Raises InvalidCursor."""
        page = self._repository.list_by_resource(resource_id, status, user_id=user_id, limit=limit, cursor=cursor)
        return self._unexpired(page)

    @checked_by(Arguments)
    def occurrences(self, user_id: str, schedule_id: str, *, limit: int = 10) -> list[datetime]:
        """The next planned instants; none for a schedule that is not active. Raises ScheduleNotFound."""
        schedule = self._changes.find(user_id, schedule_id)
        if schedule.status is not Status.ACTIVE:
            return []
        return list(islice(schedule.occurrences(self._clock()), limit))

    @checked_by(Arguments)
    def preview(self, timing: TimingLike, *, limit: int = 10) -> Preview:
        """What a timing that nobody saved would do, from now on. Raises InvalidInput."""
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
        """Raises RunNotFound."""
        run = self._repository.get_run(user_id, schedule_id, run_id)
        if run is None or run.is_expired(self._clock()):
            raise RunNotFound
        return run

    @checked_by(Arguments)
    def list_runs(self, user_id: str, schedule_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Run]:
        """One page of a schedule's runs, newest first. Raises ScheduleNotFound, InvalidCursor."""
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
        """One page of a user's failed (or missed) runs over all his schedules, newest first.

        Raises InvalidCursor, InvalidInput.
        """
        now = self._clock()
        begin = instant_of("since", since)
        end = _until(begin, until, default=END_OF_TIME)
        page = self._repository.list_runs_of_user(user_id, status, since=begin, until=end, limit=limit, cursor=cursor)
        return replace(page, items=[run for run in page.items if not run.is_expired(now)])

    # Helpers

    def _unexpired(self, page: Page[Schedule]) -> Page[Schedule]:
        now = self._clock()
        return replace(page, items=[schedule for schedule in page.items if not schedule.is_expired(now)])


def _until(since: datetime, until: str | datetime | None, *, default: datetime) -> datetime:
    """The end of a span that does not lie before its beginning: DynamoDB refuses such a one, the fakes do not."""
    end = default if until is None else instant_of("until", until)
    if end < since:
        raise InvalidInput.of("until", "lies before since")
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
