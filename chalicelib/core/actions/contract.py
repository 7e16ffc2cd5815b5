"""What an action gets (RunContext), what it raises (ActionFailed), and what a built-in action states (BuiltIn)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from botocore.config import Config

    from ..model.ports import ScheduleRepository
    from .fields import Fields
    from .templates import Text

    FieldsClass = type[Fields]


class ActionFailed(Exception):
    """The work could not be done, or its outcome is unknown.

    `permanent`: another attempt would fail again. `unknown`: the provider may have done the work, because its answer
    never came or was an error of its own. `retry_after`: the pause that the provider asks for. `fault`: the deployment
    lacks something, such as a permission; an alarm goes to the operator.
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
    """The names of what Terraform made for the built-in actions. `loopback_webhooks` is for stage local."""

    @property
    def sender_address(self) -> str: ...
    @property
    def event_bus_name(self) -> str: ...
    @property
    def reports_bucket(self) -> str: ...
    @property
    def loopback_webhooks(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The run that an action works for.

    `timezone` is the name of its schedule's zone. `aws` returns a boto3 client by service name; clients are kept
    between runs. `repository` reads the table; read the items of `user_id` only. `clock` returns aware UTC. `sign`
    returns the headers of Standard Webhooks for a body, with the user's keys; it raises a ScheduledTasksError if it
    cannot.
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
    """The function behind an action."""

    def __call__(self, run: RunContext, data: Mapping[str, Any], /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """All that a built-in action states; API models, OpenAPI, registry, limits, docs and permissions follow it.

    `fields` is what clients write, `work` does it. `idempotent`: the provider honours the run id. `texts` are the
    fields that may hold placeholders. `shown` are fields of OpenAPI's example, beside the required ones.
    `timeout_seconds` is the longest wait for one answer of its provider, all tries
    included. `clients` are the AWS services that it calls, each with its time-outs and tries. `permissions` are the IAM
    actions that the Notification Lambda's role needs for it (terraform/modules/notification_function/iam.tf).
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
