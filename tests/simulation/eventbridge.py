"""A simulated EventBridge Scheduler that fires only by the requests that it received, with its own calendar.

Its behaviour follows AWS's documentation and measurements. Each source is named where it is used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.aws.eventbridge import schedule_request
from chalicelib.core.errors import SchedulerDenied, SchedulerRefused
from chalicelib.core.model import ids
from chalicelib.testing import FakeGateway
from chalicelib.testing.gateway import NAMES
from tests.simulation.aws_calendar import OF_THIS_MACHINE, AwsCalendar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalicelib.core.model.schedule import Action, Schedule
    from chalicelib.testing import Faults

OVERDUE_FIRES_AFTER = timedelta(seconds=41)
"""A past `at()` is accepted and fires about that long after Create- or UpdateSchedule (measured on AWS)."""

OLDEST_START = timedelta(minutes=5)
"""AWS refuses a StartDate that is older."""


@dataclass(frozen=True, slots=True, order=True)
class Beat:
    """The next time that a schedule of EventBridge fires: when, for which scheduled time."""

    at: datetime
    name: str
    scheduled_time: datetime


@dataclass(frozen=True, slots=True)
class Fired:
    """An event on its way to the target; EventBridge tries to hand it over for `max_age`."""

    event: dict[str, Any]
    max_age: timedelta


class EventBridge(FakeGateway):
    """EventBridge Scheduler that fires. `law` are the time zones that it knows.

    `spread` says where in a flexible time window of so many minutes an invocation comes: by default at its beginning.
    While `group_is_gone` it has nothing, takes nothing, and fires nothing. Schedules of the names in `denied` it never
    takes.
    """

    def __init__(self, faults: Faults, clock: Callable[[], datetime]) -> None:
        super().__init__(faults)
        self._clock = clock
        self._calendars: dict[str, tuple[dict[str, Any], AwsCalendar]] = {}
        self.beats: dict[str, Beat] = {}
        self.law = OF_THIS_MACHINE
        self.spread: Callable[[int], timedelta] = lambda _: timedelta(0)
        self.group_is_gone = False
        self.lost: list[Beat] = []
        self.denied: set[str] = set()

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        self._check_start(schedule, action, now)
        name = ids.scheduler_name(schedule.user_id, schedule.schedule_id)
        if self.group_is_gone or name in self.denied:
            with self._call("put"):
                raise SchedulerDenied
        before = self.schedules.get(name)
        try:
            super().put(schedule, action, now=now)
        finally:
            if (stored := self.schedules.get(name)) is not None and stored is not before:
                self._arm(name, stored)

    def lose_group(self) -> None:
        """Somebody deletes the schedule group, with all that is in it. `lost` has what fires no more."""
        self.lost = list(self.beats.values())
        self.schedules.clear()
        self.beats.clear()
        self.group_is_gone = True

    def restore_group(self) -> None:
        """It is there again, and empty."""
        self.group_is_gone = False

    def _check_start(self, schedule: Schedule, action: Action, now: datetime) -> None:
        """Only a request that was long on its way, or comes from a clock that is behind, can be too old."""
        oldest = self._clock() - OLDEST_START
        if now < self._clock() and schedule_request(schedule, action, NAMES, now=now).get("StartDate", oldest) < oldest:
            raise SchedulerRefused("The StartDate you specify cannot be earlier than 5 minutes ago.")

    @property
    def next_beat(self) -> Beat | None:
        return min((beat for name, beat in self.beats.items() if name in self.schedules), default=None)

    def fire(self) -> dict[str, Any] | None:
        """Invokes the target of a schedule that is due, if there is one: the event that it gets."""
        fired = self.fire_one()
        return fired.event if fired else None

    def fire_one(self) -> Fired | None:
        """The same with how long EventBridge tries to hand it over."""
        beat = self.next_beat
        if beat is None or beat.at > self._clock():
            return None
        request = self.schedules[beat.name]
        following = self._calendar(beat.name, request).following(beat.scheduled_time)
        if following is not None:
            self.beats[beat.name] = self._beat_at(beat.name, request, following)
        else:
            self._complete(beat.name, request)
        policy = request["Target"]["RetryPolicy"]
        return Fired(_event(request, beat.scheduled_time), timedelta(seconds=policy["MaximumEventAgeInSeconds"]))

    def _arm(self, name: str, request: dict[str, Any]) -> None:
        self.beats.pop(name, None)
        if request["State"] != "ENABLED":
            return
        now, calendar = self._clock(), self._calendar(name, request)
        first = calendar.following(now)
        if first is not None:
            self.beats[name] = self._beat_at(name, request, first)
        elif calendar.kind == "at":
            self.beats[name] = Beat(now + OVERDUE_FIRES_AFTER, name, calendar.at())

    def _beat_at(self, name: str, request: Mapping[str, Any], scheduled_time: datetime) -> Beat:
        window: int = request["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
        return Beat(scheduled_time + (self.spread(window) if window else timedelta(0)), name, scheduled_time)

    def _calendar(self, name: str, request: dict[str, Any]) -> AwsCalendar:
        known = self._calendars.get(name)
        if known is None or known[0] is not request:
            known = self._calendars[name] = (request, AwsCalendar(request, self.law))
        return known[1]

    def _complete(self, name: str, request: Mapping[str, Any]) -> None:
        """Its last invocation was made. One without an EndDate never completes (user guide, schedule deletion)."""
        del self.beats[name]
        ends = request["ScheduleExpression"].startswith("at(") or "EndDate" in request
        if ends and request["ActionAfterCompletion"] == "DELETE":
            del self.schedules[name]


def _event(request: Mapping[str, Any], scheduled_time: datetime) -> dict[str, Any]:
    """The Input with its context attributes, replaced as plain text."""
    attributes = {
        "scheduled-time": f"{scheduled_time:%Y-%m-%dT%H:%M:%SZ}",
        "schedule-arn": request["Name"],
        "execution-id": f"{scheduled_time:%Y%m%d%H%M%S}00",
        "attempt-number": "1",
    }
    text: str = request["Target"]["Input"]
    for attribute, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{attribute}>", value)
    event: dict[str, Any] = json.loads(text)
    return event
