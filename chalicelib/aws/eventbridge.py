"""Converts schedules to requests to EventBridge Scheduler. Only this module uses AWS's parameter names.

UpdateSchedule replaces every parameter (API reference, UpdateSchedule), so each request has the full desired state.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..core.aws_errors import error_code, is_transient, translated
from ..core.errors import SchedulerDenied, SchedulerRefused, SchedulerUnavailable
from ..core.model import ids, payload
from ..core.model.schedule import CLOCKS_DIFFER, Status
from ..core.timing.zones import is_ambiguous, resolve_wall_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_scheduler import EventBridgeSchedulerClient

    from ..core.model.schedule import Action, Schedule, Timing

CONFLICT_TRIES = 3
"""An update immediately after the create may get a transient ConflictException."""

OUR_SIDE = frozenset({"AccessDeniedException", "ResourceNotFoundException", "ServiceQuotaExceededException"})


@dataclass(frozen=True, slots=True)
class SchedulerNames:
    """The group name and ARNs that Terraform made and that the requests contain."""

    group: str
    role_arn: str
    target_arn: str
    dead_letter_arn: str


class EventBridgeGateway:
    """EventBridge Scheduler as a SchedulerGateway. `sleep` pauses, in seconds, before the retry after a conflict."""

    def __init__(
        self,
        client: EventBridgeSchedulerClient,
        names: SchedulerNames,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._names = names
        self._sleep = sleep

    def put(self, schedule: Schedule, action: Action, *, now: datetime) -> None:
        request = schedule_request(schedule, action, self._names, now=now)
        with translated(_scheduler_error):
            if schedule.is_first_revision:
                self._create(request)
            else:
                self._update(request)

    def delete(self, schedule: Schedule) -> None:
        name = ids.scheduler_name(schedule.user_id, schedule.schedule_id)
        with translated(_scheduler_error):
            try:
                self._client.delete_schedule(Name=name, GroupName=self._names.group)
            except self._client.exceptions.ResourceNotFoundException:
                return

    def has(self, schedule: Schedule) -> bool:
        name = ids.scheduler_name(schedule.user_id, schedule.schedule_id)
        with translated(_scheduler_error):
            try:
                self._client.get_schedule(Name=name, GroupName=self._names.group)
            except self._client.exceptions.ResourceNotFoundException:
                return False
        return True

    def _create(self, request: dict[str, Any]) -> None:
        try:
            self._client.create_schedule(**request)
        except self._client.exceptions.ConflictException:
            # An earlier attempt created it and the response was lost, or an older version of the schedule exists.
            if not self._has(request):
                self._update(request)

    def _has(self, request: Mapping[str, Any]) -> bool:
        found = self._client.get_schedule(Name=request["Name"], GroupName=request["GroupName"])
        return is_same(found, request)

    def _update(self, request: dict[str, Any]) -> None:
        for attempt in range(1, CONFLICT_TRIES + 1):
            try:
                self._client.update_schedule(**request)
            except self._client.exceptions.ResourceNotFoundException:
                self._client.create_schedule(**request)
            except self._client.exceptions.ConflictException:
                if attempt == CONFLICT_TRIES:
                    raise
                self._sleep(0.2 * attempt)
                continue
            return


def schedule_request(schedule: Schedule, action: Action, names: SchedulerNames, *, now: datetime) -> dict[str, Any]:
    """Returns the parameters of CreateSchedule and UpdateSchedule, which are the same."""
    return {
        "Name": ids.scheduler_name(schedule.user_id, schedule.schedule_id),
        "GroupName": names.group,
        "Description": f"{schedule.user_id} / {schedule.schedule_id}"[:512],
        **_timing(schedule, now),
        "State": "ENABLED" if schedule.status is Status.ACTIVE else "DISABLED",
        "FlexibleTimeWindow": _window(schedule.flexible_window_minutes),
        # Completed schedules count against the quota. A schedule without an end never completes.
        "ActionAfterCompletion": "DELETE" if schedule.timing.ends else "NONE",
        "Target": {
            "Arn": names.target_arn,
            "RoleArn": names.role_arn,
            "Input": payload.write(schedule, action),
            "RetryPolicy": {
                "MaximumRetryAttempts": schedule.delivery.max_retries,
                "MaximumEventAgeInSeconds": schedule.delivery.max_age_seconds,
            },
            "DeadLetterConfig": {"Arn": names.dead_letter_arn},
        },
    }


def is_same(found: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Returns whether EventBridge has the requested schedule. StartDate is not compared: it depends on the time of the
    attempt, and follows from the expression.
    """
    return all(found.get(key) == value for key, value in request.items() if key != "StartDate")


def _timing(schedule: Schedule, now: datetime) -> dict[str, Any]:
    timing = schedule.timing
    if timing.is_one_time:
        return _at(timing)
    spelled: dict[str, Any] = {
        "ScheduleExpression": timing.expression,
        "ScheduleExpressionTimezone": timing.timezone,
    }
    if (start := _start_date(timing, now)) is not None:
        spelled["StartDate"] = start
    if (last := timing.last_occurrence()) is not None:
        # EventBridge does not invoke after EndDate, so the last occurrence's window must end before it. AWS does not
        # document whether an occurrence at EndDate fires, hence the minute. The guard refuses later occurrences.
        spelled["EndDate"] = last + schedule.window + timedelta(minutes=1)
    return spelled


def _at(timing: Timing) -> dict[str, Any]:
    """Sends wall time and zone, so that a change of the zone's rules moves it. An ambiguous time is sent in UTC."""
    wall = datetime.fromisoformat(timing.expression.removeprefix("at(").removesuffix(")"))
    if not is_ambiguous(wall, timing.timezone):
        return {"ScheduleExpression": timing.expression, "ScheduleExpressionTimezone": timing.timezone}
    first = resolve_wall_time(wall, timing.timezone)
    return {"ScheduleExpression": f"at({first:%Y-%m-%dT%H:%M:%S})", "ScheduleExpressionTimezone": "UTC"}


def _start_date(timing: Timing, now: datetime) -> datetime | None:
    """Returns `start_at` if it has not passed; else the next occurrence for a rate, and None for a cron.

    AWS refuses a StartDate older than five minutes, and a rate without StartDate starts again at the update. This clock
    may be ahead of AWS's, so an occurrence of the last two minutes may not have fired yet.
    """
    since = now - CLOCKS_DIFFER
    if timing.start_at is None or timing.start_at > since:
        return timing.start_at
    return timing.next_occurrence(since) if timing.kind == "rate" else None


def _window(minutes: int) -> dict[str, Any]:
    return {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes} if minutes else {"Mode": "OFF"}


def _scheduler_error(exc: Exception) -> Exception:
    if is_transient(exc) or not isinstance(exc, ClientError) or error_code(exc) == "ConflictException":
        return SchedulerUnavailable()
    return SchedulerDenied() if _is_our_side(exc) else SchedulerRefused(exc.response["Error"].get("Message"))


def _is_our_side(exc: ClientError) -> bool:
    """Returns whether the operator must act: a missing permission or group, a used-up quota, an untrusted role."""
    return error_code(exc) in OUR_SIDE or "execution role" in str(exc)
