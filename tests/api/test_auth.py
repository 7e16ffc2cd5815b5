"""Tokens: who is let in, and what the others are told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from chalicelib.api.auth import Scope
from tests.api.world import AUDIENCE, ISSUER, READ_AND_WRITE, FakeIssuer, Key, World, problem

if TYPE_CHECKING:
    from chalice.test import HTTPResponse


A_DAY = 86_400


def seconds_from_now(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def read(world: World, token: str) -> HTTPResponse:
    return world.get("/v1/schedules", token=token)


def test_a_token_of_the_issuer_is_let_in(world: World) -> None:
    assert read(world, world.issuer.token("alice", Scope.READ)).status_code == 200


def test_elliptic_curves_are_let_in_as_well(world: World) -> None:
    world.issuer.keys.append(Key("key-2", "ES256"))

    assert read(world, world.issuer.token("alice", Scope.READ, key=world.issuer.keys[1])).status_code == 200


@pytest.mark.parametrize("authorization", [None, "", "Basic YWxpY2U6eA==", "Bearer", "Bearer  "])
def test_without_a_bearer_token_it_is_401(world: World, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    response = world.get("/v1/schedules", token="", headers=headers)

    assert problem(response) == (401, "not-authenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"exp": seconds_from_now(-61)}, "expired"),
        ({"nbf": seconds_from_now(A_DAY)}, "not yet valid"),  # the table may be older than the test by minutes
        ({"iss": "https://somebody.example.com"}, "issuer"),
        ({"aud": "another-app"}, "Audience"),
        ({"exp": None}, "exp"),
        ({"aud": None}, "aud"),
        ({"iss": None}, "iss"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "user id"),
        ({"sub": "x" * 769}, "user id"),
        ({"sub": "two\nlines"}, "user id"),
    ],
)
def test_a_token_that_is_not_for_us_or_not_for_now_is_401(world: World, claims: dict[str, Any], told: str) -> None:
    response = read(world, world.issuer.token("alice", Scope.READ, **claims))

    assert problem(response) == (401, "invalid-token")
    assert told in response.json_body["detail"]
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_clocks_may_differ_by_a_minute(world: World) -> None:
    just_over = world.issuer.token("alice", Scope.READ, exp=seconds_from_now(-30))
    not_quite_yet = world.issuer.token("alice", Scope.READ, nbf=seconds_from_now(30))

    assert [read(world, token).status_code for token in (just_over, not_quite_yet)] == [200, 200]


def test_a_token_signed_by_somebody_else_under_our_key_id_is_401(world: World) -> None:
    forged = world.issuer.token("alice", Scope.READ, key=Key("key-1"))

    assert problem(read(world, forged)) == (401, "invalid-token")


def test_a_token_with_an_unknown_key_is_401(world: World) -> None:
    foreign = world.issuer.token("alice", Scope.READ, key=Key("key-of-somebody"))

    response = read(world, foreign)

    assert problem(response) == (401, "invalid-token")
    assert "no such key" in response.json_body["detail"]


def test_a_token_that_needs_no_signature_is_401(world: World) -> None:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "scope": Scope.READ, "exp": seconds_from_now(60)}
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "key-1"})

    assert problem(read(world, unsigned)) == (401, "invalid-token")


def test_a_token_signed_symmetrically_with_our_public_key_is_401(world: World, key: Key) -> None:
    pem = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "scope": Scope.READ, "exp": seconds_from_now(60)}

    assert problem(read(world, hs256(claims, pem))) == (401, "invalid-token")
    assert world.issuer.asked == 0


def test_a_token_without_a_key_id_is_401(world: World, key: Key) -> None:
    token = jwt.encode({"sub": "alice"}, key.private, algorithm="RS256")

    response = read(world, token)

    assert problem(response) == (401, "invalid-token")
    assert "kid" in response.json_body["detail"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "é.é.é", base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.x"])
def test_what_is_no_token_at_all_is_401(world: World, token: str) -> None:
    assert problem(read(world, token)) == (401, "invalid-token")


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": "openid schedules:read"},
        {"scope": None, "scp": ["openid", "schedules:read"]},
        {"scope": None, "scp": "schedules:read"},
        {"scope": "schedules:admin"},
    ],
)
def test_scopes_are_taken_as_issuers_write_them(world: World, claims: dict[str, Any]) -> None:
    assert read(world, world.issuer.token("alice", **claims)).status_code == 200


@pytest.mark.parametrize("claims", [{}, {"scope": "schedules:write"}, {"scope": 7}, {"scope": None, "scp": {"a": 1}}])
def test_without_the_scope_it_is_403_and_named(world: World, claims: dict[str, Any]) -> None:
    response = read(world, world.issuer.token("alice", **claims))

    assert problem(response) == (403, "scope-missing")
    assert response.json_body["detail"] == "this request needs the scope schedules:read"
    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="schedules:read"'


def test_reading_alone_does_not_allow_to_create(world: World) -> None:
    response = world.post("/v1/schedules", {}, token=world.issuer.token("alice", Scope.READ))

    assert problem(response) == (403, "scope-missing")


def test_the_user_may_be_in_another_claim(issuer: FakeIssuer) -> None:
    world = World(issuer, user_claim="email")
    token = issuer.token("ignored", *READ_AND_WRITE, email="alice@example.com")

    response = world.create(token=token)

    assert response.json_body["user_id"] == "alice@example.com"


def test_an_issuer_that_is_down_is_503_with_retry_after(world: World) -> None:
    world.issuer.is_down = True

    response = world.get("/v1/schedules")

    assert problem(response) == (503, "issuer-unavailable")
    assert response.headers["Retry-After"] == "10"


def hs256(claims: dict[str, Any], secret: bytes) -> str:
    """PyJWT refuses to make such a token; whoever attacks does not ask it."""
    parts = [{"alg": "HS256", "kid": "key-1"}, claims | {"exp": int(claims["exp"].timestamp())}]
    signed = b".".join(base64url(json.dumps(part).encode()) for part in parts)
    return b".".join([signed, base64url(hmac.digest(secret, signed, hashlib.sha256))]).decode()


def base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
