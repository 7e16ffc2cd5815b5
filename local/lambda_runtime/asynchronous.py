"""Lambda's asynchronous invocation: a queue with retries, an age limit, and a destination for failed events.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import logging
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, Protocol

from chalicelib.core.timing.instants import iso_ms
from local.lambda_runtime.fleet import MOST, Throttled
from local.lambda_runtime.function import Function, FunctionNotFound, find_function
from local.lambda_runtime.invocation import Invocation, Outcome
from local.time.agenda import Agenda
from local.time.clock import Clock

_WAITS_AFTER_FAILURE = (timedelta(minutes=1), timedelta(minutes=2))
_LONGEST_WAIT_AFTER_THROTTLE = timedelta(minutes=5)
_COLONS_IN_UNQUALIFIED_ARN = 6

_logger = logging.getLogger(__name__)

Run = Callable[[Function, Invocation], Outcome]


class DestinationUnavailable(Exception):
    """The destination does not exist, its kind is not supported, or the function's role may not write to it."""


class Destinations(Protocol):
    """Receives the records of failed events."""

    def send(self, function: Function, arn: str, message: str) -> None:
        """Send the record as the function's role. Raises DestinationUnavailable."""


@dataclass(frozen=True)
class _Event:
    """An event in the queue. All attempts have the same request id."""

    invocation: Invocation
    accepted_at: datetime
    invoke_count: int = 0
    throttle_count: int = 0
    last_outcome: Outcome | None = None


@dataclass
class _Line:
    """The events of one function that can be attempted now. At most `MOST` attempts are under way; the others wait."""

    waiting: deque[_Event] = field(default_factory=deque)
    under_way: int = 0


class AsynchronousInvocations:
    """The queue. Its waits are agenda entries, so that clock advances include them.

    An attempt blocks a thread of the agenda. A function has at most as many at a time as it has environments, so that
    a burst of events delays no other job.
    """

    def __init__(self, clock: Clock, agenda: Agenda, run: Run, destinations: Destinations) -> None:
        self._clock = clock
        self._agenda = agenda
        self._run = run
        self._destinations = destinations
        self._lines: defaultdict[str, _Line] = defaultdict(_Line)
        self._lock = Lock()

    def accept(self, invocation: Invocation) -> None:
        """Queue the event; the first attempt starts at once."""
        self._line_up(_Event(invocation, accepted_at=self._clock.now()))

    def _attempt_in(self, wait: timedelta, event: _Event) -> None:
        self._agenda.call_at(self._clock.now() + wait, partial(self._line_up, event))

    def _line_up(self, event: _Event) -> None:
        """Let the event wait for a thread of its function, and begin one if there may be another."""
        with self._lock:
            line = self._lines[event.invocation.function_arn]
            line.waiting.append(event)
            if line.under_way == MOST:
                return
            line.under_way += 1
        self._agenda.call_at(self._clock.now(), partial(self._work_off, line))

    def _work_off(self, line: _Line) -> None:
        """Attempt the events of a function until none waits."""
        while (following := self._next(line)) is not None:
            try:
                self._attempt(following)
            except Exception:  # it must not end the attempts of the events behind it
                _logger.exception("event %s is lost", following.invocation.request_id)

    def _next(self, line: _Line) -> _Event | None:
        with self._lock:
            if line.waiting:
                return line.waiting.popleft()
            line.under_way -= 1
            return None

    def _attempt(self, event: _Event) -> None:
        """Attempt the event with the function as deployed now. Without a function the event is lost, as on AWS."""
        try:
            function = find_function(event.invocation.function_arn)
        except FunctionNotFound as error:
            _logger.warning("event %s is dropped: %s", event.invocation.request_id, error)
            return
        condition = self._reason_to_give_up(function, event)
        if condition is not None:
            self._give_up(function, event, condition)
        else:
            self._run_once(function, event)

    def _reason_to_give_up(self, function: Function, event: _Event) -> str | None:
        settings = function.asynchronous
        if function.reserved_concurrency == 0:
            return "ZeroReservedConcurrency"
        if self._clock.now() - event.accepted_at > timedelta(seconds=settings.max_age_seconds):
            return "EventAgeExceeded"
        return None

    def _run_once(self, function: Function, event: _Event) -> None:
        try:
            outcome = self._run(function, event.invocation)
        except Throttled:
            throttled = replace(event, throttle_count=event.throttle_count + 1)
            self._attempt_in(_wait_after_throttle(throttled.throttle_count), throttled)
        else:
            attempted = replace(event, invoke_count=event.invoke_count + 1, last_outcome=outcome)
            if outcome.failed:
                self._retry_or_give_up(function, attempted)

    def _retry_or_give_up(self, function: Function, event: _Event) -> None:
        if event.invoke_count > function.asynchronous.max_retries:
            self._give_up(function, event, "RetriesExhausted")
        else:
            self._attempt_in(_WAITS_AFTER_FAILURE[event.invoke_count - 1], event)

    def _give_up(self, function: Function, event: _Event, condition: str) -> None:
        destination = function.asynchronous.on_failure_arn
        if destination is None:
            _logger.warning("event %s is dropped: %s", event.invocation.request_id, condition)
            return
        record = _record(function, event, condition, self._clock.now())
        try:
            self._destinations.send(function, destination, json.dumps(record))
        except DestinationUnavailable as error:
            _logger.warning("event %s is lost: %s", event.invocation.request_id, error)


def _wait_after_throttle(throttle_count: int) -> timedelta:
    """Returns the delay: 1 s, doubled each time, up to 5 minutes."""
    return min(timedelta(seconds=2 ** min(throttle_count - 1, 10)), _LONGEST_WAIT_AFTER_THROTTLE)


def _record(function: Function, event: _Event, condition: str, now: datetime) -> dict[str, Any]:
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": iso_ms(now),
        "requestContext": {
            "requestId": event.invocation.request_id,
            "functionArn": _qualified(function),
            "condition": condition,
            "approximateInvokeCount": event.invoke_count,
        },
        "requestPayload": json.loads(event.invocation.payload),
    }
    if event.last_outcome is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": function.version,
            "functionError": event.last_outcome.function_error,
        }
        record["responsePayload"] = json.loads(event.last_outcome.payload)
    return record


def _qualified(function: Function) -> str:
    return function.arn if function.arn.count(":") > _COLONS_IN_UNQUALIFIED_ARN else f"{function.arn}:$LATEST"
