"""What was written a short while ago, so that eventually consistent reads can be behind, as DynamoDB's may be."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST_LAG = timedelta(minutes=1)

_EVENTUAL = ("Query", "GetItem", "Scan")
"""Operations that read consistently if they ask for it, and never through an index."""


@dataclass(frozen=True)
class Written:
    """One write. backend: which moto keeps the table in; before: the item as it was, None for none."""

    backend: Any
    table_name: str
    key: dict[str, Any]
    before: Any
    at: datetime

    @property
    def target(self) -> tuple[int, str, str]:
        return id(self.backend), self.table_name, json.dumps(self.key, sort_keys=True)


class Lag:
    """How far eventually consistent reads are behind: not at all, unless somebody asks for it.

    now: the time of the local cloud; in an advance of the clock indexes catch up.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._written: deque[Written] = deque()
        self.by = timedelta(0)

    @property
    def is_on(self) -> bool:
        return self.by > timedelta(0)

    def set(self, by: timedelta) -> None:
        """Raises ValueError for more than LONGEST_LAG."""
        if not timedelta(0) <= by <= LONGEST_LAG:
            raise ValueError(f"a lag is 0 to {LONGEST_LAG.total_seconds():.0f} seconds")
        self.by = by

    def note(self, backend: Any, table_name: str, key: dict[str, Any], before: Any) -> None:
        now = self._now()
        self._written.append(Written(backend, table_name, key, before, now))
        while self._written[0].at < now - LONGEST_LAG:
            self._written.popleft()

    def unseen(self) -> Iterable[Written]:
        """Of each item that was written within the lag, the first write."""
        seen_until = self._now() - self.by
        first: dict[tuple[int, str, str], Written] = {}
        for written in reversed(self._written):
            # A clock that was set back leaves writes of the future, which all are unseen.
            if written.at > seen_until:
                first[written.target] = written
        return first.values()


def is_eventual(target: str, request: dict[str, Any]) -> bool:
    """Is this a read that may be behind? target: the value of X-Amz-Target."""
    return target.rpartition(".")[2] in _EVENTUAL and not request.get("ConsistentRead", False)
