"""Limits the live schedules (active or paused) of each user.

Each user has an item in the table that counts their live schedules. A conditional update increases the count before
each create. The update is not part of a transaction: updates of one item queue up, but transactions on one item
conflict. The count never decreases by itself, because schedules end in many places. A create that fails after it was
counted stays counted. So the count is an upper bound. When the count reaches the cap, the user's lists are counted and
the count is corrected by the difference. Concurrent increases are kept, so a recount needs no exclusive access.

Lists are eventually consistent, usually within less than a second. The consequences:

- A user with fewer live schedules than four fifths of the cap is never refused. Before a refusal, a random sample of
  CHECKED listed schedules is read. If one of the sample has ended, all listed schedules are read. A wrong refusal
  needs two coincidences: more than a fifth of the cap ended while the lists were not yet consistent, and none of these
  is in the sample. The probability of the second is below 1 in 4 billion for any cap, and 1 in 21 billion for a cap of
  1,000. For caps up to 125 it is zero, because four fifths of such a cap are at most CHECKED.
- A user can exceed the cap by the schedules that they created, or were creating, while the lists were not yet
  consistent at a recount. A recount makes room for at most a fifth of the cap, so the next recount comes soon.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from ..core.errors import StoreUnavailable, TooManySchedules
from ..core.model.ports import all_items
from ..core.model.schedule import LIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from ..core.model.ports import ScheduleRepository

PAGE = 1000
CHECKED = 100
"""Number of listed schedules that are read before a refusal. Each read costs one unit; the sample costs about as much
as the lists. Reading four fifths of the cap would exclude wrong refusals. But a client that repeats a refused create
four times per second would then use all 3,000 read units per second of its user's partition and delay that user's runs.
"""

READS_AT_ONCE = 10
TRIES = 10
"""Attempts to increase the count. Concurrent requests may use the room that a recount found, a fifth of the cap."""


class Quota:
    """Counts each user's live schedules, up to `most`. `clock` returns aware UTC datetimes."""

    def __init__(self, repository: ScheduleRepository, clock: Callable[[], datetime], *, most: int) -> None:
        self._repository = repository
        self._clock = clock
        self._most = most

    def take(self, user_id: str) -> None:
        """Counts one schedule before it is created. Raises TooManySchedules if the user has no room for it."""
        if not self.reserve(user_id, 1):
            raise TooManySchedules(self._most)

    def reserve(self, user_id: str, count: int) -> bool:
        """Counts `count` schedules before they are created. Returns False and counts none if there is no room for all.

        Raises StoreUnavailable if concurrent creates use the room at every attempt.
        """
        for _ in range(TRIES):
            if self._repository.raise_count(user_id, count, most_live=self._most, now=self._clock()):
                return True
            if not self._recount(user_id, count):
                return False
        raise StoreUnavailable

    def _recount(self, user_id: str, wanted: int) -> bool:
        """Corrects the count. Returns whether there is room for `wanted` more schedules."""
        counted = self._repository.get_count(user_id)
        if counted is None:
            return wanted <= self._most
        live = self._live(user_id)
        # The correction is a difference, so increases after the read of `counted` are kept.
        level = max(live, self._most - max(self._most // 5, wanted))
        if level != counted.count:
            self._repository.correct_count(user_id, level - counted.count, expecting=counted, now=self._clock())
        return live + wanted <= self._most

    def _live(self, user_id: str) -> int:
        listed = self._listed(user_id)
        if len(listed) < self._most:
            return len(listed)
        sample = random.sample(sorted(listed), min(CHECKED, len(listed)))
        return len(listed) if self._count(user_id, sample) == len(sample) else self._count(user_id, listed)

    def _listed(self, user_id: str) -> set[str]:
        """Returns a set: a list shows a schedule twice if its status or next run changes during the walk."""
        lists = (partial(self._repository.list_by_user, user_id, status, limit=PAGE) for status in LIVE)
        return {schedule.schedule_id for page_at in lists for schedule in all_items(page_at)}

    def _count(self, user_id: str, schedule_ids: Collection[str]) -> int:
        """Returns how many of these schedules are live, by consistent reads."""
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            found = pool.map(partial(self._repository.get, user_id), schedule_ids)
            return sum(schedule is not None and schedule.status.is_live for schedule in found)
