"""Creates schedules: with a generated id, an id derived from an idempotency key, or an id that the client chose."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.errors import (
    InvalidInput,
    NotReached,
    RequestMismatch,
    RevisionMismatch,
    ScheduleBusy,
    ScheduledTasksError,
    ScheduleEnded,
    ScheduleExists,
    ScheduleNotFound,
    TooManySchedules,
)
from ..core.model import ids
from ..core.model.fields import OPTIONS
from ..core.model.schedule import INTENT_LEASE, Action, Schedule, Status
from ..core.timing.instants import epoch_ms, whole_ms
from .actions import without_defaults
from .arguments.bodies import CreateSchedulesItem, PutSchedule, checked
from .options import options_asked, options_to_record
from .timing_spec import check_period
from .validation import check_payload_size, check_placeholders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from ..core.actions.fields import ActionRules
    from ..core.model.ports import ScheduleRepository
    from .intents import Intents
    from .quota import Quota
    from .timing_spec import TimingSpec
    from .update import ScheduleUpdater

CREATES_AT_ONCE = 10
"""Concurrent creates of a batch. All callers of an account share CreateSchedule's quota, at least 250 per second."""

REPLACED_BY_PUT = ("action", *OPTIONS)


class ScheduleCreator:
    """Creates schedules. `clock` returns aware UTC datetimes, `payload_limit` is in bytes, `min_period` is the shortest
    period of a recurring schedule. `rules` None: every action type and webhooks to loopback addresses are accepted.
    """

    def __init__(
        self,
        repository: ScheduleRepository,
        intents: Intents,
        changes: ScheduleUpdater,
        *,
        quota: Quota,
        clock: Callable[[], datetime],
        payload_limit: int,
        min_period: timedelta,
        rules: ActionRules | None,
    ) -> None:
        self._repository = repository
        self._intents = intents
        self._changes = changes
        self._quota = quota
        self._clock = clock
        self._payload_limit = payload_limit
        self._min_period = min_period
        self._rules = rules

    def create(
        self,
        user_id: str,
        given: Mapping[str, Any],
        *,
        is_counted: bool = False,
    ) -> Schedule:
        """Creates a schedule from the keyword arguments of SchedulerService.create and returns it.

        A repeated request with the same idempotency key returns the schedule of the first request. `is_counted`: the
        user's count of schedules already includes this one.
        """
        details = checked(CreateSchedulesItem, given, self._rules)
        timing, body = details.pop("timing"), details.pop("action")
        idempotency_key = details.pop("idempotency_key", None)
        if idempotency_key is None:
            new = self._new(user_id, uuid.uuid4().hex, timing, body, details)
            return self._create(new, body, is_counted=is_counted)
        schedule_id = ids.derived_schedule_id(user_id, idempotency_key)
        digest = request_digest(timing, body, details)
        try:
            keyed = replace(self._new(user_id, schedule_id, timing, body, details), request_digest=digest)
        except InvalidInput:
            made = self._made_before(user_id, schedule_id, digest)
            if made is None:
                raise
            return made
        try:
            return self._create(keyed, body, is_counted=is_counted)
        except (ScheduleExists, TooManySchedules) as exc:
            return self._again(keyed, body, exc)

    def put(
        self,
        user_id: str,
        schedule_id: str,
        given: Mapping[str, Any],
        *,
        if_match: int | None,
    ) -> tuple[Schedule, bool]:
        """Creates or replaces the schedule with this id. Returns it, and whether it was created."""
        details = checked(PutSchedule, given, self._rules)
        timing, body = details.pop("timing"), details.pop("action")
        new = self._new(user_id, schedule_id, timing, body, details)
        existing = self._repository.get(user_id, schedule_id)
        if existing is not None and existing.status.is_live:
            fields = {name: getattr(new, name) for name in REPLACED_BY_PUT}
            try:
                return self._changes.change(user_id, schedule_id, fields, timing=timing, if_match=if_match), False
            except (ScheduleEnded, ScheduleNotFound):
                # A concurrent DELETE ended the schedule after the read. This PUT is later, so it creates a schedule.
                existing = self._repository.get(user_id, schedule_id)
                if existing is not None and existing.status.is_live:
                    raise ScheduleBusy from None
        if if_match is not None:
            raise RevisionMismatch
        try:
            return self._replace_ended(new, body, existing) if existing else self._create(new, body), True
        except ScheduleExists:
            # A concurrent PUT created the schedule. A retry of this PUT replaces the schedule.
            raise ScheduleBusy from None

    def create_many(
        self, user_id: str, requests: Sequence[Mapping[str, Any]], *, begin_within: timedelta | None
    ) -> list[Schedule | ScheduledTasksError]:
        """Creates several schedules concurrently. Returns a schedule or an error for each request, in their order.

        A request that could not begin within `begin_within` gets the error NotReached. None: no limit.
        """
        stop_at = None if begin_within is None else self._clock() + begin_within
        is_counted = len(requests) > 1 and self._quota.reserve(user_id, len(requests))
        created_or_error = partial(self._created_or_error, user_id, is_counted, stop_at)
        with ThreadPoolExecutor(CREATES_AT_ONCE) as pool:
            return list(pool.map(created_or_error, requests))

    def _created_or_error(
        self,
        user_id: str,
        is_counted: bool,  # noqa: FBT001 - so that `partial` can give it
        stop_at: datetime | None,
        request: Mapping[str, Any],
    ) -> Schedule | ScheduledTasksError:
        if stop_at is not None and self._clock() >= stop_at:
            return NotReached()
        if not isinstance(request, Mapping):
            return InvalidInput.of("request", "must be a mapping of keyword arguments")
        try:
            return self.create(user_id, request, is_counted=is_counted)
        except ScheduledTasksError as exc:
            return exc

    def _create(
        self, schedule: Schedule, action: Action, *, replacing: Schedule | None = None, is_counted: bool = False
    ) -> Schedule:
        check_placeholders(schedule, action)
        check_payload_size(schedule, action, self._payload_limit)
        if not is_counted:
            self._quota.take(schedule.user_id)
        return replace(self._intents.create(schedule, action, replacing=replacing), action=action)

    def _replace_ended(self, new: Schedule, action: Action, ended: Schedule) -> Schedule:
        """Replaces an ended schedule.

        Raises ScheduleBusy while another process may change it in EventBridge, or if a concurrent request replaces it.
        """
        if ended.is_leased(self._clock()):
            raise ScheduleBusy
        try:
            return self._create(_following(new, ended), action, replacing=ended)
        except ScheduleExists:
            raise ScheduleBusy from None

    def _made_before(self, user_id: str, schedule_id: str, digest: str) -> Schedule | None:
        """Returns the schedule of an earlier identical request, or None.

        The request may be invalid now although it was valid then, such as a time that has passed.
        """
        existing = self._repository.get(user_id, schedule_id)
        if existing is None or existing.request_digest != digest or existing.is_expired(self._clock()):
            return None
        return replace(existing, action=self._repository.get_action(existing))

    def _again(self, schedule: Schedule, action: Action, met: ScheduledTasksError) -> Schedule:
        """Returns the schedule of the first request with this key, and continues its create if that was interrupted.

        `met` is the error of this request's own create. Raises RequestMismatch if the first request was different.
        """
        existing = self._repository.get(schedule.user_id, schedule.schedule_id)
        if existing is None:
            raise met if isinstance(met, TooManySchedules) else ScheduleBusy
        if existing.is_expired(self._clock()):
            return self._replace_ended(schedule, action, existing)
        if existing.request_digest != schedule.request_digest:
            raise RequestMismatch
        if existing.status is Status.FAILED and existing.last_run is None:
            # The first request got an error, so this request creates the schedule again.
            return self._replace_ended(schedule, action, existing)
        if existing.status.is_live and existing.is_first_revision and not existing.confirmed:
            existing = self._intents.continue_create(existing, action)
        return replace(existing, action=self._repository.get_action(existing))

    def _new(
        self, user_id: str, schedule_id: str, timing: TimingSpec, action: Action, details: Mapping[str, Any]
    ) -> Schedule:
        now = whole_ms(self._clock())
        resolved = timing.resolve(now)
        check_period(resolved, self._min_period, now)
        schedule = Schedule(
            user_id=user_id,
            schedule_id=schedule_id,
            timing=resolved,
            action_type=action.type,
            action=action,
            status=Status.ACTIVE,
            revision=epoch_ms(now),
            action_revision=epoch_ms(now),
            created_at=now,
            updated_at=now,
            timing_changed_at=now,
            next_run_at=None,
            intent_until=now + INTENT_LEASE,
            never_applied=True,
            **options_to_record({**dict.fromkeys(OPTIONS), **details}, is_one_time=resolved.is_one_time),
        )
        next_run_at = schedule.next_occurrence(now)
        if next_run_at is None:
            raise InvalidInput.of("exclusions", "exclude every occurrence; remove a date")
        return replace(schedule, next_run_at=next_run_at)


def _following(new: Schedule, ended: Schedule) -> Schedule:
    """Returns the new schedule with a higher revision than any of the ended schedule."""
    revision = max(new.revision, ended.revision + 1)
    return replace(new, revision=revision, action_revision=revision)


def request_digest(timing: TimingSpec, action: Action, details: Mapping[str, Any]) -> str:
    """Returns 32 hexadecimal digits that identify a request, to detect the same key with a different request.

    Requests with the same meaning have the same digest: an explicit default, another order of keys or another spelling
    of a time makes no difference. The table stores the digest, so it must not depend on how Python prints a value, nor
    on options that a later release adds. `details` must be checked before.
    """
    options = options_asked(details, is_one_time=timing.is_one_time)
    asked = [timing.asked(), action.type, without_defaults(action), options]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]
