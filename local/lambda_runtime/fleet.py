"""The sandboxes of one function: kept warm, added under load, replaced after a deployment."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from local.lambda_runtime.function import Function
from local.lambda_runtime.invocation import Invocation, Outcome
from local.lambda_runtime.sandbox import Sandbox

_MOST = 10
_MOST_STARTING = os.cpu_count() or 1  # more cold starts at once than processors only make each of them slower


class Throttled(Exception):
    """The function's reserved concurrency is used up, or the local cloud is stopping."""


class Fleet:
    """Hands each invocation to a free sandbox. Beyond ten at work, invocations wait; Lambda would start up to 1,000."""

    def __init__(self, make: Callable[[Function], Sandbox]) -> None:
        self._make = make
        self._changed = Condition()
        self._deployed: Function | None = None
        self._all: set[Sandbox] = set()
        self._free: list[Sandbox] = []
        self._invocations = 0
        self._starting = 0
        self._closed = False

    def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        """Run it in a sandbox of `function` as deployed now. Raises Throttled."""
        with self._counted(function.reserved_concurrency), self._sandbox(function) as sandbox:
            return sandbox.invoke(invocation)

    def stop(self) -> None:
        """End all sandboxes, at work or not."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            sandboxes = list(self._all)
        for sandbox in sandboxes:
            sandbox.stop()

    @contextmanager
    def _counted(self, most: int | None) -> Iterator[None]:
        with self._changed:
            if most is not None and self._invocations >= most:
                raise Throttled
            self._invocations += 1
        try:
            yield
        finally:
            with self._changed:
                self._invocations -= 1

    @contextmanager
    def _sandbox(self, function: Function) -> Iterator[Sandbox]:
        self._retire_others_than(function)
        sandbox = self._take_free() or self._start(function)
        try:
            yield sandbox
        finally:
            self._give_back(sandbox)

    def _retire_others_than(self, function: Function) -> None:
        with self._changed:
            self._deployed = function
            retired = [sandbox for sandbox in self._free if not self._serves(sandbox)]
            self._free = [sandbox for sandbox in self._free if sandbox not in retired]
        for sandbox in retired:
            self._end(sandbox)

    def _take_free(self) -> Sandbox | None:
        """The sandbox used last, when one is free; None when the caller may start another. Else waits for either."""
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._may_start() or self._closed)
            if self._closed:
                raise Throttled
            if self._free:
                return self._free.pop()
            self._starting += 1
            return None

    def _may_start(self) -> bool:
        return len(self._all) + self._starting < _MOST and self._starting < _MOST_STARTING

    def _start(self, function: Function) -> Sandbox:
        try:
            sandbox = self._make(function)
            self._add(sandbox)
            sandbox.wait_until_begun()
            return sandbox
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()

    def _add(self, sandbox: Sandbox) -> None:
        with self._changed:
            self._all.add(sandbox)
            closed = self._closed
        if closed:  # `stop` has not seen it
            sandbox.stop()

    def _give_back(self, sandbox: Sandbox) -> None:
        with self._changed:
            kept = self._serves(sandbox)
            if kept:
                self._free.append(sandbox)
                self._changed.notify_all()
        if not kept:
            self._end(sandbox)

    def _serves(self, sandbox: Sandbox) -> bool:
        return sandbox.usable and sandbox.function == self._deployed and not self._closed

    def _end(self, sandbox: Sandbox) -> None:
        sandbox.stop()
        with self._changed:
            self._all.discard(sandbox)
            self._changed.notify_all()
