"""The interface of actions: the argument (RunContext), the exception (ActionFailed) and the definition (BuiltIn)."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from ..frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from botocore.config import Config

    from ..model.ports import ScheduleRepository
    from .fields import Fields
    from .templates import Text

    FieldsClass = type[Fields]


class ActionFailed(Exception):
    """The work failed, or its outcome is unknown.

    `permanent`: a retry would fail again. `unknown`: the provider may have done the work, because it did not answer or
    answered with a server error. `retry_after`: the delay that the provider requests, or None. `fault`: the deployment
    lacks something, such as a permission; the operator gets an alarm.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unknown: bool = False,
        retry_after: timedelta | None = None,
        fault: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.unknown = unknown
        self.retry_after = retry_after
        self.fault = fault


class ActionSettings(Protocol):
    """Names of the resources of built-in actions. `loopback_webhooks` is True in stage local only."""

    @property
    def sender_address(self) -> str: ...
    @property
    def event_bus_name(self) -> str: ...
    @property
    def reports_bucket(self) -> str: ...
    @property
    def loopback_webhooks(self) -> bool: ...


class RunContext(Frozen, kw_only=True):
    """The run for which an action does its work.

    `timezone` is the name of the schedule's zone. `aws` returns a boto3 client by service name; clients are reused
    between runs. `repository` reads the table; an action must read only items of `user_id`. `clock` returns aware UTC.
    `sign` returns the Standard Webhooks headers for a body, signed with the user's keys. It raises a
    ScheduledTasksError if the keys cannot be read.
    """

    run_id: str
    user_id: str
    schedule_id: str
    resource_id: str | None
    name: str | None
    metadata: Mapping[str, Any]
    scheduled_time: datetime
    timezone: str
    settings: ActionSettings
    repository: ScheduleRepository
    aws: Callable[[str], Any]
    clock: Callable[[], datetime]
    sign: Callable[[bytes], Mapping[str, str]]


class Work(Protocol):
    """The function that does the work of an action. Raises ActionFailed if the work fails."""

    def __call__(self, run: RunContext, data: Mapping[str, Any], /) -> None: ...


class BuiltIn(Frozen, kw_only=True):
    """The definition of a built-in action. API models, OpenAPI, registry, limits, docs and permissions derive from it.

    `fields` is the class of its input, and `work` the function. `idempotent`: the provider or consumer ignores a
    repetition with the same run id. `texts` are the fields that may have placeholders. `shown` are the optional fields
    in OpenAPI's example. `timeout_seconds` is the longest wait for the provider, attempts of the SDK included.
    `clients` are the AWS services that it calls, with their timeouts and retries. `permissions` are the IAM actions
    that the Notification Lambda's role needs (terraform/modules/notification_function/iam.tf).
    """

    type: str
    fields: FieldsClass
    work: Work
    timeout_seconds: int
    idempotent: bool = False
    texts: Mapping[str, Text] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    clients: Mapping[str, Config] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
