"""Scheduled functions of a deployed app: EventBridge rules with a schedule run their Lambda targets.

moto stores such rules and never runs them. `Sweeping` runs the app's sweeper, `{app}-{stage}-sweep`, only at minutes at
which a watch is due, so that a clock advance does not cost a run for each minute. Other functions run at each scheduled
time.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock

from moto.backends import get_backend

from chalicelib.core.timing.expressions import parse
from chalicelib.core.timing.instants import iso
from local.endpoint.sweeping import Sweeping
from local.environment import ACCOUNT
from local.lambda_runtime.fleet import Throttled
from local.lambda_runtime.function import FunctionNotFound, find_function
from local.lambda_runtime.runtime import LambdaRuntime, new_invocation
from local.time.agenda import Agenda, Entry
from local.time.clock import Clock

SWEEPER = "-sweep"
"""Suffix of the function's name that Chalice makes from `sweep` in app.py."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Target:
    """A function that a rule runs."""

    rule_arn: str
    region: str
    expression: str
    function_arn: str

    @property
    def is_sweeper(self) -> bool:
        return self.function_arn.endswith(SWEEPER)


class ScheduledRules:
    """Runs the targets of the rules in moto. Thread-safe."""

    def __init__(self, clock: Clock, agenda: Agenda, runtime: LambdaRuntime, sweeping: Sweeping) -> None:
        self._clock = clock
        self._agenda = agenda
        self._runtime = runtime
        self._sweeping = sweeping
        self._lock = Lock()
        self._followed: dict[_Target, Callable[[], None]] = {}
        self._entries: dict[_Target, Entry] = {}

    def refresh(self) -> None:
        """Read the rules and their targets again. Call it after each request that may have changed them."""
        with self._lock:
            found = set(_targets())
            for target in self._followed.keys() - found:
                self._followed.pop(target)()
            for target in found - self._followed.keys():
                self._followed[target] = self._follow(target)

    def _follow(self, target: _Target) -> Callable[[], None]:
        """Start running the target. Returns the function that stops it."""
        if target.is_sweeper:
            self._sweeping.deploy(target.function_arn, partial(self._sweep, target))
            return partial(self._sweeping.remove, target.function_arn)
        self._plan(target, self._clock.now(), self._clock.now())
        return partial(self._forget, target)

    def _forget(self, target: _Target) -> None:
        if entry := self._entries.pop(target, None):
            entry.cancel()

    def _plan(self, target: _Target, begun_at: datetime, after: datetime) -> None:
        """Plan the next run after `after`. begun_at: when the rule was made; the periods of a rate start there."""
        when = next(parse(target.expression, start_at=begun_at).occurrences(after), None)
        if when is not None:
            self._entries[target] = self._agenda.call_at(when, partial(self._fire, target, begun_at, when))

    def _fire(self, target: _Target, begun_at: datetime, when: datetime) -> None:
        with self._lock:
            if target not in self._followed:
                return
            self._plan(target, begun_at, when)
        try:
            function = find_function(target.function_arn)
        except FunctionNotFound as error:
            _logger.error("rule %s cannot run its target: %s", target.rule_arn, error)  # noqa: TRY400 - traceback unneeded
            return
        self._runtime.submit(new_invocation(function, _event(target, when)))

    def _sweep(self, target: _Target) -> None:
        """Run the deployed sweeper. Returns when it has finished, so that a clock advance waits for it."""
        try:
            function = find_function(target.function_arn)
            outcome = self._runtime.run(function, new_invocation(function, _event(target, self._clock.now())))
        except (FunctionNotFound, Throttled) as error:
            _logger.error("the deployed sweeper cannot run: %r", error)  # noqa: TRY400
            return
        if outcome.failed:
            _logger.error("the deployed sweeper failed: %s", outcome.payload.decode(errors="replace"))


def _targets() -> Iterator[_Target]:
    for region, backend in get_backend("events")[ACCOUNT].items():
        for rule in backend.event_buses["default"].rules.values():
            if rule.scheduled_expression and rule.state == "ENABLED":
                for target in rule.targets:
                    if ":lambda:" in target["Arn"]:
                        yield _Target(rule.arn, region, rule.scheduled_expression, target["Arn"])


def _event(target: _Target, when: datetime) -> bytes:
    """Returns a scheduled event: https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": iso(when),
        "region": target.region,
        "resources": [target.rule_arn],
        "detail": {},
    }
    return json.dumps(event).encode()
