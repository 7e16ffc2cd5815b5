"""Faults on purpose: what is called may crash, be throttled or lose its answer, where a test says so."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Error = BaseException | type[BaseException]


class Crash(BaseException):
    """The process died here. No `except Exception` sees it, as none would."""


class Faults:
    """Breaks calls and notes every one of them in `calls`, in order.

    A call is named after port and method, such as `gateway.put` or `repository.claim`; a fault is for one name, or for
    all that a pattern such as `gateway.*` or `*` fits. The error comes instead of the work; with `done=True` the work
    is done and only its answer is lost.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._faults: list[_Fault] = []
        self._lock = Lock()

    def once(self, at: str, error: Error, *, nth: int = 1, done: bool = False) -> None:
        """The nth such call from now on fails; the others go well."""
        self._faults.append(_Fault(at, error, done, range(nth, nth + 1)))

    def always(self, at: str, error: Error, *, done: bool = False) -> None:
        """Each such call fails, until `clear`."""
        self._faults.append(_Fault(at, error, done, range(1, sys.maxsize)))

    def clear(self) -> None:
        """Nothing fails any more. `calls` stays."""
        self._faults.clear()

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        """The work of one call. A fake of your own port gives its calls to this as well."""
        fault = self._next(call)
        if fault is not None and not fault.done:
            raise fault.error
        try:
            yield
        finally:
            if fault is not None and fault.done:
                raise fault.error

    def _next(self, call: str) -> _Fault | None:
        with self._lock:
            self.calls.append(call)
            # All of them count this call, though only the first one that is due comes to pass.
            due = [fault for fault in self._faults if fault.counts(call)]
        return due[0] if due else None


@dataclass(slots=True)
class _Fault:
    """`turns` are the numbers of the calls that fail, among those that `at` fits; `met` is the latest number."""

    at: str
    error: Error
    done: bool
    turns: range
    met: int = 0

    def counts(self, call: str) -> bool:
        """Is it this call's turn to fail?"""
        if not fnmatchcase(call, self.at):
            return False
        self.met += 1
        return self.met in self.turns
