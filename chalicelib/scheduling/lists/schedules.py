"""Lists schedules: filters what the table returns, and reads the lists of several statuses one after the other.

Nothing scans: each read is one query of an index by key, and one request reads a limited number of records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...core.dynamodb.cursors import read_cursor, write_cursor
from ...core.errors import InvalidCursor
from ...core.model.ports import Page
from ...core.model.schedule import Schedule, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ANY: Literal["any"] = "any"

EVERY_STATUS = (Status.ACTIVE, Status.PAUSED, Status.FAILED, Status.COMPLETED, Status.CANCELLED)
"""The order in which a list of any status has its schedules."""

MOST_READ = 500
"""The most records that one request reads. A record has up to 4 KB."""

READ_AT_ONCE = 100


class SearchedPage(Page[Schedule]):
    """One page of a filtered list. `searched` is the number of schedules that were read and compared for this page.

    A page with fewer items than its limit, and a `next_cursor`, ended at the limit of records to read.
    """

    searched: int = 0


class Position(NamedTuple):
    """Where a list continues: in the list of `status`, after `cursor` (None: at its beginning)."""

    status: Status
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduleList:
    """The list of a user or of a resource.

    `read(status, limit=…, cursor=…)` returns a page of one status, and `cursor_after(schedule)` that page's cursor if
    it ended with this schedule. `owner` identifies the list in the cursors of a list of any status. A query reads
    `read_at_once` records at most.
    """

    owner: tuple[str, ...]
    read: Callable[..., Page[Schedule]]
    cursor_after: Callable[[Schedule], str]
    read_at_once: int = READ_AT_ONCE

    def page(
        self,
        status: Status | Literal["any"],
        is_wanted: Callable[[Schedule], bool],
        *,
        limit: int,
        most_read: int,
        cursor: str | None,
    ) -> SearchedPage:
        """Returns the next `limit` wanted schedules, or fewer: it reads `most_read` records at most.

        If `most_read` is not more than `limit` and READ_AT_ONCE, a page of one status is one query. Raises
        InvalidCursor.
        """
        statuses = EVERY_STATUS if status == ANY else (status,)
        position: Position | None = self._read_cursor(cursor) if status == ANY else Position(status, cursor)
        found: list[Schedule] = []
        searched = 0
        while position is not None and len(found) < limit and searched < most_read:
            page = self.read(
                position.status, limit=min(self.read_at_once, most_read - searched), cursor=position.cursor
            )
            compared = _fill(found, page.items, limit, is_wanted)
            searched += compared
            if compared < len(page.items):
                position = position._replace(cursor=self.cursor_after(page.items[compared - 1]))
            else:
                position = _following(position.status, page.next_cursor, statuses)
        return SearchedPage(found, self._write_cursor(position, status), searched)

    def _read_cursor(self, cursor: str | None) -> Position:
        if cursor is None:
            return Position(EVERY_STATUS[0])
        (text,) = read_cursor(self._scope, cursor, length=1)
        status, _, inner = text.partition(":")
        try:
            return Position(Status(status), inner or None)
        except ValueError as exc:
            raise InvalidCursor from exc

    def _write_cursor(self, position: Position | None, status: str) -> str | None:
        if position is None or status != ANY:
            return position and position.cursor
        return write_cursor(self._scope, (f"{position.status}:{position.cursor or ''}",))

    @property
    def _scope(self) -> tuple[str, ...]:
        return (ANY, *self.owner)


def _fill(found: list[Schedule], items: Sequence[Schedule], limit: int, is_wanted: Callable[[Schedule], bool]) -> int:
    """Adds wanted items until there are `limit`. Returns how many items were compared."""
    for number, item in enumerate(items, 1):
        if is_wanted(item):
            found.append(item)
            if len(found) == limit:
                return number
    return len(items)


def _following(status: Status, cursor: str | None, statuses: Sequence[Status]) -> Position | None:
    """Returns the position after a page with this `next_cursor`."""
    if cursor is not None:
        return Position(status, cursor)
    later = statuses[statuses.index(status) + 1 :]
    return Position(later[0]) if later else None
