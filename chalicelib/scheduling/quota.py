"""How many live schedules (active or paused) a user may have.

The table counts them as they are made, in the transaction that makes them, and never counts down: ends are many, and
happen in many places. So the count may be too high and is never too low; where it meets the cap, it is taken anew.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ..core.errors import TooManySchedules
from ..core.model.ports import all_items
from ..core.model.schedule import LIVE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ..core.model.ports import ScheduleRepository

Made = TypeVar("Made")

LISTS_SETTLE = timedelta(seconds=10)
"""Lists are eventually consistent: what they show counts only this long after the latest create."""
PAGE = 1000


class Quota:
    """Counts a user's live schedules, up to `most`. `clock` gives aware UTC."""

    def __init__(self, repository: ScheduleRepository, clock: Callable[[], datetime], *, most: int) -> None:
        self._repository = repository
        self._clock = clock
        self._most = most

    def within(self, user_id: str, create: Callable[[int], Made]) -> Made:
        """What `create` makes, which gets the most that there may be. Raises TooManySchedules."""
        try:
            return create(self._most)
        except TooManySchedules:
            if not self._recount(user_id):
                raise
        return create(self._most)

    def reserve(self, user_id: str, count: int) -> bool:
        """Counts so many at once, before they are made: side by side they would all meet on the one counter."""
        return self._raise_count(user_id, count) or (self._recount(user_id) and self._raise_count(user_id, count))

    def _raise_count(self, user_id: str, by: int) -> bool:
        return self._repository.raise_count(user_id, by, most_live=self._most, now=self._clock())

    def _recount(self, user_id: str) -> bool:
        """Whether there is another count now: not if the lists may lag behind, or somebody counts meanwhile."""
        counted, now = self._repository.get_count(user_id), self._clock()
        if counted is None or now - counted.changed_at < LISTS_SETTLE:
            return False
        lists = (partial(self._repository.list_by_user, user_id, status, limit=PAGE) for status in LIVE)
        live = sum(1 for page_at in lists for _ in all_items(page_at))
        return self._repository.set_count(user_id, live, replacing=counted, now=now)
