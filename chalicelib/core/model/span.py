"""Spans: the occurrences that were due before a change of their schedule and have no outcome. Pure calculation."""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from ..frozen import Frozen, replace
from ..timing.latest import latest
from .schedule import CLOCKS_DIFFER, LATE_AFTER, Schedule, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from .schedule import DeliveryPolicy, Timing

A_SECOND = timedelta(seconds=1)


class Span(Frozen, kw_only=True):
    """The occurrences from `since` to `until`, both included, of the timing that a schedule had before a change.

    A span is one small item with its own watch, for any number of occurrences: the sweeper records each occurrence and
    moves `since` forward. `revision` is the revision of the change. Timing, exclusions, window and delivery are those
    before the change. `timing_changed_at` is None if the timing did not change. `never_applied`: no delivery is
    expected. `schedule_created_at`, `resource_id` and `action_type` are copied to the span's runs, because another
    schedule may have the id by then.
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
        """Yields the occurrences that may have no outcome, ascending."""
        return takewhile(lambda at: at <= self.until, self._from(self.since - A_SECOND))

    def last(self) -> datetime | None:
        """Returns the last of these occurrences, or None if there is none."""
        return next(iter(latest(self._from, self.since - A_SECOND, self.until)), None)

    def has(self, occurrence: datetime) -> bool:
        """Returns whether the occurrence is in this span and may have no outcome."""
        if not self.since <= occurrence <= self.until:
            return False
        return next(self._from(occurrence - A_SECOND), None) == occurrence

    def _from(self, after: datetime) -> Iterator[datetime]:
        return self.timing.occurrences(after, without=frozenset(self.exclusions))

    def moved_to(self, occurrence: datetime) -> Span:
        """Returns the span after all earlier occurrences were recorded."""
        return replace(self, since=occurrence)

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.flexible_window_minutes)

    @property
    def max_age(self) -> timedelta:
        return timedelta(seconds=self.delivery.max_age_seconds)


def opened_span(before: Schedule, after: Schedule) -> Span | None:
    """Returns the due occurrences of `before` that `after` does not wait for, or None if there are none.

    The clocks of two processes differ: an occurrence of the old timing may still be delivered shortly after the change.
    """
    is_retimed = before.timing != after.timing
    reach = CLOCKS_DIFFER if is_retimed and before.status is Status.ACTIVE else timedelta(0)
    return span_until(
        after.updated_at + reach, before, after, timing_changed_at=after.updated_at if is_retimed else None
    )


def span_until(
    until: datetime, before: Schedule, after: Schedule, *, timing_changed_at: datetime | None = None
) -> Span | None:
    """Returns the same as `opened_span`, for the occurrences due by `until`."""
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
    """Returns when the schedule's occurrences begin to be due, or None. After a pause that is `paused_until`, even if
    the sweeper resumes the schedule later.
    """
    if schedule.status is Status.PAUSED:
        return schedule.paused_until and max(schedule.paused_until, schedule.updated_at + A_SECOND)
    return schedule.first_due


def due(schedule: Schedule, until: datetime) -> Iterator[datetime]:
    """Yields the occurrences by `until` without an outcome, ascending, except those in open spans."""
    since = waits_from(schedule)
    if since is None or since > until:
        return iter(())
    return takewhile(lambda at: at <= until, schedule.occurrences(since - A_SECOND))


def _waits_for(after: Schedule, before: Schedule, occurrence: datetime) -> bool:
    """Returns whether `after` still waits for this occurrence of `before`, because its own timing has it as well."""
    if after.first_due is None or occurrence < after.first_due:
        return False
    return after.timing == before.timing or after.next_occurrence(occurrence - A_SECOND) == occurrence
