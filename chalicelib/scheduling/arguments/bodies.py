"""Pydantic models of schedules in the form that HTTP and Python callers give."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Protocol, runtime_checkable

from pydantic import BeforeValidator, ConfigDict

from ...core.actions.fields import ActionRules, Fields
from ...core.errors import InvalidInput
from ...core.model.schedule import Action, DeliveryPolicy, RetryPolicy
from ...core.model.values import json_size
from ..actions import AnyAction, as_clients_write, fields_as_clients_write
from ..timing_spec import TimingSpec
from . import shapes, values
from .described import NOT_NAMED, DescribedAs, about
from .reading import Body, read

DELIVERY = DeliveryPolicy()
RETRY = RetryPolicy()


@runtime_checkable
class MakesAction(Protocol):
    """An object that can be converted to an Action, such as the models in `actions.py`."""

    def to_action(self) -> Action: ...


ActionLike = Action | MakesAction | Fields | Mapping[str, Any]
"""`Fields` is a built-in action such as `chalicelib.actions.email.Email`. A mapping has the form of the action's JSON
object in HTTP.
"""

TimingLike = TimingSpec | Mapping[str, Any]
"""A mapping has the form of the timing's JSON object in HTTP."""


def _policy_as_json(value: object) -> object:
    return asdict(value) if isinstance(value, DeliveryPolicy | RetryPolicy) else value


def _timing_as_json(value: object) -> object:
    if not isinstance(value, TimingSpec):
        return value
    return {name: given for name, given in asdict(value).items() if given is not None}


def _action_as_json(value: object) -> object:
    match value:
        case Fields():
            return fields_as_clients_write(value)
        case Action():
            data: Any = value.data  # not checked yet: a Python caller may have given any type
            written = as_clients_write(value) if isinstance(data, Mapping) else {"data": data}
            return {**written, "type": value.type}
    return value


class TimingBody(Body):
    """Exactly one of `at`, `after`, `rate` and `cron`, and the fields that it allows; `TimingSpec` checks that."""

    at: values.Time | None = None
    after: values.Duration | None = None
    rate: values.Rate | None = None
    cron: values.Cron | None = None
    timezone: values.ZoneName | None = None
    start_at: values.Time | None = None
    end_at: values.Time | None = None

    def spec(self) -> TimingSpec:
        return TimingSpec(**dict(self))


class DeliveryOptions(Body):
    """How long EventBridge tries to deliver the payload to the Notification Lambda."""

    max_retries: Annotated[int, values.within("delivery", "max_retries"), about("Retries of a delivery", 10)] = (
        DELIVERY.max_retries
    )
    max_age_seconds: Annotated[
        int, values.within("delivery", "max_age_seconds"), about("Seconds after which EventBridge gives up", 7200)
    ] = DELIVERY.max_age_seconds

    def policy(self) -> DeliveryPolicy:
        return DeliveryPolicy(**dict(self))


class RetryOptions(Body):
    """How often failed work is retried."""

    max_retries: Annotated[int, values.within("retry", "max_retries"), about("Retries of failed work", 5)] = (
        RETRY.max_retries
    )
    backoff_seconds: Annotated[
        int,
        values.within("retry", "backoff_seconds"),
        about("Seconds before the first retry; each next one waits twice as long", 120),
    ] = RETRY.backoff_seconds

    def policy(self) -> RetryPolicy:
        return RetryPolicy(**dict(self))


WhenItFires = Annotated[
    TimingBody,
    BeforeValidator(_timing_as_json),
    values.AS_JSON,
    DescribedAs(lambda: shapes.Timing),
    about("When the schedule fires", {"at": "2027-03-02T09:00:00", "timezone": "Europe/Berlin"}),
]
WhatItDoes = Annotated[
    AnyAction,
    BeforeValidator(_action_as_json),
    values.AS_JSON,
    DescribedAs(lambda: shapes.Action),
    about(
        "Action of each run",
        {"type": "email", "to": ["alice@example.com"], "subject": "Your trial ends today", "text": "Stay with us?"},
    ),
]
GivenDelivery = Annotated[DeliveryOptions, BeforeValidator(_policy_as_json), values.AS_JSON]
GivenRetry = Annotated[RetryOptions, BeforeValidator(_policy_as_json), values.AS_JSON]


class DetailsBody(Body):
    """Options of a schedule beside timing and action. Null is the default."""

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
        """Returns the fields that the caller gave, without the user, as keyword arguments of SchedulerService."""
        return {name: _argument(getattr(self, name)) for name in self.model_fields_set - {"user_id"}}


class PutSchedule(DetailsBody):
    """A schedule under an id that the client chose."""

    timing: WhenItFires
    action: WhatItDoes


class CreateSchedulesItem(PutSchedule):
    """One schedule of a batch."""

    idempotency_key: values.IdempotencyKey | None = None


class UpdateSchedule(DetailsBody):
    """The fields to update, each as a whole. Null sets a field to its default."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Look at contract 42", "max_runs": 10}]})

    timing: WhenItFires = NOT_NAMED
    action: WhatItDoes = NOT_NAMED


def _argument(value: Any) -> Any:
    match value:
        case TimingBody():
            return value.spec()
        case DeliveryOptions() | RetryOptions():
            return value.policy()
    return value


class _Timed(Body):
    timing: WhenItFires


def read_timing(timing: TimingLike) -> TimingSpec:
    """Returns the timing with checked fields. Raises InvalidInput."""
    return read(_Timed, {"timing": timing}).timing.spec()


def checked(model: type[DetailsBody], given: Mapping[str, Any], rules: ActionRules | None) -> dict[str, Any]:
    """Returns the given fields, with `timing` as a TimingSpec and `action` as an Action. Raises InvalidInput.

    `rules` None: every action type and webhooks to loopback addresses are accepted.
    """
    action = given.get("action")
    if isinstance(action, MakesAction) and not isinstance(action, type):
        given = {**given, "action": (action := action.to_action())}
    arguments = read(model, given, rules).arguments()
    if "action" in arguments:
        # An Action is kept unchanged, because the model may write its data in a different form.
        arguments["action"] = action if isinstance(action, Action) else arguments["action"].to_action()
        _check_json("action", arguments["action"].data)
    return arguments


def _check_json(field: str, value: object) -> None:
    """Raises InvalidInput if the value is not valid JSON: Python has floats and texts that JSON does not have."""
    try:
        json_size(value)
    except ValueError as exc:
        raise InvalidInput.of(field, str(exc)) from exc
