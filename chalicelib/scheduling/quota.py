"""How many live schedules (active or paused) a user may have.

An item of the table counts them, by a plain conditional update before each create. The update is in no transaction:
plain updates of one item wait for each other, where transactions conflict. Nothing counts down, for schedules end in
many places; a create that fails after it was counted stays counted as well. So the count is an upper bound, and where
it meets the cap, the user's lists are counted again and the count is corrected by the difference. What others count
meanwhile stays counted, so a recount waits for no quiet.

Lists lag behind, usually by less than a second. So:

- Nobody who has fewer live schedules than four fifths of the cap is refused. Before a refusal, CHECKED of those that
  the lists show, picked at random, are read: if one has ended, all are. So a wrong refusal needs two things at once:
  more than a fifth of the cap ended within the time that the lists lag behind, and the sample has none of them. The
  odds of the second are below 1 in 4 billion for any cap, 1 in 21 billion for a cap of 1,000, and none for caps up to
  125: four fifths of those are no more than CHECKED.
- A user may be over the cap by no more than they created in the time that the lists lag behind at a recount, and have
  in progress then. A recount makes room for a fifth of the cap at a time, so that the next one comes soon.
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
"""Listed schedules that are read before a refusal. Each costs a read unit, about as many together as the lists. To read
four fifths of the cap would leave no odds at all, but a client that repeats its refused create four times a second
would then use up the 3,000 read units a second of its user's partition, and hold up that user's runs.
"""

READS_AT_ONCE = 10
TRIES = 10
"""Between a recount that found room and the update that takes it, others may take it: each time a fifth of the cap."""


class Quota:
    """Counts a user's live schedules, up to `most`. `clock` gives aware UTC."""

    def __init__(self, repository: ScheduleRepository, clock: Callable[[], datetime], *, most: int) -> None:
        self._repository = repository
        self._clock = clock
        self._most = most

    def take(self, user_id: str) -> None:
        """Counts one, which is created next. Raises TooManySchedules."""
        if not self.reserve(user_id, 1):
            raise TooManySchedules(self._most)

    def reserve(self, user_id: str, count: int) -> bool:
        """Counts so many, which are created next; False, and none is counted, if there is no room for all of them."""
        for _ in range(TRIES):
            if self._repository.raise_count(user_id, count, most_live=self._most, now=self._clock()):
                return True
            if not self._recount(user_id, count):
                return False
        raise StoreUnavailable

    def _recount(self, user_id: str, wanted: int) -> bool:
        """Corrects the count. Returns whether there is room for so many."""
        counted = self._repository.get_count(user_id)
        if counted is None:
            return wanted <= self._most
        live = self._live(user_id)
        # What is raised after `counted` was read is added to this, and not lost.
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
        """A list may show a schedule twice whose status or next run changed meanwhile."""
        lists = (partial(self._repository.list_by_user, user_id, status, limit=PAGE) for status in LIVE)
        return {schedule.schedule_id for page_at in lists for schedule in all_items(page_at)}

    def _count(self, user_id: str, schedule_ids: Collection[str]) -> int:
        """How many of them are live, by consistent reads."""
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            found = pool.map(partial(self._repository.get, user_id), schedule_ids)
            return sum(schedule is not None and schedule.status.is_live for schedule in found)
