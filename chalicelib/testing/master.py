"""A fake of the master secret of webhook keys in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.model.webhook_keys import Master
from .faults import Faults

if TYPE_CHECKING:
    from collections.abc import Sequence


class FakeMaster:
    """A MasterSource. `rotate` makes the next value. The name of its call in `faults` is `master.values`."""

    def __init__(
        self, faults: Faults | None = None, *, created_at: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    ) -> None:
        self.faults = faults or Faults()
        self._masters = [Master("1" * 64, created_at)]

    def values(self) -> Sequence[Master]:
        with self.faults.around("master.values"):
            return self._masters[:2]

    def rotate(self, created_at: datetime) -> None:
        self._masters.insert(0, Master(str(len(self._masters) + 1) * 64, created_at))
