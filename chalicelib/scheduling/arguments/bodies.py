"""What HTTP and Python callers give of a schedule, as pydantic models."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Protocol, runtime_checkable

from pydantic import BeforeValidator, Field

from ...core.errors import InvalidInput
from ...core.model.schedule import Action, DeliveryPolicy, RetryPolicy
from ..actions import ActionRules, AnyAction, as_clients_write
from ..timing_spec import TimingSpec
from . import values
from .reading import Body, read

DELIVERY = DeliveryPolicy()
RETRY = RetryPolicy()
NOT_NAMED: Any = None
"""Stands for a field that was left out, and may be; null is no value of it."""


@runtime_checkable
class MakesAction(Protocol):
    """Anything that knows the action it stands for, such as the models in `actions.py`."""

    def to_action(self) -> Action: ...


ActionLike = Action | MakesAction | Mapping[str, Any]
"""A mapping is read as HTTP reads an action's JSON object."""


TimingLike = TimingSpec | Mapping[str, Any]
"""A mapping is read as HTTP reads a timing's JSON object."""


def _policy_as_json(value: object) -> object:
    return asdict(value) if isinstance(value, DeliveryPolicy | RetryPolicy) else value


def _timing_as_json(value: object) -> object:
    if not isinstance(value, TimingSpec):
        return value
    return {name: given for name, given in asdict(value).items() if given is not None}


def _action_as_json(value: object) -> object:
    if not isinstance(value, Action):
        return value
    data: Any = value.data  # whatever Python callers gave
    written = as_clients_write(value) if isinstance(data, Mapping) else {"data": data}
    return {**written, "type": value.type}


class TimingBody(Body):
    """Exactly one of `at`, `after`, `rate` and `cron`, and what goes with it; `TimingSpec` sees to that."""

    at: values.Time | None = None
    after: values.Duration | None = None
    rate: Annotated[str, Field(max_length=64)] | None = None
    cron: Annotated[str, Field(max_length=256)] | None = None
    timezone: Annotated[str, Field(max_length=50)] | None = None
    start_at: values.Time | None = None
    end_at: values.Time | None = None

    def spec(self) -> TimingSpec:
        return TimingSpec(**dict(self))


class DeliveryBody(Body):
    """How long EventBridge tries to hand the payload over: AWS's limits, our defaults."""

    max_retries: Annotated[int, values.within("delivery", "max_retries")] = DELIVERY.max_retries
    max_age_seconds: Annotated[int, values.within("delivery", "max_age_seconds")] = DELIVERY.max_age_seconds

    def policy(self) -> DeliveryPolicy:
        return DeliveryPolicy(**dict(self))


class RetryBody(Body):
    """How often failed work is tried again, and the first wait, in seconds; each next one is twice as long."""

    max_retries: Annotated[int, values.within("retry", "max_retries")] = RETRY.max_retries
    backoff_seconds: Annotated[int, values.within("retry", "backoff_seconds")] = RETRY.backoff_seconds

    def policy(self) -> RetryPolicy:
        return RetryPolicy(**dict(self))


GivenTiming = Annotated[TimingBody, BeforeValidator(_timing_as_json), values.AS_JSON]
GivenAction = Annotated[AnyAction, BeforeValidator(_action_as_json), values.AS_JSON]
GivenDelivery = Annotated[DeliveryBody, BeforeValidator(_policy_as_json), values.AS_JSON]
GivenRetry = Annotated[RetryBody, BeforeValidator(_policy_as_json), values.AS_JSON]


class DetailsBody(Body):
    """What a schedule may have beside timing and action. Null is the default."""

    name: values.Name | None = None
    resource_id: values.ResourceId | None = None
    flexible_window_minutes: values.WindowMinutes | None = None
    delivery: GivenDelivery | None = None
    metadata: values.Metadata | None = None
    max_runs: values.MaxRuns | None = None
    exclusions: values.Exclusions | None = None
    on_missed: values.MissedPolicy | None = None
    retry: GivenRetry | None = None
    on_unknown: values.UnknownPolicy | None = None
    overlap: values.OverlapPolicy | None = None
    pause_after_failures: values.PauseAfterFailures | None = None

    def arguments(self) -> dict[str, Any]:
        """What the caller named, but for the user, as keyword arguments of SchedulerService."""
        return {name: _argument(getattr(self, name)) for name in self.model_fields_set - {"user_id"}}


class ScheduleBody(DetailsBody):
    """PUT /v1/schedules/{schedule_id}."""

    timing: GivenTiming
    action: GivenAction


class BatchItem(ScheduleBody):
    """One schedule of a batch."""

    idempotency_key: values.IdempotencyKey | None = None


class ChangeBody(DetailsBody):
    """PATCH /v1/schedules/{schedule_id}."""

    timing: GivenTiming = NOT_NAMED
    action: GivenAction = NOT_NAMED


def _argument(value: Any) -> Any:
    match value:
        case TimingBody():
            return value.spec()
        case DeliveryBody() | RetryBody():
            return value.policy()
    return value


class _Timed(Body):
    timing: GivenTiming


def read_timing(timing: TimingLike) -> TimingSpec:
    """Raises InvalidInput."""
    return read(_Timed, {"timing": timing}).timing.spec()


def checked(model: type[DetailsBody], given: Mapping[str, Any], rules: ActionRules | None) -> dict[str, Any]:
    """What is given, with a TimingSpec and an Action where there are any. Raises InvalidInput."""
    action = given.get("action")
    if isinstance(action, MakesAction) and not isinstance(action, type):
        given = {**given, "action": (action := action.to_action())}
    arguments = read(model, given, rules).arguments()
    if "action" in arguments:
        # An Action stays as it is: its data may have a form that a model would write in another way.
        arguments["action"] = action if isinstance(action, Action) else arguments["action"].to_action()
        _check_json("action", arguments["action"].data)
    return arguments


def _check_json(field: str, value: object) -> None:
    """Python has more floats and texts than JSON. Raises InvalidInput."""
    try:
        values.json_size(value)
    except ValueError as exc:
        raise InvalidInput.of(field, str(exc)) from exc
