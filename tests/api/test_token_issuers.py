"""Tokens of a real issuer over HTTP, whose documents say who he is and where his keys are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
import pytest

from chalicelib.api.auth import KEYS_MIN_INTERVAL_SECONDS, Authenticator, Scope, SigningKeys, fetch_keys
from local.endpoint.issuer import AUDIENCE, Issuer
from tests.api.documents import documents
from tests.api.world import FakeIssuer, Key, World, problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chalice.test import HTTPResponse

CLIENT = "7m4pq2example"


@dataclass
class Place:
    """An issuer's address, what stands there, and an API that trusts it. `seconds` pass when told to."""

    url: str
    content: dict[str, Any]
    directory: Path
    seconds: float = 1000.0
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.issuer = Issuer(self.directory / "first", self.url)
        self.publish(self.issuer)
        keys = SigningKeys(self.fetch, monotonic=lambda: self.seconds)
        self.world = World(FakeIssuer([]), caller=Authenticator(keys, issuer=self.url, audience=AUDIENCE))

    def fetch(self) -> Any:
        self.asked.append(self.url)
        return fetch_keys(self.url)

    def publish(self, issuer: Issuer) -> None:
        configuration = issuer.configuration()
        path = urlsplit(self.url).path
        self.content[f"{path}/.well-known/openid-configuration"] = configuration
        self.content[urlsplit(configuration["jwks_uri"]).path] = issuer.keys()

    def rotate(self) -> Issuer:
        """Another key in the place of the first one."""
        second = Issuer(self.directory / "second", self.url)
        self.publish(second)
        return second

    def read(self, token: str) -> HTTPResponse:
        return self.world.get("/v1/schedules", token=token)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with documents() as (url, content):
        yield Place(f"{url}/tenant/v2.0", content, tmp_path)


def test_a_token_is_let_in_by_the_keys_that_its_issuer_shows(place: Place) -> None:
    assert place.read(place.issuer.make_token("alice", [Scope.READ])).status_code == 200


def test_a_key_that_was_rotated_at_the_issuer_is_taken_without_a_deployment(place: Place) -> None:
    place.read(place.issuer.make_token("alice", [Scope.READ]))
    second = place.rotate()
    place.seconds += KEYS_MIN_INTERVAL_SECONDS

    assert place.read(second.make_token("alice", [Scope.READ])).status_code == 200


def test_a_token_of_a_key_that_was_rotated_away_is_401(place: Place) -> None:
    second = place.rotate()
    place.read(second.make_token("alice", [Scope.READ]))
    place.seconds += KEYS_MIN_INTERVAL_SECONDS

    assert problem(place.read(place.issuer.make_token("alice", [Scope.READ]))) == (401, "invalid-token")


def test_invented_key_ids_do_not_hammer_the_issuer(place: Place) -> None:
    place.read(place.issuer.make_token("alice", [Scope.READ]))
    attacker = Key("unused", "ES256").private
    forged = [jwt.encode({"sub": "alice"}, attacker, algorithm="ES256", headers={"kid": f"k{n}"}) for n in range(50)]

    statuses = {place.read(token).status_code for token in forged}

    assert statuses == {401}
    assert len(place.asked) == 1


def test_an_issuer_that_is_down_is_503_with_retry_after(place: Place) -> None:
    place.content.clear()

    response = place.read(place.issuer.make_token("alice", [Scope.READ]))

    assert problem(response) == (503, "issuer-unavailable")
    assert response.headers["Retry-After"] == "10"


@pytest.mark.parametrize("header", ["jku", "x5u"])
def test_a_token_does_not_say_where_its_key_is(place: Place, header: str) -> None:
    attacker = Key("key-of-the-attacker")
    place.content["/attacker"] = {"keys": [attacker.public()]}
    claims = {"iss": place.url, "aud": AUDIENCE, "sub": "alice", "scope": Scope.READ, "exp": 4_000_000_000}
    address = place.url.replace("/tenant/v2.0", "/attacker")
    token = jwt.encode(claims, attacker.private, algorithm="RS256", headers={"kid": attacker.id, header: address})

    assert problem(place.read(token)) == (401, "invalid-token")


# As the providers write them. https://docs.aws.amazon.com/cognito/latest/developerguide/
# amazon-cognito-user-pools-using-the-access-token.html, https://auth0.com/docs/secure/tokens/access-tokens,
# https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
COGNITO = {"aud": None, "client_id": CLIENT, "token_use": "access", "scope": "openid tasks/schedules:read"}
AUTH0 = {"aud": [CLIENT, "https://shop.eu.auth0.com/userinfo"], "azp": "web", "scope": "openid schedules:read"}
ENTRA = {"aud": CLIENT, "ver": "2.0", "tid": "5f1a", "scope": None, "scp": "schedules:read"}


@pytest.mark.parametrize(
    ("claims", "prefix", "status"),
    [
        (COGNITO, "tasks/", 200),
        (COGNITO, "", 403),
        (COGNITO | {"client_id": "another"}, "tasks/", 401),
        (COGNITO | {"token_use": "id"}, "tasks/", 401),
        (COGNITO | {"aud": "another"}, "tasks/", 401),
        (COGNITO | {"scope": "other/schedules:read schedules:read"}, "tasks/", 403),
        (AUTH0, "", 200),
        (AUTH0 | {"aud": ["https://shop.eu.auth0.com/userinfo"]}, "", 401),
        (AUTH0 | {"aud": {CLIENT: 1}}, "", 401),
        (ENTRA, "", 200),
        (ENTRA | {"aud": f"api://{CLIENT}"}, "", 401),
    ],
)
def test_the_tokens_of_the_great_providers_are_understood(
    issuer: FakeIssuer, claims: dict[str, Any], prefix: str, status: int
) -> None:
    keys = SigningKeys(issuer.fetch)
    caller = Authenticator(keys, issuer="https://issuer.example.com", audience=CLIENT, scope_prefix=prefix)

    response = World(issuer, caller=caller).get("/v1/schedules", token=issuer.token("alice", **claims))

    assert response.status_code == status
