"""The execution environments of one function: reused, added under load, replaced after a deployment."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from local.lambda_runtime.execution_environment import ExecutionEnvironment
from local.lambda_runtime.function import Function
from local.lambda_runtime.invocation import Invocation, Outcome

MOST = 10
_MOST_STARTING = os.cpu_count() or 1  # more cold starts at once than processors only make each of them slower


class Throttled(Exception):
    """The function's reserved concurrency is used up, or the local cloud is stopping."""


class Fleet:
    """Gives each invocation a free environment. If ten are busy, invocations wait; Lambda starts up to 1,000."""

    def __init__(self, make: Callable[[Function], ExecutionEnvironment]) -> None:
        self._make = make
        self._changed = Condition()
        self._deployed: Function | None = None
        self._all: set[ExecutionEnvironment] = set()
        self._free: list[ExecutionEnvironment] = []
        self._invocations = 0
        self._starting = 0
        self._closed = False

    def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        """Run the invocation in an environment of `function` as it is deployed now. Raises Throttled."""
        with self._counted(function.reserved_concurrency), self._environment(function) as environment:
            return environment.invoke(invocation)

    def stop(self) -> None:
        """End all environments, busy or not."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            environments = list(self._all)
        for environment in environments:
            environment.stop()

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
    def _environment(self, function: Function) -> Iterator[ExecutionEnvironment]:
        self._retire_others_than(function)
        environment = self._acquire_free() or self._start(function)
        try:
            yield environment
        finally:
            self._release(environment)

    def _retire_others_than(self, function: Function) -> None:
        with self._changed:
            self._deployed = function
            retired = [environment for environment in self._free if not self._serves(environment)]
            self._free = [environment for environment in self._free if environment not in retired]
        for environment in retired:
            self._end(environment)

    def _acquire_free(self) -> ExecutionEnvironment | None:
        """Returns the free environment used last, or None if the caller may start another. Waits for either."""
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._may_start() or self._closed)
            if self._closed:
                raise Throttled
            if self._free:
                return self._free.pop()
            self._starting += 1
            return None

    def _may_start(self) -> bool:
        return len(self._all) + self._starting < MOST and self._starting < _MOST_STARTING

    def _start(self, function: Function) -> ExecutionEnvironment:
        try:
            environment = self._make(function)
            self._add(environment)
            environment.wait_until_ready()
            return environment
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()

    def _add(self, environment: ExecutionEnvironment) -> None:
        with self._changed:
            self._all.add(environment)
            closed = self._closed
        if closed:  # `stop` has not seen it
            environment.stop()

    def _release(self, environment: ExecutionEnvironment) -> None:
        with self._changed:
            kept = self._serves(environment)
            if kept:
                self._free.append(environment)
                self._changed.notify_all()
        if not kept:
            self._end(environment)

    def _serves(self, environment: ExecutionEnvironment) -> bool:
        return environment.usable and environment.function == self._deployed and not self._closed

    def _end(self, environment: ExecutionEnvironment) -> None:
        environment.stop()
        with self._changed:
            self._all.discard(environment)
            self._changed.notify_all()
