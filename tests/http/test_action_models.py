"""The actions as Python makes them: what the Notification Lambda's action gets."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from chalicelib.actions import BUILT_IN, ActionRules, Email, Event, OwnAction, Webhook, as_clients_write
from chalicelib.core.schedule import Action
from notification.actions.registry import registered

MAIL = Email(to=["a@example.com"], subject="hello", text="It is time.")


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (MAIL, {"to": ["a@example.com"], "subject": "hello", "text": "It is time."}),
        (
            Email(to=["a@example.com"], cc=["b@example.com"], subject="hello", html="<p>It is time.</p>", text=None),
            {"to": ["a@example.com"], "cc": ["b@example.com"], "subject": "hello", "html": "<p>It is time.</p>"},
        ),
        (Webhook(url="https://example.com/hook"), {"url": "https://example.com/hook"}),
        (Webhook(url="https://example.com/", body=None), {"url": "https://example.com/", "body": None}),
        (Webhook(url="https://example.com/", body={"a": None}), {"url": "https://example.com/", "body": {"a": None}}),
        (Event(detail_type="trial.ended"), {"detail_type": "trial.ended"}),
        (Event(detail_type="trial.ended", detail={"a": None}), {"detail_type": "trial.ended", "detail": {"a": None}}),
        (OwnAction(type="invoice.remind", data={"invoice": 42}), {"invoice": 42}),
    ],
)
def test_the_lambda_gets_what_was_given_and_nothing_else(
    model: Email | Webhook | Event | OwnAction, data: dict[str, object]
) -> None:
    assert model.to_action() == Action(model.type, data)


def test_every_built_in_action_has_a_model_and_is_deployed() -> None:
    assert set(BUILT_IN) <= set(registered())
    assert all(model.model_fields["type"].default == type_ for type_, model in BUILT_IN.items())


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
