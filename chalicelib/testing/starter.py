"""A fake of Lambda's asynchronous invocation in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .faults import Faults

if TYPE_CHECKING:
    from collections.abc import Mapping


class FakeStarter:
    """A RunStarter that records the events in `events`. The name of its call in `faults` is `starter.start`."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.events: list[Mapping[str, Any]] = []

    def start(self, event: Mapping[str, Any]) -> None:
        with self.faults.around("starter.start"):
            self.events.append(event)
