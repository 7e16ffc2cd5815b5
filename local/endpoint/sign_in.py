"""The local issuer's sign-in: OAuth 2.0 authorization code with PKCE (RFC 6749, RFC 7636), as the console uses it.

It has no passwords: the page at `/authorize` asks who signs in. Everything else is checked as on the internet, so that
the console has one way to sign in.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from local.endpoint.issuer import CLIENT_ID, TOKEN_SECONDS, Issuer
from local.endpoint.sign_in_page import page_headers, render, render_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CODE_SECONDS = 60
MOST_CODES = 1000
LONGEST_USER = 128
LAST_PORT = 65_535

# A whole URL in one expression: parsers differ in what they take for the host of http://[::1]evil.example/.
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:(?P<port>[0-9]{1,5}))?(/[!$-\[\]-~\"]*)?")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 7636, section 4.2: base64url of a SHA-256
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, section 4.1


class Refused(Exception):
    """A request is refused with an error code of RFC 6749, and a description for developers."""

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description
        super().__init__(f"{error}: {description}")


class NoClient(Exception):
    """The client or its redirect URI is not known, so the browser must not be redirected (RFC 6749, 4.1.2.1)."""


@dataclass(frozen=True)
class Authorization:
    """A valid authorization request."""

    redirect_uri: str
    challenge: str
    scope: str
    state: str | None
    nonce: str | None


@dataclass(frozen=True)
class Grant:
    """What a code stands for. `expires_at`: monotonic seconds."""

    authorization: Authorization
    user: str
    expires_at: float


class SignIn:
    """The endpoints `/authorize` and `/token`. `monotonic` returns seconds: a code is not aged by a clock advance."""

    def __init__(self, issuer: Issuer, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._monotonic = monotonic
        self._grants: OrderedDict[str, Grant] = OrderedDict()
        self._lock = Lock()

    def show(self, request: Request) -> Response:
        """Answer `GET /authorize` with the page that asks who signs in."""
        return self._authorized(request, lambda authorization: _page(render(), authorization.redirect_uri))

    def submit(self, request: Request) -> Response:
        """Answer the page's form: redirect to the client with a code for the user."""
        return self._authorized(request, lambda authorization: self._grant(authorization, request))

    def _authorized(self, request: Request, answer: Callable[[Authorization], Response]) -> Response:
        """Returns the answer to a valid request, else an error page or a redirect with the error."""
        try:
            redirect_uri = _client(request.values)
        except NoClient as error:
            return _page(render_error(str(error)), None, HTTPStatus.BAD_REQUEST)
        try:
            return answer(_authorization(request.values, redirect_uri))
        except Refused as refused:
            parameters = {"error": refused.error, "error_description": refused.description}
            return self._redirect(redirect_uri, parameters, request.values.get("state"))

    def _grant(self, authorization: Authorization, request: Request) -> Response:
        if request.headers.get("Origin") != _origin(self._issuer.url):
            return _page(render_error("The form must be sent from this page."), None, HTTPStatus.FORBIDDEN)
        user = request.form.get("user", "").strip()
        if not 0 < len(user) <= LONGEST_USER or not user.isprintable():
            problem = f"A user has 1 to {LONGEST_USER} printable characters."
            return _page(render(problem), authorization.redirect_uri, HTTPStatus.BAD_REQUEST)
        return self._redirect(
            authorization.redirect_uri, {"code": self._code(authorization, user)}, authorization.state
        )

    def _code(self, authorization: Authorization, user: str) -> str:
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._grants[code] = Grant(authorization, user, self._monotonic() + CODE_SECONDS)
            while len(self._grants) > MOST_CODES:
                self._grants.popitem(last=False)
        return code

    def _redirect(self, redirect_uri: str, parameters: Mapping[str, str], state: str | None) -> Response:
        """Returns the redirect to the client. It names the issuer, so that the client sees a mix-up (RFC 9207)."""
        parameters = {**parameters, **({} if state is None else {"state": state}), "iss": self._issuer.url}
        separator = "&" if "?" in redirect_uri else "?"
        location = f"{redirect_uri}{separator}{urlencode(parameters)}"
        headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(status=HTTPStatus.SEE_OTHER, headers=headers)

    def token(self, request: Request) -> Response:
        """Answer `POST /token`: exchange a code, or return a token for the form `user=alice&scope=schedules:read`.

        The latter is how `make token` gets one. A web page that is not of this machine gets neither.
        """
        origin = request.headers.get("Origin")
        if origin is not None and not _is_loopback(origin):
            return _error(Refused("invalid_request", f"the origin {origin} is not of this machine"), {})
        cors = _cors(origin)
        try:
            body = self._exchange(request.form) if "grant_type" in request.form else self._token_of(request.form)
        except Refused as refused:
            return _error(refused, cors)
        return _json(body, HTTPStatus.OK, cors)

    def preflight(self, request: Request) -> Response:
        """Answer a CORS preflight request for `/token`."""
        cors = _cors(request.headers.get("Origin"))
        allowed = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Accept, Content-Type",
            "Access-Control-Max-Age": "600",
        }
        is_allowed = "Access-Control-Allow-Origin" in cors
        return Response(status=HTTPStatus.NO_CONTENT, headers={**cors, **(allowed if is_allowed else {})})

    def _token_of(self, form: Mapping[str, str]) -> dict[str, object]:
        user = form.get("user", "")
        if not user:
            raise Refused("invalid_request", "grant_type or user is missing")
        return {"access_token": self._issuer.make_token(user, form.get("scope", "").split()), "token_type": "Bearer"}

    def _exchange(self, form: Mapping[str, str]) -> dict[str, object]:
        if form["grant_type"] != "authorization_code":
            raise Refused("unsupported_grant_type", "grant_type must be authorization_code")
        if form.get("client_id") != CLIENT_ID:
            raise Refused("invalid_client", f"client_id must be {CLIENT_ID}")
        for name in ("code", "redirect_uri", "code_verifier"):
            if not form.get(name):
                raise Refused("invalid_request", f"{name} is missing")
        grant = self._use(form["code"])
        _check(grant, form, self._monotonic())
        return self._tokens(grant)

    def _use(self, code: str) -> Grant:
        """Returns the code's grant and forgets it: one attempt, right or wrong, uses a code up."""
        with self._lock:
            grant = self._grants.pop(code, None)
        if grant is None:
            raise Refused("invalid_grant", "the code is unknown, or was used before")
        return grant

    def _tokens(self, grant: Grant) -> dict[str, object]:
        asked = grant.authorization
        tokens = {
            "access_token": self._issuer.make_token(grant.user, asked.scope.split()),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": asked.scope,
        }
        if "openid" in asked.scope.split():
            tokens["id_token"] = self._issuer.make_id_token(grant.user, CLIENT_ID, asked.nonce)
        return tokens


def _client(parameters: Mapping[str, str]) -> str:
    """Returns the redirect URI of the request. Raises NoClient unless it is the console's, on this machine."""
    if parameters.get("client_id") != CLIENT_ID:
        raise NoClient(f"invalid_request: client_id must be {CLIENT_ID}.")
    redirect_uri = parameters.get("redirect_uri", "")
    if not _is_loopback(redirect_uri):
        raise NoClient("invalid_request: redirect_uri must be an http URL of 127.0.0.1, localhost or [::1].")
    return redirect_uri


def _authorization(parameters: Mapping[str, str], redirect_uri: str) -> Authorization:
    """Raises Refused if a parameter is missing or not supported."""
    if parameters.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type must be code")
    if parameters.get("code_challenge_method") != "S256":
        raise Refused("invalid_request", "code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(parameters.get("code_challenge", "")):
        raise Refused("invalid_request", "code_challenge must be 43 characters of base64url")
    return Authorization(
        redirect_uri,
        challenge=parameters["code_challenge"],
        scope=parameters.get("scope", ""),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
    )


def _check(grant: Grant, form: Mapping[str, str], now: float) -> None:
    """Raises Refused if the code has expired, or the form is not of the client that the code was issued to."""
    if now > grant.expires_at:
        raise Refused("invalid_grant", f"the code has expired: it is valid for {CODE_SECONDS} seconds")
    if form["redirect_uri"] != grant.authorization.redirect_uri:
        raise Refused("invalid_grant", "redirect_uri is not that of the authorization request")
    verifier = form["code_verifier"]
    if not _VERIFIER.fullmatch(verifier):
        raise Refused("invalid_grant", "code_verifier must be 43 to 128 characters")
    if not secrets.compare_digest(_challenge(verifier), grant.authorization.challenge):
        raise Refused("invalid_grant", "code_verifier does not match code_challenge")


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _is_loopback(url: str) -> bool:
    """Returns whether `url` is an http URL or origin of this machine, without user, fragment and odd characters."""
    found = _LOOPBACK.fullmatch(url)
    return found is not None and int(found["port"] or 0) <= LAST_PORT


def _origin(url: str) -> str:
    place = urlsplit(url)
    return f"{place.scheme}://{place.netloc}"


def _cors(origin: str | None) -> dict[str, str]:
    allowed = {"Access-Control-Allow-Origin": origin} if origin and _is_loopback(origin) else {}
    return {"Vary": "Origin", **allowed}


def _page(content: str, redirect_uri: str | None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """`redirect_uri`: where the form leads to. Browsers apply `form-action` to the redirect as well."""
    return Response(
        content,
        status,
        page_headers(_origin(redirect_uri) if redirect_uri else None),
        content_type="text/html; charset=utf-8",
    )


def _error(refused: Refused, headers: Mapping[str, str]) -> Response:
    parameters = {"error": refused.error, "error_description": refused.description}
    return _json(parameters, HTTPStatus.BAD_REQUEST, headers)


def _json(body: Mapping[str, object], status: HTTPStatus, headers: Mapping[str, str]) -> Response:
    return Response(json.dumps(body), status, {"Cache-Control": "no-store", **headers}, content_type="application/json")
