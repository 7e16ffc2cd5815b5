"""The actions as Python makes them: what the Notification Lambda's action gets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from pydantic import ValidationError

from chalicelib.actions import built_in
from chalicelib.actions.email import Email
from chalicelib.actions.event import Event
from chalicelib.actions.push import Push
from chalicelib.actions.report import Report
from chalicelib.actions.sms import Sms
from chalicelib.actions.webhook import Webhook
from chalicelib.core.actions.fields import ActionRules
from chalicelib.core.errors import InvalidInput
from chalicelib.scheduling.actions import (
    BUILT_IN,
    AnyAction,
    OwnAction,
    as_clients_write,
)
from chalicelib.scheduling.arguments.bodies import ActionLike, UpdateSchedule, checked
from notification.actions.registry import registered

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Action

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
DEVICE = "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
MAIL = Email(to=["a@example.com"], subject="hello", text="It is time.")


def action_of(given: ActionLike) -> Action:
    action: Action = checked(UpdateSchedule, {"action": given}, None)["action"]
    return action


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (MAIL, {"to": ["a@example.com"], "subject": "hello", "text": "It is time."}),
        (
            Email(to=["a@example.com"], cc=["b@example.com"], subject="hello", html="<p>It is time.</p>", text=None),
            {"to": ["a@example.com"], "cc": ["b@example.com"], "subject": "hello", "html": "<p>It is time.</p>"},
        ),
        (Sms(to="+491701234567", text="It is time."), {"to": "+491701234567", "text": "It is time."}),
        (
            Push(endpoint=DEVICE, title="Trial", text="It ends.", data={"trial": "7"}),
            {"endpoint": DEVICE, "title": "Trial", "text": "It ends.", "data": {"trial": "7"}},
        ),
        (Report(to=["a@example.com"]), {"to": ["a@example.com"]}),
        (Report(to=["a@example.com"], period="month"), {"to": ["a@example.com"], "period": "month"}),
        (Webhook(url="https://example.com/hook"), {"url": "https://example.com/hook"}),
        (Webhook(url="https://example.com/", body=None), {"url": "https://example.com/", "body": None}),
        (Webhook(url="https://example.com/", body={"a": None}), {"url": "https://example.com/", "body": {"a": None}}),
        (Event(detail_type="trial.ended"), {"detail_type": "trial.ended"}),
        (Event(detail_type="trial.ended", detail={"a": None}), {"detail_type": "trial.ended", "detail": {"a": None}}),
        (OwnAction(type="invoice.remind", data={"invoice": 42}), {"invoice": 42}),
    ],
)
def test_the_lambda_gets_what_was_given_and_nothing_else(model: ActionLike, data: dict[str, object]) -> None:
    assert action_of(model).data == data


def test_every_built_in_action_has_a_model_and_is_deployed() -> None:
    assert set(BUILT_IN) == set(built_in()) <= set(registered())


def test_every_built_in_action_is_read_as_itself() -> None:
    variants = {get_args(variant)[0] for variant in get_args(get_args(AnyAction)[0])}

    assert variants == {*BUILT_IN.values(), OwnAction}


@pytest.mark.parametrize("type_", BUILT_IN)
def test_every_built_in_action_is_documented_with_its_fields(type_: str) -> None:
    (row,) = [line for line in DOCS.read_text().splitlines() if line.startswith(f'| `{{"type": "{type_}"')]

    fields = set(BUILT_IN[type_].model_fields) - {"placeholders"}
    assert {field for field in fields if f'"{field}"' not in row and f"`{field}`" not in row} == set()


def test_python_refuses_what_http_refuses() -> None:
    with pytest.raises(InvalidInput) as refused:
        action_of(Email(to=["a@example.com", "b"], subject="hello", text="It is time."))

    (error,) = refused.value.errors
    assert (error.field, error.message) == ("action.to.1", "must be an email address such as a@example.com")


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/", "http://127.0.0.1/", "http://[::1]:8000/", "https://127.8.8.8/"]
)
def test_a_webhook_to_this_machine_is_for_the_local_stage_only(url: str) -> None:
    local, deployed = ActionRules(loopback_webhooks=True), ActionRules()

    webhook = BUILT_IN["webhook"]
    assert webhook.model_validate({"type": "webhook", "url": url}, context=local).to_action().data == {"url": url}
    with pytest.raises(ValidationError, match="loopback address"):
        webhook.model_validate({"type": "webhook", "url": url}, context=deployed)


@pytest.mark.parametrize(
    "address", ["a@example.com", "a.b+c@mail.example.co.uk", "o'neil@example.com", "x@xn--bcher-kva.example"]
)
def test_ordinary_addresses_are_taken(address: str) -> None:
    assert action_of(Email(to=[address], subject="hello", text="x")).data["to"] == [address]


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@example.com", "a@b", "a b@example.com", "a@example.com\n", "ä@example.com", "a..b@example.com"],
)
def test_what_ses_would_refuse_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="mail address"):
        action_of(Email(to=[address], subject="hello", text="x"))


def test_a_subject_may_hold_any_letters() -> None:
    action = action_of(Email(to=["a@example.com"], subject="👨‍👩‍👧 お知らせ　です", text="x"))

    assert action.data["subject"] == "👨‍👩‍👧 お知らせ　です"


@pytest.mark.parametrize(
    "written",
    [
        {"type": "email", "to": ["a@example.com"], "subject": "hello", "text": "It is time."},
        {"type": "webhook", "url": "https://example.com/", "body": None},
        {"type": "invoice.remind", "data": {"type": "x", "data": 1}},
    ],
)
def test_what_clients_get_is_what_they_wrote(written: dict[str, Any]) -> None:
    model = BUILT_IN.get(written["type"], OwnAction)

    assert as_clients_write(model.model_validate(written).to_action()) == written


def test_a_text_with_braces_says_that_it_is_to_be_filled() -> None:
    filled = action_of(Email(to=["a@example.com"], subject="About {{name}}", text="x"))

    assert filled.data["placeholders"] is True
    assert "placeholders" not in action_of(MAIL).data


def test_whoever_wants_braces_can_have_them_unread() -> None:
    literal = action_of(Email(to=["a@example.com"], subject="{{", text="{{nam}}", placeholders=False))

    assert literal.data["placeholders"] is False


@pytest.mark.parametrize("placeholders", [True, False])
def test_what_clients_get_can_be_sent_again(*, placeholders: bool) -> None:
    action = action_of(Email(to=["a@example.com"], subject="{{name}}", text="x", placeholders=placeholders))

    again = BUILT_IN["email"].model_validate(as_clients_write(action))

    assert again.to_action() == action


def refusal(type_: str, **fields: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        BUILT_IN[type_](**fields)
    return str(refused.value)


@pytest.mark.parametrize(
    ("type_", "fields", "message"),
    [
        ("email", {"to": ["a@example.com"], "subject": "{{nam}}", "text": "x"}, "{{nam}} is not a placeholder"),
        ("email", {"to": ["a@example.com"], "subject": "x", "html": "{{"}, "without a placeholder"),
        ("sms", {"to": "0170 1234567", "text": "x"}, "must be a phone number"),
        ("sms", {"to": "+491701234567", "text": "x" * 1601}, "at most 1600"),
        ("sms", {"to": "+491701234567", "text": "{{metadata}}"}, "{{metadata}} is not a placeholder"),
        ("sms", {"to": "+491701234567", "text": "x", "sender_id": "12345"}, "with at least one letter"),
        ("sms", {"to": "+491701234567", "text": "x", "sender_id": "A SHOP"}, "letters and digits"),
        ("push", {"endpoint": "arn:aws:sns:eu-central-1:1:topic", "title": "x", "text": "x"}, "platform endpoint"),
        ("push", {"endpoint": DEVICE, "title": "a\nb", "text": "x"}, "one line"),
        ("push", {"endpoint": DEVICE, "title": "x", "text": "x", "data": {"aps": "x"}}, "'aps' is not an allowed key"),
        (
            "push",
            {"endpoint": DEVICE, "title": "x", "text": "x", "data": {"gcm.n": "x"}},
            "'gcm.n' is not an allowed key",
        ),
        ("push", {"endpoint": DEVICE, "title": "x", "text": "x", "data": {"a": "x" * 2048}}, "the limit is 2,048"),
        ("report", {"to": []}, "at least 1 item"),
        ("report", {"to": ["a@example.com"], "period": "year"}, "must be day, week, month or an interval such as"),
        ("report", {"to": ["a@example.com"], "subject": "a\r\nBcc: b@example.com"}, "one line"),
    ],
)
def test_what_could_not_be_sent_is_refused(type_: str, fields: dict[str, Any], message: str) -> None:
    assert message in refusal(type_, **fields)
