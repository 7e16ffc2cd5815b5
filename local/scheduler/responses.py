"""Answers in the shapes of the API model. Members without a value are omitted, as AWS does."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from json import dumps
from typing import Any
from uuid import uuid4

from local.scheduler.errors import SchedulerError
from local.scheduler.models import Group, Schedule, Target

Response = tuple[int, dict[str, str], bytes]


def success(members: Mapping[str, Any]) -> Response:
    return _response(200, members, {})


def failure(error: SchedulerError) -> Response:
    """rest-json: the code in a header, the message in the body's one member."""
    return _response(error.status, {"Message": str(error)}, {"x-amzn-ErrorType": error.code})


def schedule_details(schedule: Schedule) -> dict[str, Any]:
    """GetSchedule."""
    return _present(
        {
            "Arn": schedule.arn,
            "Name": schedule.name,
            "GroupName": schedule.group,
            "Description": schedule.description,
            "ScheduleExpression": schedule.expression.text,
            "ScheduleExpressionTimezone": schedule.expression.timezone,
            "StartDate": _optional_seconds(schedule.start),
            "EndDate": _optional_seconds(schedule.end),
            "State": _state(schedule),
            "FlexibleTimeWindow": _window(schedule),
            "Target": _target(schedule.target),
            "ActionAfterCompletion": "DELETE" if schedule.delete_when_completed else "NONE",
            "KmsKeyArn": schedule.kms_key_arn,
            "CreationDate": schedule.created_at.timestamp(),
            "LastModificationDate": schedule.armed_at.timestamp(),
        }
    )


def schedule_summary(schedule: Schedule) -> dict[str, Any]:
    """An item of ListSchedules."""
    return {
        "Arn": schedule.arn,
        "Name": schedule.name,
        "GroupName": schedule.group,
        "State": _state(schedule),
        "Target": {"Arn": schedule.target.arn},
        "CreationDate": schedule.created_at.timestamp(),
        "LastModificationDate": schedule.armed_at.timestamp(),
    }


def group_details(group: Group) -> dict[str, Any]:
    """GetScheduleGroup, and an item of ListScheduleGroups."""
    return {
        "Arn": group.arn,
        "Name": group.name,
        "State": "ACTIVE",
        "CreationDate": group.created_at.timestamp(),
        "LastModificationDate": group.modified_at.timestamp(),
    }


def page(member: str, items: Iterable[dict[str, Any]], next_token: str | None) -> dict[str, Any]:
    return _present({member: list(items), "NextToken": next_token})


def tags(group: Group) -> dict[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in group.tags.items()]}


def _target(target: Target) -> dict[str, Any]:
    return _present(
        {
            "Arn": target.arn,
            "RoleArn": target.role_arn,
            "Input": target.input,
            "RetryPolicy": {
                "MaximumRetryAttempts": target.retry.maximum_retry_attempts,
                "MaximumEventAgeInSeconds": int(target.retry.maximum_event_age.total_seconds()),
            },
            "DeadLetterConfig": {"Arn": target.dead_letter_arn} if target.dead_letter_arn else None,
            **target.parameters,
        }
    )


def _window(schedule: Schedule) -> dict[str, Any]:
    if not schedule.window:
        return {"Mode": "OFF"}
    return {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": int(schedule.window.total_seconds()) // 60}


def _state(schedule: Schedule) -> str:
    return "ENABLED" if schedule.enabled else "DISABLED"


def _optional_seconds(instant: datetime | None) -> float | None:
    return None if instant is None else instant.timestamp()


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _response(status: int, members: Mapping[str, Any], headers: dict[str, str]) -> Response:
    common = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid4())}
    return status, common | headers, dumps(members).encode()
