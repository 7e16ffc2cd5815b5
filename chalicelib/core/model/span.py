"""What a change leaves open: the occurrences that were due before it and have no outcome yet. Pure calculation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from ..timing.latest import latest
from .schedule import CLOCKS_DIFFER, LATE_AFTER, Schedule, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from .schedule import DeliveryPolicy, Timing

A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The occurrences from `since` to `until`, both included, by the timing that a schedule had before a change.

    However many occurrences there are, a span is one small item with a watch of its own: the sweeper records each
    occurrence and moves `since` forward. `revision` is that of the change. Timing, exclusions, window and delivery are
    those before it. `timing_changed_at` is None if the timing stayed. Of what was `never_applied` no delivery is
    expected. `schedule_created_at`, `resource_id` and `action_type` are what a run says of its schedule, for when
    another schedule has the id.
    """

    user_id: str
    schedule_id: str
    revision: int
    schedule_created_at: datetime
    action_type: str
    timing: Timing
    flexible_window_minutes: int
    delivery: DeliveryPolicy
    since: datetime
    until: datetime
    watch_at: datetime
    resource_id: str | None = None
    exclusions: tuple[date, ...] = ()
    timing_changed_at: datetime | None = None
    never_applied: bool = False

    def occurrences(self) -> Iterator[datetime]:
        """Those that may have no outcome yet, ascending."""
        return takewhile(lambda at: at <= self.until, self._from(self.since - A_SECOND))

    def last(self) -> datetime | None:
        """The last of them."""
        return next(iter(latest(self._from, self.since - A_SECOND, self.until)), None)

    def has(self, occurrence: datetime) -> bool:
        """Is it one of those that may have no outcome yet?"""
        if not self.since <= occurrence <= self.until:
            return False
        return next(self._from(occurrence - A_SECOND), None) == occurrence

    def _from(self, after: datetime) -> Iterator[datetime]:
        return self.timing.occurrences(after, without=frozenset(self.exclusions))

    def moved_to(self, occurrence: datetime) -> Span:
        """With all before this occurrence recorded."""
        return replace(self, since=occurrence)

    def seen_by(self, schedule: Schedule) -> Schedule:
        """The schedule as it stands, but with what held for these occurrences."""
        return replace(
            schedule,
            timing=self.timing,
            exclusions=self.exclusions,
            flexible_window_minutes=self.flexible_window_minutes,
            delivery=self.delivery,
        )

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.flexible_window_minutes)

    @property
    def max_age(self) -> timedelta:
        return timedelta(seconds=self.delivery.max_age_seconds)


def opened_span(before: Schedule, after: Schedule) -> Span | None:
    """What the change from `before` to `after` leaves open; None if nothing is due that `after` does not wait for.

    The clocks of two processes differ: what a changed timing no longer has may still be delivered shortly after.
    """
    is_retimed = before.timing != after.timing
    reach = CLOCKS_DIFFER if is_retimed and before.status is Status.ACTIVE else timedelta(0)
    return span_until(
        after.updated_at + reach, before, after, timing_changed_at=after.updated_at if is_retimed else None
    )


def span_until(
    until: datetime, before: Schedule, after: Schedule, *, timing_changed_at: datetime | None = None
) -> Span | None:
    """As `opened_span`, for what is due by `until`."""
    since = next((at for at in due(before, until) if not _waits_for(after, before, at)), None)
    if since is None:
        return None
    return Span(
        user_id=before.user_id,
        schedule_id=before.schedule_id,
        revision=after.revision,
        schedule_created_at=before.created_at,
        resource_id=before.resource_id,
        action_type=before.action_type,
        timing=before.timing,
        exclusions=before.exclusions,
        flexible_window_minutes=before.flexible_window_minutes,
        delivery=before.delivery,
        since=since,
        until=until,
        timing_changed_at=timing_changed_at,
        never_applied=before.never_applied,
        watch_at=since + before.window + LATE_AFTER,
    )


def earliest(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)


def waits_from(schedule: Schedule) -> datetime | None:
    """No occurrence before this is waited for. A pause ends at its end, even if nothing could end it then."""
    if schedule.status is Status.PAUSED:
        return schedule.paused_until and max(schedule.paused_until, schedule.updated_at + A_SECOND)
    return schedule.first_due


def due(schedule: Schedule, until: datetime) -> Iterator[datetime]:
    """Its occurrences by `until` that have no outcome yet, ascending, without those in open spans."""
    since = waits_from(schedule)
    if since is None or since > until:
        return iter(())
    return takewhile(lambda at: at <= until, schedule.occurrences(since - A_SECOND))


def _waits_for(after: Schedule, before: Schedule, occurrence: datetime) -> bool:
    """Does the record itself still wait for this occurrence of `before`, as one of its own?"""
    if after.first_due is None or occurrence < after.first_due:
        return False
    return after.timing == before.timing or after.next_occurrence(occurrence - A_SECOND) == occurrence
