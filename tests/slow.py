"""A port whose calls take time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.testing import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.testing import StoppedClock


class Slow(Faults):
    """Each such call takes a second."""

    def __init__(self, clock: StoppedClock, slow_call: str) -> None:
        super().__init__()
        self._clock = clock
        self._slow_call = slow_call

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        if call == self._slow_call:
            self._clock.sleep(1)
        with super().around(call):
            yield
