"""A fake of EventBridge Scheduler in memory."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..aws.eventbridge import SchedulerNames, schedule_request
from ..core.model import ids
from .faults import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ..core.model.schedule import Action, Schedule

NAMES = SchedulerNames(
    group="fake-scheduler-group",
    role_arn="arn:aws:iam::123456789012:role/fake-scheduler",
    target_arn="arn:aws:lambda:eu-central-1:123456789012:function:fake-notification",
    dead_letter_arn="arn:aws:sqs:eu-central-1:123456789012:fake-dead-letters",
)

COMPARED = (
    *("Name", "GroupName", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "EndDate", "State"),
    *("FlexibleTimeWindow", "ActionAfterCompletion", "Target"),
)
"""The parameters in which a repeated create must equal the first. StartDate depends on the time of the attempt."""


class FakeGateway:
    """A SchedulerGateway that stores schedules and never fires them.

    `schedules` maps EventBridge's name of a schedule to CreateSchedule's parameters. The names of its calls in `faults`
    are `gateway.put`, `gateway.delete` and `gateway.has`.
    """

    def __init__(self, faults: Faults | None = None, names: SchedulerNames = NAMES) -> None:
        self.faults = faults or Faults()
        self.schedules: dict[str, dict[str, Any]] = {}
        self._names = names
        self._lock = Lock()

    def find(self, user_id: str, schedule_id: str) -> dict[str, Any] | None:
        """Returns CreateSchedule's parameters of this schedule, or None. For tests; the port has no such method."""
        return self.schedules.get(ids.scheduler_name(user_id, schedule_id))

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        request = schedule_request(schedule, action, self._names, now=now)
        with self._call("put"):
            existing = self.schedules.get(request["Name"])
            # The result of an earlier attempt of the same create is kept, with its StartDate.
            if existing is None or not (schedule.is_first_revision and _is_same(existing, request)):
                self.schedules[request["Name"]] = request

    def delete(self, schedule: Schedule) -> None:
        with self._call("delete"):
            self.schedules.pop(ids.scheduler_name(schedule.user_id, schedule.schedule_id), None)

    def has(self, schedule: Schedule) -> bool:
        with self._call("has"):
            return self.find(schedule.user_id, schedule.schedule_id) is not None

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        with self.faults.around(f"gateway.{method}"), self._lock:
            yield


def _is_same(existing: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    return all(existing.get(name) == request.get(name) for name in COMPARED)
