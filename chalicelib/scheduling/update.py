"""Changes existing schedules: calculates the new record, and orders concurrent changes of one schedule.

EventBridge has no conditional writes, so this module orders the changes: a change starts only when the previous one is
confirmed or its lease has expired.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import ChangeLost, InvalidInput, RevisionMismatch, ScheduleBusy, ScheduleEnded, ScheduleNotFound
from ..core.model import ids
from ..core.model.schedule import RESUME_EARLY, Action, Schedule, Status
from ..core.model.transitions import auto_resumed
from ..core.timing.instants import whole_ms
from .options import options_to_record
from .timing_spec import SHORTEST_PERIOD, check_period, future_instant_of
from .validation import PAYLOAD_LIMIT, check_payload_size, check_placeholders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from ..core.model.ports import ScheduleRepository
    from .intents import Intents
    from .timing_spec import TimingSpec

    Change = Callable[[Schedule], Schedule]

TRIES = 4
PAUSE_SECONDS = 0.5


class ScheduleUpdater:
    """Changes single schedules. `clock` returns aware UTC datetimes. `sleep` waits, in seconds, while another change is
    being applied. `payload_limit` is in bytes.
    """

    def __init__(
        self,
        repository: ScheduleRepository,
        intents: Intents,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        payload_limit: int = PAYLOAD_LIMIT,
        min_period: timedelta = SHORTEST_PERIOD,
    ) -> None:
        self._repository = repository
        self._intents = intents
        self._clock = clock
        self._sleep = sleep
        self._payload_limit = payload_limit
        self._min_period = min_period

    def find(self, user_id: str, schedule_id: str) -> Schedule:
        """Returns the schedule without its action. Raises ScheduleNotFound."""
        schedule = self._repository.get(user_id, schedule_id) if ids.is_schedule_id(schedule_id) else None
        if schedule is None or schedule.is_expired(self._clock()):
            raise ScheduleNotFound
        return schedule

    def change(
        self,
        user_id: str,
        schedule_id: str,
        fields: Mapping[str, Any],
        *,
        timing: TimingSpec | None,
        if_match: int | None,
    ) -> Schedule:
        """Updates the timing and the options and `action` in `fields`. Without any, returns the schedule unchanged.

        A new timing counts from now; None keeps the timing. Raises InvalidInput, and the errors of
        SchedulerService.change.
        """
        if not fields and timing is None:
            return self._unchanged(user_id, schedule_id, if_match)

        def changed(schedule: Schedule) -> Schedule:
            now = whole_ms(self._clock())
            following = self._timed(self._intents.next_revision(schedule), timing, now)
            following = replace(following, **options_to_record(fields, is_one_time=following.timing.is_one_time))
            self._check_max_runs(following, schedule, now)
            return self._with_next_run(following, now)

        return self._modify(user_id, schedule_id, changed, if_match)

    def pause(
        self, user_id: str, schedule_id: str, *, reason: str | None, until: str | datetime | None, if_match: int | None
    ) -> Schedule:
        """Pauses the schedule until the instant `until`; None: until it is resumed."""
        ends_at = future_instant_of("until", until, now=self._clock()) if until is not None else None

        def change(schedule: Schedule) -> Schedule:
            following = self._intents.next_revision(schedule)
            paused = replace(following, status=Status.PAUSED, reason=reason, paused_until=ends_at, next_run_at=None)
            # The sweeper would resume it too late: EventBridge would still have it disabled at the first occurrence.
            is_short = ends_at is not None and ends_at <= following.updated_at + RESUME_EARLY
            return (auto_resumed(paused, ends_at) or paused) if is_short else paused

        return self._modify(user_id, schedule_id, change, if_match)

    def resume(self, user_id: str, schedule_id: str, *, timing: TimingSpec | None, if_match: int | None) -> Schedule:
        """Resumes the schedule from now on. A one-time schedule whose time has passed needs a new `timing`."""

        def change(schedule: Schedule) -> Schedule:
            now = whole_ms(self._clock())
            following = self._timed(self._intents.next_revision(schedule), timing, now)
            resumed = replace(following, status=Status.ACTIVE, reason=None, paused_until=now, failures_in_a_row=0)
            return self._with_next_run(resumed, now)

        return self._modify(user_id, schedule_id, change, if_match)

    def cancel(
        self,
        user_id: str,
        schedule_id: str,
        *,
        if_match: int | None = None,
        created_by: datetime | None = None,
    ) -> Schedule:
        """Cancels the schedule and returns it. An ended schedule is returned unchanged.

        A schedule created after `created_by` is returned unchanged as well, because a new schedule may have the id.
        """
        for more_tries in reversed(range(TRIES)):
            schedule = self.find(user_id, schedule_id)
            _check(if_match, schedule)
            is_later = created_by is not None and schedule.created_at > created_by
            if is_later or not schedule.status.is_live:
                return schedule
            if self._is_free(schedule, may_wait=more_tries > 0):
                try:
                    return self._intents.end(schedule, Status.CANCELLED)
                except ChangeLost:
                    continue
        raise ScheduleBusy

    def _unchanged(self, user_id: str, schedule_id: str, if_match: int | None) -> Schedule:
        schedule = self._live(user_id, schedule_id, if_match)
        return replace(schedule, action=self._action(schedule))

    def _live(self, user_id: str, schedule_id: str, if_match: int | None) -> Schedule:
        schedule = self.find(user_id, schedule_id)
        _check(if_match, schedule)
        if not schedule.status.is_live:
            raise ScheduleEnded
        return schedule

    def _modify(self, user_id: str, schedule_id: str, change: Change, if_match: int | None) -> Schedule:
        for more_tries in reversed(range(TRIES)):
            schedule = self._live(user_id, schedule_id, if_match)
            if self._is_free(schedule, may_wait=more_tries > 0):
                try:
                    return self._apply(change(schedule), schedule)
                except ChangeLost:
                    continue
        raise ScheduleBusy

    def _apply(self, changed: Schedule, replacing: Schedule) -> Schedule:
        new_action = changed.action
        if new_action is not None:
            changed = replace(changed, action_type=new_action.type, action_revision=changed.revision)
        action = new_action or self._action(replacing)
        check_placeholders(changed, action)
        check_payload_size(changed, action, self._payload_limit)
        confirmed = self._intents.change(changed, replacing=replacing, action=new_action)
        return replace(confirmed, action=action)

    def _action(self, schedule: Schedule) -> Action:
        action = self._repository.get_action(schedule)
        if action is None:
            raise ScheduleNotFound
        return action

    def _timed(self, schedule: Schedule, timing: TimingSpec | None, now: datetime) -> Schedule:
        """Returns the schedule with the timing, resolved at `now`; None: unchanged.

        An unchanged rate without `start_at` keeps its phase.
        """
        if timing is None:
            return schedule
        resolved = timing.resolve(now)
        check_period(resolved, self._min_period, now)
        if resolved.kind == "rate" and timing.start_at is None and resolved.expression == schedule.timing.expression:
            resolved = replace(resolved, start_at=schedule.timing.start_at)
        return replace(schedule, timing=resolved, timing_changed_at=now)

    def _check_max_runs(self, changed: Schedule, before: Schedule, now: datetime) -> None:
        """Raises InvalidInput if `max_runs` is less than the number of runs that have ended or begun."""
        if changed.max_runs is None:
            return
        if changed.max_runs <= changed.run_count:
            raise InvalidInput.of("max_runs", f"must be more than {changed.run_count}, the number of runs so far")
        if changed.max_runs == before.max_runs:
            return
        running = self._repository.list_running(changed.user_id, changed.schedule_id, since=before.runs_since(now))
        uncounted = sum(run.is_uncounted and run.belongs_to(changed) for run in running)
        begun = changed.run_count + changed.reserved + uncounted
        if changed.max_runs < begun:
            raise InvalidInput.of("max_runs", f"must be at least {begun}, the number of runs so far and in progress")

    def _with_next_run(self, schedule: Schedule, now: datetime) -> Schedule:
        if schedule.status is not Status.ACTIVE:
            return schedule
        next_run_at = schedule.next_occurrence(now)
        if next_run_at is None and schedule.pending_since is None:
            if schedule.timing.next_occurrence(now) is not None:
                raise InvalidInput.of("exclusions", "exclude every occurrence; remove a date")
            raise InvalidInput.of("timing", "has no future occurrence; give a new `timing`")
        return replace(schedule, next_run_at=next_run_at)

    def _is_free(self, schedule: Schedule, *, may_wait: bool) -> bool:
        if not schedule.is_leased(self._clock()):
            return True
        if may_wait:
            self._sleep(PAUSE_SECONDS)
        return False


def _check(if_match: int | None, schedule: Schedule) -> None:
    if if_match is not None and if_match != schedule.revision:
        raise RevisionMismatch
