"""Filters of a list of schedules. They compare the records that the list has read; no index knows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from ...core.model.schedule import Schedule


class Kind(StrEnum):
    """Whether a schedule fires once or repeatedly."""

    ONE_TIME = "one_time"
    RECURRING = "recurring"

    def fits(self, schedule: Schedule) -> bool:
        return schedule.timing.is_one_time == (self is Kind.ONE_TIME)


@dataclass(frozen=True, slots=True)
class ScheduleFilter:
    """Schedules that fit all given values. None: any.

    `search` is a part of the name, the id or the resource id, compared without case. An accent may be encoded as a
    character of its own or as a part of its letter.
    """

    search: str | None = None
    kind: Kind | None = None
    action_type: str | None = None

    @property
    def is_empty(self) -> bool:
        return self == ScheduleFilter()

    def fits(self, schedule: Schedule) -> bool:
        return (
            self.action_type in (None, schedule.action_type)
            and self._is_found_in(schedule)
            # The kind is last, because it parses the timing.
            and (self.kind is None or self.kind.fits(schedule))
        )

    def _is_found_in(self, schedule: Schedule) -> bool:
        if self.search is None:
            return True
        part = _comparable(self.search)
        return any(
            part in _comparable(text) for text in (schedule.name, schedule.schedule_id, schedule.resource_id) if text
        )


def _comparable(text: str) -> str:
    return normalize("NFC", text.casefold())
