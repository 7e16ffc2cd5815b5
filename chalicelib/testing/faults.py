"""Fault injection: a call of a fake may crash, be throttled or lose its response."""

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
    """A crash of the process. It is a BaseException, because `except Exception` must not handle it."""


class Faults:
    """Injects faults into calls, and records each call in `calls`, in order.

    A call has the name of port and method, such as `gateway.put` or `repository.claim`. A fault is for one name, or for
    a pattern such as `gateway.*` or `*`. The error is raised instead of the work; with `done=True` it is raised after
    the work, as if the response were lost.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._faults: list[_Fault] = []
        self._lock = Lock()

    def once(self, at: str, error: Error, *, nth: int = 1, done: bool = False) -> None:
        """Makes the nth matching call from now on fail."""
        self._faults.append(_Fault(at, error, done, range(nth, nth + 1)))

    def always(self, at: str, error: Error, *, done: bool = False) -> None:
        """Makes each matching call fail, until `clear`."""
        self._faults.append(_Fault(at, error, done, range(1, sys.maxsize)))

    def clear(self) -> None:
        """Removes all faults. `calls` is kept."""
        self._faults.clear()

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        """Runs the body as the work of one call. Fakes of other ports can use it as well."""
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
            # Every fault must count this call, although only the first due one is raised.
            due = [fault for fault in self._faults if fault.counts(call)]
        return due[0] if due else None


@dataclass(slots=True)
class _Fault:
    """A fault. `turns` are the numbers of the calls to fail, among those that match `at`; `met` is the latest one."""

    at: str
    error: Error
    done: bool
    turns: range
    met: int = 0

    def counts(self, call: str) -> bool:
        """Counts the call if it matches, and returns whether it must fail."""
        if not fnmatchcase(call, self.at):
            return False
        self.met += 1
        return self.met in self.turns
