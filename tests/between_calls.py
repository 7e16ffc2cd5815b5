"""A port that runs a given action between two of its calls, as a concurrent client would."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.testing import Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class AfterTheFirst(Faults):
    """`act` is done once, after the first such call has its answer."""

    def __init__(self, call: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._call = call
        self._act: Callable[[], object] | None = act

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        with super().around(call):
            yield
        act = self._act
        if act is not None and call == self._call:
            self._act = None
            act()


class BeforeTheNext(Faults):
    """What is set as `act` is done once, while the next such call is on its way."""

    def __init__(self, call: str) -> None:
        super().__init__()
        self._call = call
        self.act: Callable[[], object] | None = None

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        act = self.act
        if act is not None and call == self._call:
            self.act = None
            act()
        with super().around(call):
            yield
