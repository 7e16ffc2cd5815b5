"""Pydantic models of actions in the form that clients write: built-in actions (`actions`) and an application's own.

The data that `to_action` returns is exactly the data that the Notification Lambda's action of that type receives.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, Union, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..actions import built_in
from ..core.actions.contract import BuiltIn
from ..core.actions.fields import LEFT_OUT, ActionRules, Fields
from ..core.actions.templates import MARKER, has_braces, paths
from ..core.model.schedule import Action

WITHOUT_RULES = ActionRules(loopback_webhooks=True)
"""Rules for Python callers that give none."""


class ActionModel(BaseModel, ABC):
    """An action with checked fields. Raises pydantic's ValidationError if a field is not valid."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    type: str

    @abstractmethod
    def to_action(self) -> Action:
        """Returns the type, and the data that the action of this type receives."""


class BuiltInModel(ActionModel):
    """The fields of a built-in action, as defined in its file."""

    built_in: ClassVar[BuiltIn]

    def to_action(self) -> Action:
        given = self.model_dump(exclude={"type"}, exclude_unset=True)
        nullable = {field.name for field in fields(self.built_in.fields) if field.default is LEFT_OUT}
        data = {name: value for name, value in given.items() if value is not None or name in nullable}
        if data.get(MARKER, True) and any(has_braces(data.get(text)) for text in self.built_in.texts):
            data[MARKER] = True
        return Action(self.type, data)

    @model_validator(mode="after")
    def _has_no_problem(self, info: ValidationInfo) -> Self:
        rules = info.context if isinstance(info.context, ActionRules) else WITHOUT_RULES
        written = self.built_in.fields(**{name: value for name, value in self if name != "type"})
        if problems := list(written.problems(rules)):
            raise ValidationError.from_exception_data(self.type, [_error(*problem) for problem in problems])
        return self


def _error(field: str, message: str) -> InitErrorDetails:
    error = PydanticCustomError("value_error", "{error}", {"error": message})
    return InitErrorDetails(type=error, loc=(field,) if field else (), input=None)


def _has_known_placeholders(text: str | None, info: ValidationInfo) -> str | None:
    if text is not None and info.data.get(MARKER, False):
        paths(text)
    return text


def _model_of(action: BuiltIn) -> type[BuiltInModel]:
    stated = fields(action.fields)
    hints = get_type_hints(action.fields, include_extras=True)
    validators: dict[str, Callable[..., Any]] = {}
    if action.texts:
        validators["has_known_placeholders"] = field_validator(*action.texts)(_has_known_placeholders)
    # JSON Schema has no LEFT_OUT, so the default is null.
    defaults = {field.name: None if _default(field) is LEFT_OUT else _default(field) for field in stated}
    definitions: dict[str, Any] = {name: (hints[name], default) for name, default in defaults.items()}
    model = create_model(
        f"{action.fields.__name__}Action",
        __base__=BuiltInModel,
        __doc__=action.fields.__doc__,
        __validators__=validators,
        **{"type": (Literal[action.type], action.type), **definitions},
    )
    model.built_in = action
    return model


def _default(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return ... if field.default is MISSING else field.default


class OwnAction(ActionModel):
    """An action of the application: a type that its Notification Lambda registers, and a JSON object as its data."""

    type: Annotated[str, Field(min_length=1, max_length=64)]
    data: dict[str, JsonValue] = {}

    def to_action(self) -> Action:
        return Action(self.type, self.data)

    @field_validator("type")
    @classmethod
    def _is_known(cls, type_: str, info: ValidationInfo) -> str:
        rules = info.context
        if isinstance(rules, ActionRules) and type_ not in rules.own_types:
            known = sorted({*BUILT_IN, *rules.own_types})
            raise ValueError(f"unknown action {type_!r}; allowed: {', '.join(known)}")
        return type_


BUILT_IN: Mapping[str, type[BuiltInModel]] = {action.type: _model_of(action) for action in built_in().values()}


def _tag(value: object) -> str:
    type_ = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return type_ if isinstance(type_, str) and type_ in BUILT_IN else "own"


def _union(models: Iterable[tuple[str, type[ActionModel]]]) -> Any:
    return Annotated[Union[tuple(Annotated[model, Tag(tag)] for tag, model in models)], Discriminator(_tag)]  # noqa: UP007 - as many as there are


if TYPE_CHECKING:
    AnyAction = ActionModel
else:
    AnyAction = _union([*BUILT_IN.items(), ("own", OwnAction)])


def fields_as_clients_write(written: Fields) -> dict[str, Any]:
    """Returns the fields that a Python caller gave, as the JSON object that a client would send.

    An application may derive its own class from a built-in action's, with other defaults. Raises ValueError if
    `written` is of no built-in action.
    """
    action = next((action for action in built_in().values() if isinstance(written, action.fields)), None)
    if action is None:
        known = sorted(action.fields.__name__ for action in built_in().values())
        raise ValueError(f"{type(written).__name__} is not an action; allowed: {', '.join(known)}")
    defaults = {field.name: _default(field) for field in fields(action.fields)}
    given = {field.name: getattr(written, field.name) for field in fields(written)}
    named = {name: value for name, value in given.items() if name not in defaults or value != defaults[name]}
    return {"type": action.type, **named}


def without_defaults(action: Action) -> dict[str, Any]:
    """Returns the action's data without default values. Data that its model refuses is returned unchanged."""
    model = BUILT_IN.get(action.type)
    if model is None:
        return dict(action.data)
    try:
        valid = model.model_validate(as_clients_write(action))
    except ValidationError:
        return dict(action.data)
    data = valid.model_dump(exclude={"type", MARKER}, exclude_defaults=True)
    # A missing body differs from the body `null`.
    data |= {name: None for name, value in action.data.items() if value is None}
    return data | ({MARKER: False} if _keeps_braces(action, model.built_in) else {})


def _keeps_braces(action: Action, stated: BuiltIn) -> bool:
    """Returns whether a text has braces although placeholders are off."""
    return action.data.get(MARKER) is not True and any(has_braces(action.data.get(field)) for field in stated.texts)


def as_clients_write(action: Action) -> dict[str, Any]:
    """Returns the JSON object of a client, the reverse of `to_action`.

    Fields of a built-in action are at the level of `type`; data of an application's own action is in `data`.
    """
    data = dict(action.data)
    return {"type": action.type, **(data if action.type in BUILT_IN else {"data": data})}
