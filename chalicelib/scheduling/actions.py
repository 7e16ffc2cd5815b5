"""The actions that come with the product, as clients write them and as Python makes them, and an application's own.

    service.create_one_time(user_id="alice", at=when, action=Email(to=["a@example.com"], subject="…", text="…"))

What `to_action` gives as data is exactly what the Notification Lambda's action of that type gets.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..core.actions.public_addresses import is_loopback, may_be_public
from ..core.actions.report_period import period
from ..core.actions.templates import MARKER, TEXTS, has_braces, paths
from ..core.actions.text_rules import DEVICE, MOST_OF_AN_SMS, PHONE_NUMBER, SENDER_ID, is_mail_address, is_one_line
from ..core.actions.webhook_signing import is_reserved_header
from ..core.model.schedule import Action
from ..core.model.values import dumps
from ..core.timing.instants import EPOCH

MAX_RECIPIENTS = 50
"""SES takes that many addresses in one mail, `cc` and `bcc` included (developer guide, quotas)."""

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,2000}")
VISIBLE = re.compile(r"[\x21-\x7e]+")

PUSH_DATA_BYTES = 2048
"""Apple and Google take 4 KB in all, title and text included."""

PUSH_KEY = re.compile(r"(?!google|gcm)[A-Za-z_][A-Za-z0-9_]{0,99}")
KEYS_OF_PUSH_SERVICES = frozenset({"aps", "from", "message_type", "notification", "run_id"})
"""Which Apple or Google reserve (firebase.google.com, fcm/v1 Message.data), and ours."""


@dataclass(frozen=True, slots=True)
class ActionRules:
    """What the API takes beside the built-in actions: own types, and in the local stage webhooks to this machine."""

    own_types: frozenset[str] = frozenset()
    loopback_webhooks: bool = False


class ActionModel(BaseModel):
    """An action with checked fields. Raises pydantic's ValidationError where they are wrong."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    type: str

    def to_action(self) -> Action:
        return Action(self.type, self.model_dump(exclude={"type"}, exclude_unset=True, exclude_none=True))


class TextAction(ActionModel):
    """An action with texts that people read. `placeholders=False` leaves each `{{` as it is."""

    placeholders: bool = True

    def to_action(self) -> Action:
        action = super().to_action()
        asks = self.placeholders and any(has_braces(action.data.get(field)) for field in TEXTS[self.type])
        return Action(action.type, {**action.data, MARKER: True}) if asks else action

    @field_validator("subject", "title", "text", "html", check_fields=False)
    @classmethod
    def _has_known_placeholders(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None and info.data.get("placeholders", False):
            paths(text)
        return text


def _address(text: str) -> str:
    if not is_mail_address(text):
        raise ValueError("must be a mail address such as a@example.com")
    return text


def _phone_number(text: str) -> str:
    if not PHONE_NUMBER.fullmatch(text):
        raise ValueError("must be a phone number in international form such as +4915112345678")
    return text


def _sender_id(text: str) -> str:
    if not SENDER_ID.fullmatch(text):
        raise ValueError("must be 1 to 11 letters and digits, with a letter among them")
    return text


def _device(text: str) -> str:
    if not DEVICE.fullmatch(text):
        raise ValueError("must be the ARN of a platform endpoint of SNS: arn:aws:sns:…:endpoint/…")
    return text


def one_line(text: str) -> str:
    """Raises ValueError for line breaks, other control characters, and what overrides the direction of text."""
    if not is_one_line(text):
        raise ValueError("must be one line without control characters and text direction overrides (such as U+202E)")
    return text


def _period(text: str) -> str:
    period(text, EPOCH, "UTC")
    return text


Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[list[Address], Field(max_length=MAX_RECIPIENTS)]


class Email(TextAction):
    """A mail with `text`, `html` or both."""

    type: Literal["email"] = "email"
    to: Annotated[Addresses, Field(min_length=1)]
    cc: Addresses = []
    bcc: Addresses = []
    reply_to: Addresses = []
    subject: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
    html: Annotated[str, Field(min_length=1)] | None = None
    text: Annotated[str, Field(min_length=1)] | None = Field(default=None, validate_default=True)

    @field_validator("text")
    @classmethod
    def _says_something(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is None and info.data.get("html", "") is None:
            raise ValueError("is missing, and so is `html`: give one of them or both")
        return text

    @model_validator(mode="after")
    def _has_not_too_many_recipients(self) -> Self:
        if len(self.to) + len(self.cc) + len(self.bcc) > MAX_RECIPIENTS:
            raise ValueError(f"`to`, `cc` and `bcc` together take {MAX_RECIPIENTS} addresses at most")
        return self


class Sms(TextAction):
    """A text message to one phone. `sender_id` is shown as its sender, in countries that allow it."""

    type: Literal["sms"] = "sms"
    to: Annotated[str, AfterValidator(_phone_number)]
    text: Annotated[str, Field(min_length=1, max_length=MOST_OF_AN_SMS)]
    sender_id: Annotated[str, AfterValidator(_sender_id)] | None = None


class Push(TextAction):
    """A notification on one device: the `endpoint` that SNS made for it. `data` reaches the app beside `run_id`."""

    type: Literal["push"] = "push"
    endpoint: Annotated[str, AfterValidator(_device)]
    title: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    data: dict[str, str] = {}

    @field_validator("data")
    @classmethod
    def _fits(cls, data: dict[str, str]) -> dict[str, str]:
        for name in data:
            if not PUSH_KEY.fullmatch(name) or name in KEYS_OF_PUSH_SERVICES:
                raise ValueError(f"{name!r} is no key: letters, digits and `_`, and none that Apple, Google or we use")
        if (size := len(dumps(data).encode())) > PUSH_DATA_BYTES:
            raise ValueError(f"has {size:,} bytes as JSON; the limit is {PUSH_DATA_BYTES:,}")
        return data


class Report(TextAction):
    """The user's schedules and their runs of a `period`, by mail: the last day, week or month before the run, on the
    clocks of the schedule's time zone, or an interval such as `2027-01-01T00:00:00Z/2027-02-01T00:00:00Z`.
    """

    type: Literal["report"] = "report"
    to: Annotated[Addresses, Field(min_length=1)]
    period: Annotated[str, Field(max_length=64), AfterValidator(_period)] = "week"
    subject: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)] | None = None


class Webhook(ActionModel):
    """An HTTP POST of `body`, any JSON, to `url`. Without a body it says what is known of the run."""

    type: Literal["webhook"] = "webhook"
    url: Annotated[str, Field(max_length=2048)]
    headers: Annotated[dict[str, str], Field(max_length=50)] = {}
    body: JsonValue = None

    def to_action(self) -> Action:
        action = super().to_action()
        # No body and the body `null` are two things.
        body = {"body": self.body} if "body" in self.model_fields_set else {}
        return Action(action.type, {**action.data, **body})

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str, info: ValidationInfo) -> str:
        host = _host(url)
        is_own_machine = is_loopback(host)
        if not url.startswith("https://") and not is_own_machine:
            raise ValueError("must begin with https://")
        if is_own_machine and isinstance(info.context, ActionRules) and not info.context.loopback_webhooks:
            raise ValueError("must not point to this machine")
        if not is_own_machine and not may_be_public(host):
            raise ValueError("must point to an address of the public internet")
        return url

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
                raise ValueError(f"{name!r} is no header of printable ASCII characters")
            if is_reserved_header(name):
                raise ValueError(f"{name!r} is set by the sender")
        _check_each_once(headers)
        return headers


def _check_each_once(headers: Mapping[str, str]) -> None:
    """HTTP does not tell letter cases of header names apart. Raises ValueError."""
    seen: dict[str, str] = {}
    for name in headers:
        if (first := seen.setdefault(name.lower(), name)) != name:
            raise ValueError(f"{first!r} and {name!r} are the same header; give one of them")


def _host(url: str) -> str:
    try:
        address = urlsplit(url)
        port_is_fine = address.port != 0
    except ValueError:
        port_is_fine = False
    if (
        not port_is_fine
        or not VISIBLE.fullmatch(url)
        or not address.hostname
        or address.scheme not in ("http", "https")
    ):
        raise ValueError("must be a URL such as https://example.com/hook")
    if "@" in address.netloc:
        raise ValueError("must not hold a user or password: use `headers`")
    return address.hostname


class Event(ActionModel):
    """An event on the application's EventBridge bus. `source` is the product's own if left out."""

    type: Literal["event"] = "event"
    detail_type: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(one_line)]
    detail: dict[str, JsonValue] = {}
    source: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(one_line)] | None = None

    @field_validator("source")
    @classmethod
    def _is_not_of_aws(cls, source: str | None) -> str | None:
        if source is not None and source.startswith("aws."):
            raise ValueError("must not begin with aws.: AWS keeps that for itself")
        return source


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
            raise ValueError(f"{type_!r} is unknown; known are {', '.join(known)}")
        return type_


BUILT_IN: Mapping[str, type[ActionModel]] = {
    "email": Email,
    "sms": Sms,
    "push": Push,
    "webhook": Webhook,
    "report": Report,
    "event": Event,
}


def _tag(value: object) -> str:
    type_ = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return type_ if isinstance(type_, str) and type_ in BUILT_IN else "own"


AnyAction = Annotated[
    Annotated[Email, Tag("email")]
    | Annotated[Sms, Tag("sms")]
    | Annotated[Push, Tag("push")]
    | Annotated[Webhook, Tag("webhook")]
    | Annotated[Report, Tag("report")]
    | Annotated[Event, Tag("event")]
    | Annotated[OwnAction, Tag("own")],
    Discriminator(_tag),
]


def without_defaults(action: Action) -> dict[str, Any]:
    """The action's data without what is a default; data that its model refuses, as it is."""
    model = BUILT_IN.get(action.type)
    if model is None:
        return dict(action.data)
    try:
        valid = model.model_validate(as_clients_write(action))
    except ValidationError:
        return dict(action.data)
    data = valid.model_dump(exclude={"type", MARKER}, exclude_defaults=True)
    # No body and the body `null` are two things.
    data |= {name: None for name, value in action.data.items() if value is None}
    return data | ({MARKER: False} if _keeps_braces(action) else {})


def _keeps_braces(action: Action) -> bool:
    """Does it have texts with braces that are not filled?"""
    texts = (action.data.get(field) for field in TEXTS.get(action.type, ()))
    return action.data.get(MARKER) is not True and any(map(has_braces, texts))


def as_clients_write(action: Action) -> dict[str, Any]:
    """The reverse of `to_action`: built-in fields stand beside the type, an application's own below `data`."""
    data = dict(action.data)
    return {"type": action.type, **(data if action.type in BUILT_IN else {"data": data})}
