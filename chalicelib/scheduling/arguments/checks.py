"""Checks the arguments of SchedulerService's methods, except a schedule's timing, action and options."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

from ...core.model.run import RunStatus
from ...core.model.schedule import Status
from ..lists.schedules import ANY
from .reading import Body, read
from .values import (
    AS_JSON,
    ActionType,
    Cursor,
    KindOfTiming,
    LaneLimit,
    Limit,
    ListedStatus,
    ListStatus,
    PerMinute,
    Reason,
    ResourceId,
    ScheduleId,
    Search,
    Time,
    Undone,
    UndoneStatus,
    UserId,
)

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

NOT_GIVEN: Any = None


class Arguments(Body):
    """Arguments with the same name in all methods. A `schedule_id` may be any text: an invalid one is not found."""

    user_id: UserId = NOT_GIVEN
    schedule_id: str = NOT_GIVEN
    run_id: str = NOT_GIVEN
    job_id: str = NOT_GIVEN
    resource_id: ResourceId = NOT_GIVEN
    reason: Reason = NOT_GIVEN
    requests: Annotated[list[Any], AS_JSON] = NOT_GIVEN
    until: Time = NOT_GIVEN
    if_match: int = NOT_GIVEN
    limit: Limit = NOT_GIVEN
    cursor: Cursor = NOT_GIVEN
    per_minute: PerMinute = NOT_GIVEN


class ListArguments(Arguments):
    """Arguments of methods that list schedules."""

    status: ListStatus = NOT_GIVEN
    search: Search = NOT_GIVEN
    kind: KindOfTiming = NOT_GIVEN
    action_type: ActionType = NOT_GIVEN


class PutArguments(Arguments):
    """Arguments of methods that may create the schedule, so its id must be valid."""

    schedule_id: ScheduleId = NOT_GIVEN


class RunsArguments(Arguments):
    """Arguments of methods that select runs, for example by scheduled time."""

    schedule_id: ScheduleId = NOT_GIVEN
    status: UndoneStatus = NOT_GIVEN
    since: Time = NOT_GIVEN


class TimelineArguments(Arguments):
    """Arguments of the timeline. Each of its items is a whole lane, so a page has fewer of them."""

    since: Time = NOT_GIVEN
    search: Search = NOT_GIVEN
    limit: LaneLimit = NOT_GIVEN


def checked_by(model: type[Arguments]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Returns a decorator that validates a method's arguments by `model`. The method then raises InvalidInput."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        parameters = signature(method)
        defaults = {name: parameter.default for name, parameter in parameters.parameters.items()}

        @wraps(method)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = parameters.bind(*args, **kwargs)
            given = {
                name: value
                for name, value in bound.arguments.items()
                if name in model.model_fields and value is not defaults[name]
            }
            found = read(model, given)
            bound.arguments.update({name: _taken(getattr(found, name)) for name in given})
            return method(*bound.args, **bound.kwargs)

        return checked

    return decorate


def _taken(value: Any) -> Any:
    match value:
        case Undone():
            return RunStatus(value.value)
        case ListedStatus.ANY:
            return ANY
        case ListedStatus():
            return Status(value.value)
    return value
