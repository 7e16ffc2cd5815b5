"""What the console is told of the issuer: read from its discovery document, kept, and only if it is safe to use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api.auth import IssuerUnavailable
from chalicelib.api.console.sign_in import SignIn, default_scope, origin_of
from tests.api.world import AUDIENCE, CLIENT, ISSUER, FakeIssuer, Stopwatch

HOUR = 3600.0


@pytest.fixture
def sign_in(issuer: FakeIssuer, time: Stopwatch) -> SignIn:
    return SignIn(CLIENT, issuer.fetch_configuration, monotonic=time)


def test_the_browser_gets_the_endpoints_and_the_client(sign_in: SignIn) -> None:
    assert sign_in.as_json() == {
        "issuer": ISSUER,
        "authorization_endpoint": "https://login.example.com/authorize",
        "token_endpoint": "https://tokens.example.com/token",
        "end_session_endpoint": None,
        "client_id": "console-7m4pq2",
        "scope": "openid schedules:read schedules:write",
        "audience": AUDIENCE,
    }


def test_the_endpoint_that_ends_a_session_is_told_if_there_is_one(sign_in: SignIn, issuer: FakeIssuer) -> None:
    issuer.configuration["end_session_endpoint"] = "https://login.example.com/logout"

    assert sign_in.as_json()["end_session_endpoint"] == "https://login.example.com/logout"


def test_the_document_is_asked_for_once_an_hour(sign_in: SignIn, issuer: FakeIssuer, time: Stopwatch) -> None:
    for _ in range(3):
        sign_in.as_json()
        sign_in.origins()
    assert issuer.asked == 1

    time.seconds += HOUR + 1
    sign_in.as_json()
    assert issuer.asked == 2


def test_a_document_that_is_known_works_on_while_the_issuer_is_down(
    sign_in: SignIn, issuer: FakeIssuer, time: Stopwatch
) -> None:
    known = sign_in.as_json()
    issuer.is_down = True
    time.seconds += 2 * HOUR

    assert sign_in.as_json() == known


def test_an_issuer_that_is_down_is_asked_again_after_ten_seconds_only(
    sign_in: SignIn, issuer: FakeIssuer, time: Stopwatch
) -> None:
    issuer.is_down = True
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):
            sign_in.as_json()
    assert issuer.asked == 1

    issuer.is_down = False
    time.seconds += 10
    assert sign_in.as_json()["client_id"] == CLIENT.client_id


def test_the_page_may_reach_the_issuer_itself_while_its_document_is_missing(
    sign_in: SignIn, issuer: FakeIssuer
) -> None:
    issuer.is_down = True

    assert sign_in.origins() == (ISSUER, ISSUER)


def test_the_page_of_an_issuer_without_https_may_reach_the_api_only(issuer: FakeIssuer) -> None:
    issuer.is_down = True
    client = replace(CLIENT, issuer="http://issuer.internal")

    assert SignIn(client, issuer.fetch_configuration).origins() == (None, None)


def test_the_page_may_reach_the_endpoints_of_the_document(sign_in: SignIn) -> None:
    assert sign_in.origins() == ("https://tokens.example.com", "https://login.example.com")


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_endpoint": "http://tokens.example.com/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://a.example.com; script-src *"},
        {"token_endpoint": "https://user:secret@tokens.example.com/token"},
        {"token_endpoint": ""},
        {"token_endpoint": 5},
        {"token_endpoint": ["https://tokens.example.com"]},
        {"end_session_endpoint": "http://login.example.com/logout"},
        {"end_session_endpoint": {}},
    ],
)
def test_a_document_with_an_endpoint_that_cannot_be_trusted_is_not_used(
    sign_in: SignIn, issuer: FakeIssuer, wrong: dict[str, Any]
) -> None:
    issuer.configuration |= wrong

    with pytest.raises(IssuerUnavailable):
        sign_in.as_json()


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint"])
def test_a_document_without_an_endpoint_is_not_used(sign_in: SignIn, issuer: FakeIssuer, name: str) -> None:
    del issuer.configuration[name]

    with pytest.raises(IssuerUnavailable):
        sign_in.as_json()


@pytest.mark.parametrize("document", [[], None, "no object"])
def test_a_document_that_is_no_object_is_not_used(document: Any) -> None:
    with pytest.raises(IssuerUnavailable):
        SignIn(CLIENT, lambda: document).as_json()


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://tenant.eu.auth0.com/", "https://tenant.eu.auth0.com"),
        ("https://login.example.com:8443/a/b?c#d", "https://login.example.com:8443"),
        ("http://127.0.0.1:4566/_local/issuer", "http://127.0.0.1:4566"),
        ("http://[::1]:4566/", "http://[::1]:4566"),
    ],
)
def test_an_origin_is_scheme_and_host(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_the_scopes_of_a_user_have_the_prefix_of_the_resource_server() -> None:
    assert default_scope("tasks/") == "openid tasks/schedules:read tasks/schedules:write"
