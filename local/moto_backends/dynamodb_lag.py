"""Recent writes, kept so that eventually consistent reads can return older data, as DynamoDB's may."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST_LAG = timedelta(minutes=1)

_EVENTUAL = ("Query", "GetItem", "Scan")
"""Operations that are eventually consistent unless the request has ConsistentRead, and always on an index."""


@dataclass(frozen=True)
class Written:
    """One write. backend: moto's backend of the table. before: the item before the write, None if there was none."""

    backend: Any
    table_name: str
    key: dict[str, Any]
    before: Any
    at: datetime

    @property
    def target(self) -> tuple[int, str, str]:
        return id(self.backend), self.table_name, json.dumps(self.key, sort_keys=True)


class Lag:
    """The age of eventually consistent reads, by default 0.

    now: returns the time of the local cloud, so a clock advance makes older writes visible.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._written: deque[Written] = deque()
        self.by = timedelta(0)

    @property
    def is_on(self) -> bool:
        return self.by > timedelta(0)

    def set(self, by: timedelta) -> None:
        """Set the lag. Raises ValueError if `by` is negative or greater than LONGEST_LAG."""
        if not timedelta(0) <= by <= LONGEST_LAG:
            allowed = f"0 to {LONGEST_LAG.total_seconds():.0f} seconds"
            raise ValueError(f"a lag of {by.total_seconds():.0f} seconds is not allowed; allowed: {allowed}")
        self.by = by

    def note(self, backend: Any, table_name: str, key: dict[str, Any], before: Any) -> None:
        now = self._now()
        self._written.append(Written(backend, table_name, key, before, now))
        while self._written[0].at < now - LONGEST_LAG:
            self._written.popleft()

    def unseen(self) -> Iterable[Written]:
        """Returns the first write of each item that was written within the lag."""
        seen_until = self._now() - self.by
        first: dict[tuple[int, str, str], Written] = {}
        for written in reversed(self._written):
            # After a clock reset, writes have times in the future. All of them are unseen.
            if written.at > seen_until:
                first[written.target] = written
        return first.values()


def is_eventual(target: str, request: dict[str, Any]) -> bool:
    """Returns whether the request is an eventually consistent read. target: the value of X-Amz-Target."""
    return target.rpartition(".")[2] in _EVENTUAL and not request.get("ConsistentRead", False)
