"""The actions as Python makes them: what the Notification Lambda's action gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from chalicelib.core.actions.templates import TEXTS
from chalicelib.core.model.schedule import Action
from chalicelib.scheduling.actions import (
    BUILT_IN,
    ActionModel,
    ActionRules,
    AnyAction,
    Email,
    Event,
    OwnAction,
    Push,
    Report,
    Sms,
    TextAction,
    Webhook,
    as_clients_write,
)
from notification.actions.registry import registered

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
DEVICE = "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
MAIL = Email(to=["a@example.com"], subject="hello", text="It is time.")


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
def test_the_lambda_gets_what_was_given_and_nothing_else(model: ActionModel, data: dict[str, object]) -> None:
    assert model.to_action() == Action(model.type, data)


def test_every_built_in_action_has_a_model_and_is_deployed() -> None:
    assert set(BUILT_IN) <= set(registered())
    assert all(model.model_fields["type"].default == type_ for type_, model in BUILT_IN.items())


def test_every_built_in_action_is_read_as_itself() -> None:
    variants = {get_args(variant)[0] for variant in get_args(get_args(AnyAction)[0])}

    assert variants == {*BUILT_IN.values(), OwnAction}


@pytest.mark.parametrize("type_", BUILT_IN)
def test_every_built_in_action_is_documented_with_its_fields(type_: str) -> None:
    (row,) = [line for line in DOCS.read_text().splitlines() if line.startswith(f'| `{{"type": "{type_}"')]

    fields = set(BUILT_IN[type_].model_fields) - {"placeholders"}
    assert {field for field in fields if f'"{field}"' not in row and f"`{field}`" not in row} == set()


@pytest.mark.parametrize("type_", TEXTS)
def test_each_text_of_an_action_is_a_field_of_its_model(type_: str) -> None:
    model = BUILT_IN[type_]

    assert set(TEXTS[type_]) <= set(model.model_fields)
    assert issubclass(model, TextAction)


def test_python_refuses_what_http_refuses() -> None:
    with pytest.raises(ValidationError, match="mail address"):
        Email(to=["b"], subject="hello", text="It is time.")


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/", "http://127.0.0.1/", "http://[::1]:8000/", "https://127.8.8.8/"]
)
def test_a_webhook_to_this_machine_is_for_the_local_stage_only(url: str) -> None:
    local, deployed = ActionRules(loopback_webhooks=True), ActionRules()

    assert Webhook.model_validate({"type": "webhook", "url": url}, context=local).url == url
    with pytest.raises(ValidationError, match="this machine"):
        Webhook.model_validate({"type": "webhook", "url": url}, context=deployed)


@pytest.mark.parametrize(
    "address", ["a@example.com", "a.b+c@mail.example.co.uk", "o'neil@example.com", "x@xn--bcher-kva.example"]
)
def test_ordinary_addresses_are_taken(address: str) -> None:
    assert Email(to=[address], subject="hello", text="x").to == [address]


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@example.com", "a@b", "a b@example.com", "a@example.com\n", "ä@example.com", "a..b@example.com"],
)
def test_what_ses_would_refuse_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="mail address"):
        Email(to=[address], subject="hello", text="x")


def test_a_subject_may_hold_any_letters() -> None:
    assert Email(to=["a@example.com"], subject="👨‍👩‍👧 お知らせ　です", text="x").subject == "👨‍👩‍👧 お知らせ　です"


@pytest.mark.parametrize("model", [MAIL, OwnAction(type="invoice.remind", data={"type": "x", "data": 1})])
def test_what_clients_get_is_what_they_wrote(model: Email | OwnAction) -> None:
    assert as_clients_write(model.to_action()) == model.model_dump(exclude_unset=True) | {"type": model.type}


def test_a_text_with_braces_says_that_it_is_to_be_filled() -> None:
    filled = Email(to=["a@example.com"], subject="About {{name}}", text="x").to_action()

    assert filled.data["placeholders"] is True
    assert "placeholders" not in MAIL.to_action().data


def test_whoever_wants_braces_can_have_them_unread() -> None:
    literal = Email(to=["a@example.com"], subject="{{", text="{{nam}}", placeholders=False)

    assert literal.to_action().data["placeholders"] is False


@pytest.mark.parametrize("placeholders", [True, False])
def test_what_clients_get_can_be_sent_again(*, placeholders: bool) -> None:
    model = Email(to=["a@example.com"], subject="{{name}}", text="x", placeholders=placeholders)

    again = Email.model_validate(as_clients_write(model.to_action()))

    assert again.to_action() == model.to_action()


def refusal(type_: str, **fields: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        BUILT_IN[type_](**fields)
    return str(refused.value)


@pytest.mark.parametrize(
    ("type_", "fields", "message"),
    [
        ("email", {"to": ["a@example.com"], "subject": "{{nam}}", "text": "x"}, "{{nam}} is no placeholder"),
        ("email", {"to": ["a@example.com"], "subject": "x", "html": "{{"}, "begins no placeholder"),
        ("sms", {"to": "0170 1234567", "text": "x"}, "must be a phone number"),
        ("sms", {"to": "+491701234567", "text": "x" * 1601}, "at most 1600"),
        ("sms", {"to": "+491701234567", "text": "{{metadata}}"}, "{{metadata}} is no placeholder"),
        ("sms", {"to": "+491701234567", "text": "x", "sender_id": "12345"}, "with a letter among them"),
        ("sms", {"to": "+491701234567", "text": "x", "sender_id": "A SHOP"}, "letters and digits"),
        ("push", {"endpoint": "arn:aws:sns:eu-central-1:1:topic", "title": "x", "text": "x"}, "platform endpoint"),
        ("push", {"endpoint": DEVICE, "title": "a\nb", "text": "x"}, "one line"),
        ("push", {"endpoint": DEVICE, "title": "x", "text": "x", "data": {"aps": "x"}}, "'aps' is no key"),
        ("push", {"endpoint": DEVICE, "title": "x", "text": "x", "data": {"gcm.n": "x"}}, "'gcm.n' is no key"),
        ("push", {"endpoint": DEVICE, "title": "x", "text": "x", "data": {"a": "x" * 2048}}, "the limit is 2,048"),
        ("report", {"to": []}, "at least 1 item"),
        ("report", {"to": ["a@example.com"], "period": "year"}, "must be day, week, month or like"),
        ("report", {"to": ["a@example.com"], "subject": "a\r\nBcc: b@example.com"}, "one line"),
    ],
)
def test_what_could_not_be_sent_is_refused(type_: str, fields: dict[str, Any], message: str) -> None:
    assert message in refusal(type_, **fields)
