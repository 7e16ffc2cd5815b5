"""Verifies bearer JWTs and returns a Caller(user_id, scopes). The issuer's keys are cached between requests.

Only RS256 and ES256 are accepted. A token that names `none`, or a symmetric algorithm (which would use the public key
as a shared secret), is refused before a key is looked up.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
import urllib3

from ..core.actions.public_addresses import is_loopback
from ..core.errors import ScheduledTasksError
from ..core.model import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chalice.app import Request

ALGORITHMS = ("RS256", "ES256")
CLOCK_SKEW_SECONDS = 60
KEYS_MAX_AGE_SECONDS = 3600
KEYS_MIN_INTERVAL_SECONDS = 10
"""Shortest interval between two requests to the issuer, so that tokens with unknown keys cannot flood it."""

KEYS_TIMEOUT = urllib3.Timeout(connect=1, read=3)
_UNUSABLE = (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError)
"""What a request to the issuer, or reading its document, raises."""

_LOG = logging.getLogger(__name__)


class Scope(StrEnum):
    """Scopes of a token. `schedules:admin` includes the other two and allows acting for another user."""

    READ = "schedules:read"
    WRITE = "schedules:write"
    ADMIN = "schedules:admin"


class NotAuthenticated(ScheduledTasksError):
    """The request carries no bearer token."""

    challenge = "Bearer"


class InvalidToken(ScheduledTasksError):
    """The bearer token is not valid."""

    challenge = 'Bearer error="invalid_token"'


class ScopeMissing(ScheduledTasksError):
    """The token does not allow this."""

    def __init__(self, scope: Scope, purpose: str = "this request") -> None:
        self.scope = scope
        self.challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(f"{purpose} needs the scope {scope}")


class IssuerUnavailable(ScheduledTasksError):
    """The documents of the token issuer cannot be fetched. Try again shortly."""

    retry_after_seconds = KEYS_MIN_INTERVAL_SECONDS


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated user and their scopes. An application with its own login returns it from its `caller` function.

    Raises InvalidToken if `user_id` is not a valid user id.
    """

    user_id: str
    scopes: frozenset[str]

    def __post_init__(self) -> None:
        if not ids.is_user_id(self.user_id):
            allowed = f"1 to {ids.USER_ID_BYTES} printable bytes"
            raise InvalidToken(f"{self.user_id!r} is not a valid user id; allowed: {allowed}")

    @property
    def is_admin(self) -> bool:
        return Scope.ADMIN in self.scopes

    def require(self, scope: Scope) -> None:
        """Raises ScopeMissing if the caller has neither the scope nor `schedules:admin`."""
        if scope not in self.scopes and not self.is_admin:
            raise ScopeMissing(scope)

    def acting_for(self, user_id: str | None) -> str:
        """Returns the user whose schedules the request is about; None means the caller.

        Raises ScopeMissing if that is another user and the caller is not an admin.
        """
        if user_id is None or user_id == self.user_id:
            return self.user_id
        if not self.is_admin:
            raise ScopeMissing(Scope.ADMIN, "acting for another `user_id`")
        return user_id


class Authenticator:
    """Returns the Caller of a request from its bearer token."""

    def __init__(
        self,
        signing_keys: SigningKeys,
        *,
        issuer: str,
        audience: str,
        user_claim: str = "sub",
        scope_prefix: str = "",
    ) -> None:
        self._signing_keys = signing_keys
        self._issuer = issuer
        self._audience = audience
        self._user_claim = user_claim
        self._scope_prefix = scope_prefix

    def __call__(self, request: Request) -> Caller:
        """Raises NotAuthenticated without a token, InvalidToken, or IssuerUnavailable without the issuer's keys."""
        claims = self._claims(_bearer_token(request.headers.get("authorization", "")))
        return Caller(claims[self._user_claim], _scopes(claims, self._scope_prefix))

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._signing_keys.find(_key_id(token)),
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss", self._user_claim], "verify_aud": False},
            )
            _check_audience(claims, self._audience)
        except (jwt.PyJWTError, RecursionError) as exc:  # PyJWT does not catch RecursionError of deeply nested JSON
            raise InvalidToken(f"The bearer token is not valid: {exc}") from exc
        return claims


class SigningKeys:
    """Cache of an issuer's public keys, by key id.

    `fetch` returns JSON Web Keys (RFC 7517) or raises IssuerUnavailable; `monotonic` returns seconds. An unknown key id
    causes a new fetch, so a key rotation needs no deployment. Cached keys remain valid while the issuer is down.
    """

    def __init__(
        self, fetch: Callable[[], Sequence[Mapping[str, Any]]], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetching = threading.Lock()
        self._asked_at = self._answered_at = float("-inf")

    def find(self, key_id: str) -> jwt.PyJWK:
        """Raises InvalidToken if the issuer has no such key, IssuerUnavailable if its keys cannot be fetched."""
        is_known = key_id in self._keys
        # Only a thread without its key waits for the keys that another thread is fetching.
        if (not is_known or self._age(self._answered_at) > KEYS_MAX_AGE_SECONDS) and self._fetching.acquire(
            blocking=not is_known
        ):
            try:
                self._renew()
            finally:
                self._fetching.release()
        if key_id in self._keys:
            return self._keys[key_id]
        if self._answered_at < self._asked_at:
            raise IssuerUnavailable
        raise InvalidToken("The bearer token is not valid: its issuer has no such key")

    def _renew(self) -> None:
        if self._age(self._asked_at) < KEYS_MIN_INTERVAL_SECONDS:
            return
        self._asked_at = self._monotonic()
        try:
            self._keys = dict(_usable(self._fetch()))
        except IssuerUnavailable:
            _LOG.warning("the issuer's keys cannot be fetched", exc_info=True)
        else:
            self._answered_at = self._asked_at

    def _age(self, since: float) -> float:
        return self._monotonic() - since


def fetch_keys(issuer: str, jwks_url: str | None = None) -> Sequence[Mapping[str, Any]]:
    """Returns the issuer's JSON Web Keys from `jwks_url`; None means the URL in the issuer's discovery document.

    Raises IssuerUnavailable if a request fails or a document is not valid.
    """
    try:
        url = jwks_url or fetch_configuration(issuer)["jwks_uri"]
        found: Sequence[Mapping[str, Any]] = _get_json(url)["keys"]
    except _UNUSABLE as exc:
        raise IssuerUnavailable from exc
    return found


def fetch_configuration(issuer: str) -> Mapping[str, Any]:
    """Returns the issuer's discovery document.

    Raises IssuerUnavailable if the request fails, or the document names another issuer (OpenID Connect Discovery,
    section 4.3).
    """
    try:
        document: Mapping[str, Any] = _get_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        _check_issuer(document["issuer"], issuer)
    except _UNUSABLE as exc:
        raise IssuerUnavailable from exc
    return document


def _check_issuer(named: str, issuer: str) -> None:
    if named != issuer:
        raise ValueError(f"the discovery document of {issuer} names {named}: JWT_ISSUER must equal that")


def _get_json(url: str) -> Any:
    address = urlsplit(url)
    if address.scheme != "https" and not is_loopback(address.hostname):
        raise ValueError(f"keys from {url} cannot be trusted: the URL must use https")
    response = urllib3.request("GET", url, timeout=KEYS_TIMEOUT, retries=False)
    if response.status != HTTPStatus.OK:
        raise ValueError(f"{url} returned {response.status}")
    return response.json()


def _bearer_token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated
    return token.strip()


def _key_id(token: str) -> str:
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ALGORITHMS:
        raise jwt.InvalidAlgorithmError(f"the algorithm must be one of {', '.join(ALGORITHMS)}")
    if "kid" not in header:
        raise jwt.InvalidTokenError("its header has no key id (`kid`)")
    key_id: str = header["kid"]
    return key_id


def _check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """Raises a PyJWTError if the token is not for this audience. `aud` is a string or a list (RFC 7519).

    Cognito's access tokens have no `aud`; their audience is in `client_id`.
    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    """
    is_of_cognito = "aud" not in claims and claims.get("token_use") == "access"
    found = claims.get("client_id" if is_of_cognito else "aud")
    if found is None:
        raise jwt.MissingRequiredClaimError("aud")
    if audience not in (found if isinstance(found, list) else [found]):
        raise jwt.InvalidAudienceError("Audience doesn't match")


def _scopes(claims: Mapping[str, Any], prefix: str) -> frozenset[str]:
    """Returns the scopes that begin with the prefix, without it.

    `scope` is a string separated by spaces (RFC 8693); `scp` is such a string or a list.
    """
    scopes = claims.get("scope", claims.get("scp", ""))
    words = scopes.split() if isinstance(scopes, str) else scopes
    named = map(str, words) if isinstance(words, list) else ()
    return frozenset(word.removeprefix(prefix) for word in named if word.startswith(prefix))


def _usable(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, jwt.PyJWK]]:
    return [
        (key.key_id, key)
        for key in map(_key, found)
        if key and key.key_id and key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")
    ]


def _key(found: Mapping[str, Any]) -> jwt.PyJWK | None:
    try:
        return jwt.PyJWK(dict(found))
    except (jwt.PyJWTError, TypeError, ValueError):
        return None  # an issuer may publish keys of unsupported types beside supported ones
