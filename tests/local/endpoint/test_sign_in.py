"""The local issuer signs a user in as RFC 6749 and RFC 7636 say, and refuses what an attacker would try."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from local.endpoint.issuer import AUDIENCE, CLIENT_ID, Issuer
from local.endpoint.sign_in import CODE_SECONDS, MOST_CODES, SignIn

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Response

CLOUD = "http://127.0.0.1:4566"
URL = f"{CLOUD}/_local/issuer"
CONSOLE = "http://127.0.0.1:8000/console"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ASKED = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": CONSOLE,
    "scope": "openid schedules:read",
    "state": "af0ifjsldkj",
    "nonce": "n-0S6_WzA2Mj",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@dataclass
class Browser:
    """Sends a browser's requests to the local issuer. `seconds` pass when told to."""

    issuer: Issuer
    seconds: float = 1000.0
    endpoint: SignIn = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = SignIn(self.issuer, monotonic=lambda: self.seconds)

    def open(self, **changed: str | None) -> Response:
        return self.endpoint.show(request("GET", asked(changed)))

    def submit(self, user: str = "alice", /, **changed: str | None) -> Response:
        return self.submit_from(CLOUD, user, **changed)

    def submit_from(self, origin: str | None, user: str = "alice", /, **changed: str | None) -> Response:
        return self.endpoint.submit(request("POST", asked(changed), {"user": user}, origin))

    def code(self, user: str = "alice", **changed: str | None) -> str:
        return told(self.submit(user, **changed))["code"]

    def exchange(self, code: str, /, origin: str | None = "http://127.0.0.1:8000", **changed: str | None) -> Response:
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CONSOLE,
            "client_id": CLIENT_ID,
            "code_verifier": VERIFIER,
        }
        form = {name: value for name, value in (usual | changed).items() if value is not None}
        return self.endpoint.token(request("POST", {}, form, origin))


def asked(changed: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in (ASKED | changed).items() if value is not None}


def request(
    method: str, query: dict[str, str], form: dict[str, str] | None = None, origin: str | None = None
) -> Request:
    headers = Headers({"Origin": origin} if origin else {})
    query_string = urlencode(query)
    return Request(
        EnvironBuilder(method=method, query_string=query_string, data=form or {}, headers=headers).get_environ()
    )


def told(response: Response) -> dict[str, str]:
    """The parameters of a redirect to the console."""
    location = response.headers["Location"]
    assert location.startswith(f"{CONSOLE}?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query, strict_parsing=True).items()}


def error_of(response: Response) -> tuple[int, str]:
    answer: dict[str, Any] = response.get_json()
    assert answer["error_description"]
    return response.status_code, answer["error"]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    directory: Path = tmp_path_factory.mktemp("issuer")
    return Issuer(directory, URL)


@pytest.fixture
def browser(issuer: Issuer) -> Browser:
    return Browser(issuer)


# It works


def test_one_click_signs_alice_in(browser: Browser) -> None:
    page = browser.open().get_data(as_text=True)
    forms = re.findall(r'<form method="post">(.*?)</form>', page, re.DOTALL)

    assert '<input type="hidden" name="user" value="alice">' in forms[0]
    assert re.findall(r"<button.*?>(.*?)</button>", page) == ["Sign in as alice", "Sign in"]
    assert '<input id="user" name="user" required' in forms[1]


def test_the_browser_returns_to_the_console_with_code_state_and_issuer(browser: Browser) -> None:
    response = browser.submit()

    assert response.status_code == 303
    assert told(response).keys() == {"code", "state", "iss"}
    assert (told(response)["state"], told(response)["iss"]) == ("af0ifjsldkj", URL)


def test_the_code_becomes_a_token_of_the_user_with_the_scopes_that_were_asked_for(browser: Browser) -> None:
    answer = browser.exchange(browser.code("o'brien")).get_json()

    claims = verified(browser, answer["access_token"], AUDIENCE)
    assert (claims["sub"], claims["scope"]) == ("o'brien", "openid schedules:read")
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "openid schedules:read")
    assert answer["expires_in"] == claims["exp"] - claims["iat"]


def test_the_console_learns_who_signed_in_and_that_it_asked(browser: Browser) -> None:
    claims = verified(browser, browser.exchange(browser.code()).get_json()["id_token"], CLIENT_ID)

    assert (claims["iss"], claims["sub"], claims["nonce"]) == (URL, "alice", "n-0S6_WzA2Mj")


def test_without_the_scope_openid_there_is_no_id_token(browser: Browser) -> None:
    assert "id_token" not in browser.exchange(browser.code(scope="schedules:read")).get_json()


def verified(browser: Browser, token: str, audience: str) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_dict(browser.issuer.keys())[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=URL)
    return claims


def test_the_discovery_document_has_the_members_that_a_client_needs(browser: Browser) -> None:
    document = browser.issuer.configuration()

    assert document["authorization_endpoint"] == f"{URL}/authorize"
    assert document["token_endpoint"] == f"{URL}/token"
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["subject_types_supported"] == ["public"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]


# The authorization endpoint


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        "/console",
        "//evil.example/console",
        "https://evil.example/console",
        "http://evil.example/console",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://evil.example@127.0.0.1/",
        "http://localhost.evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "http://127.0.0.1:80\\.evil.example/",
        "http://127.0.0.1:99999/",
        "http://[::1]evil.example/",
        "http://0.0.0.0:8000/",
        "http://127.0.0.1:8000/console#fragment",
        "http://127.0.0.1:8000/\r\nSet-Cookie: a=b",
        "http://127.0.0.1:8000/ console",
        "https://127.0.0.1:8000/console",
        "javascript:alert(1)",
        "data:text/html,hello",
    ],
)
def test_it_never_redirects_to_another_machine(browser: Browser, redirect_uri: str | None) -> None:
    for response in (browser.open(redirect_uri=redirect_uri), browser.submit(redirect_uri=redirect_uri)):
        assert response.status_code == 400
        assert "Location" not in response.headers
        assert "redirect_uri must be" in response.get_data(as_text=True)


@pytest.mark.parametrize("place", ["http://localhost:8000/console", "http://[::1]:9/x?y=z", CONSOLE])
def test_it_redirects_to_any_port_of_this_machine(browser: Browser, place: str) -> None:
    location = browser.submit(redirect_uri=place).headers["Location"]

    assert location.startswith(f"{place}&code=" if "?" in place else f"{place}?code=")


@pytest.mark.parametrize("client", [None, "", "another", "<script>alert(1)</script>"])
def test_an_unknown_client_is_not_redirected_and_not_shown(browser: Browser, client: str | None) -> None:
    response = browser.open(client_id=client)

    assert (response.status_code, "Location" in response.headers) == (400, False)
    assert "<script" not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
    ],
)
def test_a_request_without_pkce_or_for_another_flow_is_told_to_the_client(
    browser: Browser, changed: dict[str, str | None], error: str
) -> None:
    for response in (browser.open(**changed), browser.submit(**changed)):
        assert response.status_code == 303
        assert told(response).keys() == {"error", "error_description", "state", "iss"}
        assert (told(response)["error"], told(response)["state"]) == (error, "af0ifjsldkj")


def test_without_a_state_none_is_returned(browser: Browser) -> None:
    assert told(browser.submit(state=None)).keys() == {"code", "iss"}


@pytest.mark.parametrize("state", ["<script>alert(1)</script>", 'a"&code=stolen&x="', "a\r\nSet-Cookie: b=c", "é ü #"])
def test_a_hostile_state_comes_back_as_it_was_and_adds_nothing(browser: Browser, state: str) -> None:
    assert state not in browser.open(state=state).get_data(as_text=True)

    response = browser.submit(state=state)

    assert told(response)["state"] == state
    assert len(parse_qs(urlsplit(response.headers["Location"]).query)["code"]) == 1


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "<img src=x onerror=alert(1)>", "o'brien & sons"])
def test_a_hostile_name_is_a_name(browser: Browser, name: str) -> None:
    response = browser.submit(name)

    assert told(response).keys() == {"code", "state", "iss"}
    answer = browser.exchange(told(response)["code"]).get_json()
    assert verified(browser, answer["access_token"], AUDIENCE)["sub"] == name


@pytest.mark.parametrize("name", ["", "   ", "x" * 129, "a\nb", "\u202egnp.exe"])
def test_a_name_that_no_user_can_have_is_asked_for_again(browser: Browser, name: str) -> None:
    response = browser.submit(name)

    page = response.get_data(as_text=True)
    assert (response.status_code, "Location" in response.headers) == (400, False)
    assert "A user has 1 to 128 printable characters." in page
    assert "Sign in as alice" in page


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:8000", f"{CLOUD}.evil.com"])
def test_the_form_of_another_page_signs_nobody_in(browser: Browser, origin: str | None) -> None:
    response = browser.submit_from(origin)

    assert (response.status_code, "Location" in response.headers) == (403, False)


def test_the_page_has_no_script_and_leads_to_the_issuer_and_the_client_only(browser: Browser) -> None:
    response = browser.open()
    page = response.get_data(as_text=True)
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))

    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{standard(sha256(style.encode()).digest())}'",
        "img-src": "data:",
        "form-action": "'self' http://127.0.0.1:8000",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert re.findall(r"<script|\sstyle=|\son\w+=|https?://", page) == []
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"


def standard(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().translate(str.maketrans("-_", "+/"))


# The token endpoint


def test_a_code_is_good_once(browser: Browser) -> None:
    code = browser.code()

    assert browser.exchange(code).status_code == 200
    assert error_of(browser.exchange(code)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": CHALLENGE},
        {"code_verifier": "short"},
        {"code_verifier": VERIFIER + "é"},
        {"redirect_uri": "http://127.0.0.1:9000/console"},
        {"redirect_uri": CONSOLE + "/"},
    ],
)
def test_another_client_cannot_use_a_code_that_it_stole_and_its_attempt_uses_it_up(
    browser: Browser, wrong: dict[str, str | None]
) -> None:
    code = browser.code()

    assert error_of(browser.exchange(code, **wrong)) == (400, "invalid_grant")
    assert error_of(browser.exchange(code)) == (400, "invalid_grant")


def test_a_code_ends_after_a_minute(browser: Browser) -> None:
    in_time, late = browser.code(), browser.code()

    browser.seconds += CODE_SECONDS
    assert browser.exchange(in_time).status_code == 200
    browser.seconds += 1
    assert error_of(browser.exchange(late)) == (400, "invalid_grant")


def test_codes_that_nobody_exchanges_do_not_fill_the_memory(browser: Browser) -> None:
    first, *_, last = [browser.code() for _ in range(MOST_CODES + 1)]

    assert error_of(browser.exchange(first)) == (400, "invalid_grant")
    assert browser.exchange(last).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_id": None}, "invalid_client"),
        ({"client_id": "another"}, "invalid_client"),
        ({"code": "invented"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code_verifier": None}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_answered_with_the_error_of_rfc_6749(
    browser: Browser, changed: dict[str, str | None], error: str
) -> None:
    response = browser.exchange(browser.code(), **changed)

    assert error_of(response) == (400, error)
    assert response.headers["Cache-Control"] == "no-store"


def test_a_grant_type_does_not_make_the_form_of_make_token_a_way_around_the_code(browser: Browser) -> None:
    form = {"grant_type": "authorization_code", "user": "alice", "scope": "schedules:admin"}

    response = browser.endpoint.token(request("POST", {}, form))

    assert error_of(response) == (400, "invalid_client")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://localhost:3000", "http://[::1]:8000"])
def test_a_page_of_this_machine_may_read_the_answer(browser: Browser, origin: str) -> None:
    answer = browser.exchange(browser.code(), origin=origin)
    refused = browser.exchange("invented", origin=origin)
    preflight = browser.endpoint.preflight(request("OPTIONS", {}, origin=origin))

    for response in (answer, refused, preflight):
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert response.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in response.headers
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Methods"]) == (204, "POST")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://"])
def test_a_page_of_another_machine_gets_no_token_by_either_form(browser: Browser, origin: str) -> None:
    code = browser.code()
    simple = request("POST", {}, {"user": "alice"}, origin)

    for response in (browser.exchange(code, origin=origin), browser.endpoint.token(simple)):
        assert error_of(response) == (400, "invalid_request")
        assert "Access-Control-Allow-Origin" not in response.headers
    preflight = browser.endpoint.preflight(request("OPTIONS", {}, origin=origin))
    assert not [name for name in preflight.headers if name[0].startswith("Access-Control")]
    assert browser.exchange(code).status_code == 200, "its attempt does not use the code up"
