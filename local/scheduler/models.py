"""Schedules and groups of the local scheduler, as immutable records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.timing.expressions import Expression

DEFAULT_GROUP = "default"


@dataclass(frozen=True)
class Home:
    """One account in one region: names are unique in it."""

    region: str
    account: str

    def schedule_arn(self, group: str, name: str) -> str:
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule/{group}/{name}"

    def group_arn(self, name: str) -> str:
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule-group/{name}"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and until what age a delivery is retried. The defaults are those that GetSchedule returns."""

    maximum_retry_attempts: int = 185
    maximum_event_age: timedelta = timedelta(seconds=86400)


@dataclass(frozen=True, slots=True)
class Target:
    """The target's ARN, its input and its role. `parameters` are the members for one service, unchanged."""

    arn: str
    role_arn: str
    input: str | None
    retry: RetryPolicy
    dead_letter_arn: str | None
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One version of a schedule: an update makes a new one.

    `start` and `end` are as the client sent them; `expression` has those that apply. `armed_at` is the time of this
    version's creation or update: earlier recurring occurrences do not fire.
    """

    home: Home
    group: str
    name: str
    description: str | None
    expression: Expression
    start: datetime | None
    end: datetime | None
    enabled: bool
    window: timedelta  # zero: OFF
    target: Target
    delete_when_completed: bool
    kms_key_arn: str | None
    created_at: datetime
    armed_at: datetime

    @property
    def arn(self) -> str:
        return self.home.schedule_arn(self.group, self.name)


@dataclass(frozen=True)
class Group:
    """A schedule group; `tags` in the order in which they were set."""

    home: Home
    name: str
    created_at: datetime
    modified_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return self.home.group_arn(self.name)
