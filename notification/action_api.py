"""What an action imports: `action` registers it, `RunContext` is what it gets, `ActionFailed` is what it raises.

    @action("invoice.remind")
    def remind(run: RunContext, data: Mapping[str, Any]) -> None: ...

It returns when the work is done, or raises ActionFailed; of any other exception nobody knows what it left behind, so it
counts as `unknown`. The run id (`run.run_id`) is the same over every attempt of one occurrence and no other: hand it to
the provider as its idempotency key. `idempotent=True` declares that this is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from chalicelib.core.model.ports import ScheduleRepository

    from .settings import Settings


class ActionFailed(Exception):
    """The work could not be done, or nobody knows whether it was.

    `permanent`: doing it again would fail again. `unknown`: the provider may have done it all the same, since its
    answer never came, or was a failure of its own. `retry_after`: how long the provider itself wants to be left alone.
    `fault`: the deployment lacks something, such as a permission; an alarm tells the operator.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What an action knows of its run.

    `timezone` is the name of its schedule's zone. `aws` gives a boto3 client by service name; clients are kept between
    runs. `repository` reads the table: ask it for `user_id`'s things only. `clock` gives aware UTC. `sign` makes the
    headers of Standard Webhooks for a body, with the user's keys; it raises a ScheduledTasksError if it cannot.
    """

    run_id: str
    user_id: str
    schedule_id: str
    resource_id: str | None
    name: str | None
    metadata: Mapping[str, Any]
    scheduled_time: datetime
    timezone: str
    settings: Settings
    repository: ScheduleRepository
    aws: Callable[[str], Any]
    clock: Callable[[], datetime]
    sign: Callable[[bytes], Mapping[str, str]]


class Work(Protocol):
    """The function behind an action."""

    def __call__(self, run: RunContext, data: Mapping[str, Any], /) -> None: ...


@dataclass(frozen=True, slots=True)
class RegisteredAction:
    """A type, its function, and whether its provider honours the run id."""

    type: str
    work: Work
    idempotent: bool


REGISTERED: dict[str, RegisteredAction] = {}


def action(type_: str, *, idempotent: bool = False) -> Callable[[Work], Work]:
    """Registers the function below it under this type. Raises ValueError if another one has it."""

    def register(work: Work) -> Work:
        other = REGISTERED.get(type_)
        if other is not None and other.work is not work:
            raise ValueError(f"two actions are called {type_!r}")
        REGISTERED[type_] = RegisteredAction(type_, work, idempotent)
        return work

    return register
