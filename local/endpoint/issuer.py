"""Signs tokens on a laptop, in place of the application's identity provider.

The key pair is made in the directory of the local cloud. No other deployment trusts it.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "scheduled-tasks"
CLIENT_ID = "scheduled-tasks-console"
"""The only client: the console of the local API."""

PATH = "/_local/issuer"  # below the endpoint of the local cloud
TOKEN_PATH = f"{PATH}/token"

_ALGORITHM = "RS256"
_LONG = timedelta(days=3650)  # a token must stay valid when the cloud's clock is advanced
TOKEN_SECONDS = int(_LONG.total_seconds())


class Issuer:
    """A key pair and its public documents. directory: for the key, which is made if missing. url: the issuer's name."""

    def __init__(self, directory: Path, url: str) -> None:
        self.url = url
        self._key = _load_or_make(directory / "issuer-key.pem")
        self.key_id = _thumbprint(self._key)

    def make_token(
        self,
        user: str,
        scopes: Iterable[str] = (),
        *,
        ttl: timedelta = _LONG,
        now: datetime | None = None,
        audience: str = AUDIENCE,
    ) -> str:
        """Returns a bearer token for `user`, its claim `sub`.

        ttl: how long it is valid. now: when it is issued, with a time zone; None means the real time.
        """
        issued_at = now or datetime.now(UTC)
        claims = {
            "iss": self.url,
            "aud": audience,
            "sub": user,
            "scope": " ".join(scopes),
            "iat": issued_at,
            "exp": issued_at + ttl,
        }
        return self._sign(claims)

    def make_id_token(self, user: str, client_id: str, nonce: str | None = None) -> str:
        """Returns the token with which the client learns who has signed in. No API accepts it: its audience differs.

        https://openid.net/specs/openid-connect-core-1_0.html#IDToken
        """
        issued_at = datetime.now(UTC)
        claims = {"iss": self.url, "aud": client_id, "sub": user, "iat": issued_at, "exp": issued_at + _LONG}
        return self._sign(claims | ({"nonce": nonce} if nonce else {}))

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self.key_id})

    def configuration(self) -> dict[str, Any]:
        """Returns the discovery document: https://openid.net/specs/openid-connect-discovery-1_0.html."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/.well-known/jwks.json",
            "scopes_supported": ["openid", "schedules:read", "schedules:write", "schedules:admin"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        """Returns the public key as a JWK set (RFC 7517)."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self.key_id, "use": "sig", "alg": _ALGORITHM}]}


def _thumbprint(key: rsa.RSAPrivateKey) -> str:
    """Returns the key's JWK thumbprint (RFC 7638), which is unique to the key."""
    members = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    required = json.dumps({name: members[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(required.encode()).digest()).decode().rstrip("=")


def _load_or_make(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        _write_secret(path, _new_key())
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} is not an RSA key; delete the file, and a new key is made at the next start")
    return key


def _new_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_secret(path: Path, content: bytes) -> None:
    """Write the file atomically, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
