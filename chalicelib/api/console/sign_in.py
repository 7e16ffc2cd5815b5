"""What the console needs to sign a user in at the issuer of tokens: OpenID Connect, authorization code with PKCE."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...core.actions.public_addresses import is_loopback
from ..auth import KEYS_MAX_AGE_SECONDS, KEYS_MIN_INTERVAL_SECONDS, IssuerUnavailable, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The console's registration at the issuer. `scope`: the scopes that it asks for, separated by spaces."""

    issuer: str
    client_id: str
    scope: str
    audience: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The issuer's URLs. `end_session` is None if the issuer has no such endpoint."""

    authorization: str
    token: str
    end_session: str | None


class SignIn:
    """The settings of the console's sign-in. The issuer's discovery document is cached between requests.

    `fetch` returns the document or raises IssuerUnavailable; `monotonic` returns seconds. A cached document remains
    valid while the issuer is down.
    """

    def __init__(
        self,
        client: ClientSettings,
        fetch: Callable[[], Mapping[str, Any]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._fetch = fetch
        self._monotonic = monotonic
        self._endpoints: Endpoints | None = None
        self._asked_at = self._answered_at = float("-inf")

    def as_json(self) -> dict[str, Any]:
        """Returns the settings for the browser. Raises IssuerUnavailable."""
        endpoints = self._find()
        return {
            "issuer": self._client.issuer,
            "authorization_endpoint": endpoints.authorization,
            "token_endpoint": endpoints.token,
            "end_session_endpoint": endpoints.end_session,
            "client_id": self._client.client_id,
            "scope": self._client.scope,
            "audience": self._client.audience,
        }

    def origins(self) -> tuple[str, str] | tuple[None, None]:
        """Returns the origins of the token endpoint and of the authorization endpoint.

        Both are the issuer's own while its document cannot be used, and None if the issuer's URL is not secure.
        """
        try:
            endpoints = self._find()
        except IssuerUnavailable:
            return self._own_origins()
        return origin_of(endpoints.token), origin_of(endpoints.authorization)

    def _own_origins(self) -> tuple[str, str] | tuple[None, None]:
        try:
            own = origin_of(self._client.issuer)
        except ValueError:
            return None, None
        return own, own

    def _find(self) -> Endpoints:
        if self._endpoints is None or self._age(self._answered_at) > KEYS_MAX_AGE_SECONDS:
            self._renew()
        if self._endpoints is None:
            raise IssuerUnavailable
        return self._endpoints

    def _renew(self) -> None:
        if self._age(self._asked_at) < KEYS_MIN_INTERVAL_SECONDS:
            return
        self._asked_at = self._monotonic()
        try:
            self._endpoints = read_endpoints(self._fetch())
        except IssuerUnavailable:
            _LOG.warning("the issuer's discovery document cannot be used", exc_info=True)
        else:
            self._answered_at = self._asked_at

    def _age(self, since: float) -> float:
        return self._monotonic() - since


def read_endpoints(document: Mapping[str, Any]) -> Endpoints:
    """Returns the endpoints of a discovery document. Raises IssuerUnavailable if one is missing or not secure."""
    try:
        end_session = document.get("end_session_endpoint")
        for url in (document["authorization_endpoint"], document["token_endpoint"], end_session):
            if url is not None:
                origin_of(url)
        return Endpoints(document["authorization_endpoint"], document["token_endpoint"], end_session)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise IssuerUnavailable from exc


def origin_of(url: str) -> str:
    """Returns the origin of a URL, for a Content-Security-Policy. Raises ValueError unless it is https or loopback."""
    address = urlsplit(url)
    is_secure = address.scheme == "https" or (address.scheme == "http" and is_loopback(address.hostname))
    if not is_secure or not _HOST.fullmatch(address.netloc):
        raise ValueError(f"{url} is not an https URL of a host")
    return f"{address.scheme}://{address.netloc}"


def default_scope(prefix: str) -> str:
    """Returns the scopes that the console asks for by default: `openid` and the two scopes of a user."""
    return " ".join(["openid", prefix + Scope.READ, prefix + Scope.WRITE])
