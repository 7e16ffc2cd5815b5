"""A fake DynamoDB table in memory: items, eventually consistent indexes, transaction conflicts, and size limits."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.dynamodb.cursors import read_cursor, write_cursor
from ..core.errors import StoreUnavailable
from ..core.model.ports import Page
from . import limits
from .faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    Item = dict[str, Any]
    Key = tuple[str, str]
    View = Mapping[Key, Item | None]

INDEXES = {
    None: ("PK", "SK"),
    "by_time": ("by_time_pk", "by_time_sk"),
    "by_resource": ("by_resource_pk", "by_resource_sk"),
    "watch": ("watch_pk", "watch_at"),
}

LONGEST_LAG = timedelta(minutes=1)


class Written(NamedTuple):
    """One write: its time, the item's key, and the item before the write (None: it did not exist)."""

    at: datetime
    key: Key
    before: Item | None


class Draft(dict["Key", "Item | None"]):
    """The pending writes of one call, None for a deletion. `touched` are the keys that it wrote or checked."""

    def __init__(self) -> None:
        super().__init__()
        self.touched: set[Key] = set()


class InMemoryTable:
    """Items by (PK, SK). It is thread-safe: each call is atomic.

    `meanwhile` is called in each transaction with the method's name, after the conditions were checked and before
    anything is written. Its calls are concurrent with the transaction: a write to one of the transaction's items is a
    conflict, as in DynamoDB. The real repository retries after a conflict; here no time passes, so it raises
    StoreUnavailable immediately.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.items: dict[Key, Item] = {}
        self.meanwhile: Callable[[str], None] | None = None
        self._lock = Lock()
        self._draft = Draft()
        self._reads_only = False
        self._open: set[Key] = set()
        self._now: Callable[[], datetime] | None = None
        self._lag: Callable[[], timedelta] = timedelta
        self._written: deque[Written] = deque()

    def lag_behind(self, clock: Callable[[], datetime], by: Callable[[], timedelta]) -> None:
        """Makes lists eventually consistent: from now on, a list does not include writes of the last `by`.

        `by` is called for each read; its result is at most LONGEST_LAG. Reads by id stay consistent.
        """
        self._now, self._lag = clock, by

    def write_all(self, items: Iterable[Item]) -> None:
        """Writes whole items in one transaction, such as items of another release. Raises StoreRefused if too large."""
        with self._transaction("write_all"):
            for item in items:
                self._write(item)

    # Calls

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        """Runs a call that writes nothing."""
        with self.faults.around(f"repository.{method}"), self._lock:
            self._reads_only = True
            yield

    @contextmanager
    def _single_write(self, method: str) -> Iterator[None]:
        """Runs a call that writes one item, or several items one by one, outside of a transaction."""
        with self.faults.around(f"repository.{method}"), self._lock:
            self._reads_only, self._draft = False, Draft()
            yield
            self._apply(self._checked(self._draft))

    @contextmanager
    def _transaction(self, method: str) -> Iterator[None]:
        with self.faults.around(f"repository.{method}"):
            with self._lock:
                self._reads_only, draft = False, Draft()
                self._draft = draft
                yield
                self._checked(draft)
                if self.meanwhile is None:
                    self._apply(draft)
                    return
                self._open |= draft.touched
            try:
                self.meanwhile(method)
            finally:
                with self._lock:
                    self._open -= draft.touched
            with self._lock:
                self._apply(draft)

    def _checked(self, draft: Draft) -> Draft:
        """Returns the draft. Raises StoreRefused if it exceeds DynamoDB's limits."""
        written = [item for item in draft.values() if item is not None]
        for item in written:
            limits.check_keys(item)
        limits.check_items(written)
        return draft

    def _apply(self, draft: Draft) -> None:
        for key, item in draft.items():
            self._note(key)
            if item is not None:
                self.items[key] = item
            elif key in self.items:
                del self.items[key]

    # Items, within a call

    def _find(self, key: Mapping[str, str]) -> Item | None:
        """Returns an item for a consistent read or a condition. A read returns None for a key that is too long."""
        if not self._reads_only:
            limits.check_keys(key)
        return self.items.get(self._touch(key))

    def _write(self, item: Item) -> None:
        self._draft[self._touch(item)] = item

    def _remove(self, key: Mapping[str, str]) -> None:
        self._draft[self._touch(key)] = None

    def _update(self, item: Item, attributes: Iterable[str]) -> None:
        """Sets the attributes that the item has and removes those that it lacks."""
        named = set(attributes)
        key = self._touch(item)
        existing = self._draft.get(key) or self.items.get(key, {})
        kept = {name: value for name, value in existing.items() if name not in named}
        self._write(kept | {name: value for name, value in item.items() if name in named or name in ("PK", "SK")})

    def _touch(self, key: Mapping[str, str]) -> Key:
        touched = key["PK"], key["SK"]
        if self._reads_only:
            return touched
        if touched in self._open:
            raise StoreUnavailable
        self._draft.touched.add(touched)
        return touched

    # Lists

    def _query(
        self,
        index: str | None,
        pk: str,
        prefix: str = "",
        *,
        limit: int,
        cursor: str | None,
        newest_first: bool = False,
        between: tuple[str, str] = ("", "\U0010ffff"),
    ) -> Page[Item]:
        """Returns a page of a partition of the table or an index, as an eventually consistent read."""
        pk_name, sk_name = INDEXES[index]
        limits.check_keys({pk_name: pk, sk_name: prefix})
        scope = (index or "", pk, prefix)
        found = {
            (item[sk_name], *key): item
            for key, item in self._seen()
            if item.get(pk_name) == pk
            and item[sk_name].startswith(prefix)
            and between[0] <= item[sk_name] <= between[1]
        }
        shown = sorted(found, reverse=newest_first)
        if cursor is not None:
            last = read_cursor(scope, cursor, length=3)
            shown = [at for at in shown if (at < last if newest_first else at > last)]
        # A full page has a cursor even if nothing follows, because DynamoDB does not read beyond Limit.
        next_cursor = write_cursor(scope, shown[limit - 1]) if len(shown) >= limit else None
        return Page([found[at] for at in shown[:limit]], next_cursor)

    def _cursor(self, index: str, item: Item, prefix: str = "") -> str:
        """Returns the cursor of a page of an index that ended with this item."""
        pk_name, sk_name = INDEXES[index]
        return write_cursor((index, item[pk_name], prefix), (item[sk_name], item["PK"], item["SK"]))

    def _seen(self) -> Iterator[tuple[Key, Item]]:
        """Yields all items as an eventually consistent read sees them."""
        past = self._past()
        yield from ((key, item) for key, item in self.items.items() if key not in past)
        yield from ((key, item) for key, item in past.items() if item is not None)

    def _past(self) -> View:
        """Returns the earlier versions that such a read sees for recently written items, None where none existed."""
        if self._now is None:
            return {}
        seen_until = self._now() - min(self._lag(), LONGEST_LAG)
        past: dict[Key, Item | None] = {}
        for written in reversed(self._written):
            if written.at <= seen_until:
                break
            past[written.key] = written.before
        return past

    def _note(self, key: Key) -> None:
        if self._now is None:
            return
        now = self._now()
        self._written.append(Written(now, key, self.items.get(key)))
        while self._written[0].at < now - LONGEST_LAG:
            self._written.popleft()
