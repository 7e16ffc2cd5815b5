"""SchedulerService: the use cases, and the order of their writes.

Every change takes the same three steps: record the intent, apply it to EventBridge, confirm. A crash between any two
leaves an intent in the table with its deadline, and whoever finds it can finish it; see the design, section 5.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from .core import advice, payload
from .core.errors import (
    ChangeLost,
    PayloadTooLarge,
    ScheduleBusy,
    ScheduleNotFound,
    SchedulerRefused,
    SchedulerUnavailable,
    StoreUnavailable,
)
from .core.instants import epoch_ms
from .core.schedule import INTENT_LEASE, Action, DeliveryPolicy, Schedule, Status
from .timings import TimingSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .core.ports import Page, ScheduleRepository, SchedulerGateway
    from .core.run import Run
    from .core.schedule import Timing

RECORD_RETENTION = timedelta(days=91)
"""A finished schedule's record outlives its last run's (90 days)."""

BUSY_TRIES = 4
BUSY_PAUSE_SECONDS = 0.5
PAYLOAD_LIMIT = 64 * 1024

CANCEL_ALL_BUDGET = timedelta(seconds=15)
"""How long one request cancels on; API Gateway ends it after 29 s."""


class ActionModel(Protocol):
    """Anything that knows the action it stands for, such as the models in `actions.py`."""

    def to_action(self) -> Action: ...


ActionLike = Action | ActionModel


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
    """Creates, cancels and lists schedules.

    `clock` gives aware UTC; `sleep` waits while another change is on its way; `payload_limit` is in bytes.
    """

    def __init__(
        self,
        repository: ScheduleRepository,
        gateway: SchedulerGateway,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        payload_limit: int = PAYLOAD_LIMIT,
    ) -> None:
        self._repository = repository
        self._gateway = gateway
        self._clock = clock
        self._sleep = sleep
        self._payload_limit = payload_limit

    # Create

    def create_one_time(
        self,
        *,
        user_id: str,
        action: ActionLike,
        at: str | datetime | None = None,
        timezone: str | None = None,
        after: str | timedelta | None = None,
        **details: Any,
    ) -> Schedule:
        """Once, `at` a time or `after` a while. See `create` for the details and errors."""
        spec = TimingSpec(at=at, timezone=timezone, after=after)
        return self.create(user_id=user_id, timing=spec, action=action, **details)

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
        **details: Any,
    ) -> Schedule:
        """Again and again, by `rate` or `cron`. See `create` for the details and errors."""
        spec = TimingSpec(rate=rate, cron=cron, timezone=timezone, start_at=start_at, end_at=end_at)
        return self.create(user_id=user_id, timing=spec, action=action, **details)

    def create(
        self,
        *,
        user_id: str,
        timing: TimingSpec,
        action: ActionLike,
        resource_id: str | None = None,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        flexible_window_minutes: int = 0,
        delivery: DeliveryPolicy | None = None,
    ) -> Schedule:
        """A new schedule under an id of our making. When this returns, it will fire.

        `flexible_window_minutes` is 0 (exact) to 1440; `metadata` is JSON that is handed to the action.
        Raises InvalidInput, PayloadTooLarge, SchedulerRefused (EventBridge will never take it), SchedulerUnavailable or
        StoreUnavailable (try again). `confirmed` is False if only our own note of EventBridge's yes is missing.
        """
        now = _whole_ms(self._clock())
        body = action if isinstance(action, Action) else action.to_action()
        schedule = self._new(
            now,
            user_id=user_id,
            timing=timing.resolve(now),
            action=body,
            resource_id=resource_id,
            name=name,
            metadata=metadata or {},
            flexible_window_minutes=flexible_window_minutes,
            delivery=delivery or DeliveryPolicy(),
        )
        return self._start(schedule, body, now)

    def _new(self, now: datetime, *, timing: Timing, action: Action, **fields: Any) -> Schedule:
        revision = epoch_ms(now)
        return Schedule(
            schedule_id=uuid.uuid4().hex,
            timing=timing,
            action_type=action.type,
            action=action,
            status=Status.ACTIVE,
            revision=revision,
            action_revision=revision,
            created_at=now,
            updated_at=now,
            timing_changed_at=now,
            next_run_at=timing.next_occurrence(now),
            intent_until=now + INTENT_LEASE,
            **fields,
        )

    def _start(self, schedule: Schedule, action: Action, now: datetime) -> Schedule:
        self._check_size(schedule, action)
        self._repository.create(schedule, action)
        try:
            self._gateway.put(schedule, action, now=now)
        except (SchedulerRefused, SchedulerUnavailable) as exc:
            self._withdraw(schedule, str(exc))
            raise
        return self._confirm(schedule)

    # Read

    def get(self, user_id: str, schedule_id: str) -> Schedule:
        """The schedule with its action. Raises ScheduleNotFound."""
        schedule = self._find(user_id, schedule_id)
        return replace(schedule, action=self._repository.get_action(schedule))

    def list_for_user(
        self, user_id: str, *, status: Status = Status.ACTIVE, limit: int = 50, cursor: str | None = None
    ) -> Page[Schedule]:
        """One page, soonest first. Raises InvalidCursor."""
        page = self._repository.list_by_user(user_id, status, limit=limit, cursor=cursor)
        return self._unexpired(page)

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

    def occurrences(self, user_id: str, schedule_id: str, *, limit: int = 10) -> list[datetime]:
        """The next planned instants; none for a schedule that is not active. Raises ScheduleNotFound."""
        schedule = self._find(user_id, schedule_id)
        if schedule.status is not Status.ACTIVE:
            return []
        return list(islice(schedule.timing.occurrences(self._clock()), limit))

    def preview(self, timing: TimingSpec, *, limit: int = 10) -> Preview:
        """What a timing that nobody saved would do, from now on. Raises InvalidInput."""
        now = self._clock()
        resolved = timing.resolve(now)
        return Preview(
            timing=resolved,
            occurrences=list(islice(resolved.occurrences(now), limit)),
            description=resolved.parsed.describe(),
            warnings=advice.warnings(resolved.parsed, now),
        )

    def list_runs(self, user_id: str, schedule_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Run]:
        """One page of a schedule's runs, newest first. Raises ScheduleNotFound, InvalidCursor."""
        self._find(user_id, schedule_id)
        page = self._repository.list_runs(user_id, schedule_id, limit=limit, cursor=cursor)
        now = self._clock()
        return replace(page, items=[run for run in page.items if not run.is_expired(now)])

    # Cancel

    def cancel(self, user_id: str, schedule_id: str) -> Schedule:
        """It will not fire any more; what has ended already stays so. Raises ScheduleNotFound, ScheduleBusy."""
        for _ in range(BUSY_TRIES):
            schedule = self._find(user_id, schedule_id)
            if not schedule.status.is_live:
                return schedule
            if not schedule.is_leased(self._clock()):
                try:
                    return self._end(schedule, Status.CANCELLED)
                except ChangeLost:
                    continue
            self._sleep(BUSY_PAUSE_SECONDS)
        raise ScheduleBusy

    def cancel_for_resource(self, resource_id: str, *, user_id: str | None = None) -> Cancelled:
        """Cancels a resource's live schedules, one user's or everybody's, as many as fit into one request."""
        stop_at = self._clock() + CANCEL_ALL_BUDGET
        count = 0
        for status in (Status.ACTIVE, Status.PAUSED):
            for schedule in self._all_of_resource(resource_id, status, user_id):
                if self._clock() >= stop_at:
                    return Cancelled(count, complete=False)
                self.cancel(schedule.user_id, schedule.schedule_id)
                count += 1
        return Cancelled(count, complete=True)

    def _all_of_resource(self, resource_id: str, status: Status, user_id: str | None) -> Iterator[Schedule]:
        cursor = None
        while True:
            page = self.list_for_resource(resource_id, user_id=user_id, status=status, limit=100, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    # Steps

    def _end(self, schedule: Schedule, status: Status, reason: str | None = None) -> Schedule:
        """Out of EventBridge for good. Once the intent is written it holds: the Lambda reads the record first."""
        now = _whole_ms(self._clock())
        ended = replace(
            schedule,
            status=status,
            reason=reason,
            revision=schedule.revision + 1,
            confirmed=False,
            intent_until=now + INTENT_LEASE,
            updated_at=now,
            next_run_at=None,
            expires_at=now + RECORD_RETENTION,
        )
        self._repository.change(ended, replacing=schedule)
        try:
            self._gateway.delete(ended)
        except (SchedulerRefused, SchedulerUnavailable):
            return ended
        return self._confirm(ended)

    def _withdraw(self, schedule: Schedule, reason: str) -> None:
        """A create that EventBridge did not take: never acknowledged, so it must not fire, even if a lost answer was
        a yes. Nothing is undone; it is a further intent, to have no such schedule.
        """
        try:
            self._end(schedule, Status.FAILED, reason)
        except (ChangeLost, StoreUnavailable):
            # The first intent stands in the table with its deadline, and is taken up from there.
            return

    def _confirm(self, schedule: Schedule) -> Schedule:
        try:
            confirmed = self._repository.confirm(schedule)
        except StoreUnavailable:
            return schedule
        return replace(schedule, confirmed=True, intent_until=None) if confirmed else schedule

    # Helpers

    def _find(self, user_id: str, schedule_id: str) -> Schedule:
        schedule = self._repository.get(user_id, schedule_id)
        if schedule is None or schedule.is_expired(self._clock()):
            raise ScheduleNotFound
        return schedule

    def _unexpired(self, page: Page[Schedule]) -> Page[Schedule]:
        now = self._clock()
        return replace(page, items=[schedule for schedule in page.items if not schedule.is_expired(now)])

    def _check_size(self, schedule: Schedule, action: Action) -> None:
        size = len(payload.write(schedule, action).encode())
        if size > self._payload_limit:
            raise PayloadTooLarge(size, self._payload_limit)


def _whole_ms(instant: datetime) -> datetime:
    """As precise as the table keeps it."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
