"""Turns a checked request into a schedule: the rules that the API model does not state, with AWS's messages.

docs/emulation.md lists the messages whose text on AWS is unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from json import loads
from sys import intern
from typing import Any

from chalicelib.core.timing.expressions import Expression, InvalidExpression, floor_minute, parse
from local.scheduler.errors import ValidationFailed
from local.scheduler.models import DEFAULT_GROUP, Home, RetryPolicy, Schedule, Target

_LARGEST_INPUT = 262_144  # bytes (UG:scheduler-quotas)
_OFF = timedelta()
_NO_PARAMETERS: Mapping[str, Any] = {}
_OLDEST_START = timedelta(minutes=5)
_TARGET_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:.+", re.ASCII)
_JSON_ONLY = re.compile(r"arn:[^:]+:(lambda|states|events):")  # botocore's model, TargetInput
_COMMON_TARGET_MEMBERS = {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"}

Members = Mapping[str, Any]


def schedule_from(members: Members, home: Home, now: datetime, created_at: datetime) -> Schedule:
    """Returns the schedule. Omitted members get their defaults, also on update. Raises ValidationFailed."""
    start, end = members.get("StartDate"), members.get("EndDate")
    _check_dates(start, end, now)
    return Schedule(
        home=home,
        group=members.get("GroupName", DEFAULT_GROUP),
        name=members["Name"],
        description=members.get("Description"),
        expression=_expression(members, now),
        start=start,
        end=end,
        enabled=members.get("State", "ENABLED") == "ENABLED",
        window=_window(members["FlexibleTimeWindow"]),
        target=_target(members["Target"]),
        delete_when_completed=members.get("ActionAfterCompletion") == "DELETE",
        kms_key_arn=members.get("KmsKeyArn"),
        created_at=created_at,
        armed_at=now,
    )


def _check_dates(start: datetime | None, end: datetime | None, now: datetime) -> None:
    if start and start < now - _OLDEST_START:
        raise ValidationFailed("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if start and end and start >= end:
        raise ValidationFailed("The StartDate you specify must be earlier than the EndDate.")


def _expression(members: Members, now: datetime) -> Expression:
    text = members["ScheduleExpression"]
    try:
        expression = parse(text, members.get("ScheduleExpressionTimezone", "UTC"))
    except InvalidExpression as exc:
        if exc.field == "timezone":
            raise ValidationFailed(f"Invalid Schedule Expression Timezone {exc.value}.") from exc
        raise ValidationFailed(f"Invalid Schedule Expression {text}.") from exc
    if expression.kind == "at":  # StartDate and EndDate are ignored (API reference, CreateSchedule)
        return expression
    return replace(
        expression, start_at=_anchor(expression, members.get("StartDate"), now), end_at=members.get("EndDate")
    )


def _anchor(expression: Expression, start: datetime | None, now: datetime) -> datetime | None:
    """The seconds of a StartDate are no phase (measured); a rate without StartDate begins now (UG:schedule-types)."""
    if start:
        return floor_minute(start)
    return now.replace(microsecond=0) if expression.kind == "rate" else None


def _window(window: Members) -> timedelta:
    minutes: int | None = window.get("MaximumWindowInMinutes")
    if window["Mode"] == "OFF" and minutes is not None:
        raise ValidationFailed("MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.")
    if window["Mode"] == "FLEXIBLE" and minutes is None:
        raise ValidationFailed(
            "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE."
        )
    return timedelta(minutes=minutes) if minutes else _OFF


def _target(target: Members) -> Target:
    _check_target_arn(target)
    _check_input(target["Arn"], target.get("Input"))
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    return Target(
        # Most schedules have the same role, target and queue: interned, they share the texts.
        arn=intern(target["Arn"]),
        role_arn=intern(target["RoleArn"]),
        input=target.get("Input"),
        retry=_retry_policy(target.get("RetryPolicy", {})),
        dead_letter_arn=None if queue is None else intern(queue),
        parameters={name: value for name, value in target.items() if name not in _COMMON_TARGET_MEMBERS}
        or _NO_PARAMETERS,
    )


def _check_target_arn(target: Members) -> None:
    if not _TARGET_ARN.fullmatch(target["Arn"]):
        raise ValidationFailed("Provided Arn is not in correct format.")


def _check_input(target_arn: str, text: str | None) -> None:
    if text is None:
        return
    if len(text.encode()) > _LARGEST_INPUT:
        raise ValidationFailed(f"Input must not be larger than {_LARGEST_INPUT} bytes.")
    if _JSON_ONLY.match(target_arn) and not _is_json(text):
        raise ValidationFailed("Input must be well-formed JSON for this target.")


def _is_json(text: str) -> bool:
    try:
        loads(text)
    except ValueError:
        return False
    return True


def _retry_policy(policy: Members) -> RetryPolicy:
    age = policy.get("MaximumEventAgeInSeconds")
    return _shared_policy(policy.get("MaximumRetryAttempts"), None if age is None else timedelta(seconds=age))


@lru_cache(maxsize=1024)
def _shared_policy(attempts: int | None, age: timedelta | None) -> RetryPolicy:
    """Returns one object for all schedules with the same policy. None: the default."""
    usual = RetryPolicy()
    return RetryPolicy(
        maximum_retry_attempts=usual.maximum_retry_attempts if attempts is None else attempts,
        maximum_event_age=usual.maximum_event_age if age is None else age,
    )
