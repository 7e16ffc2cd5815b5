"""An issuer's keys: kept, renewed, and not asked for too often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.auth import InvalidToken, IssuerUnavailable, SigningKeys, fetch_keys
from tests.api.documents import documents
from tests.api.world import FakeIssuer, Key, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECOND = 1.0
HOUR = 3600.0


@pytest.fixture
def signing_keys(issuer: FakeIssuer, time: Stopwatch) -> SigningKeys:
    return SigningKeys(issuer.fetch, monotonic=time)


def test_keys_are_asked_for_once(signing_keys: SigningKeys, issuer: FakeIssuer) -> None:
    for _ in range(3):
        signing_keys.find("key-1")

    assert issuer.asked == 1


def test_requests_during_the_first_fetch_wait_for_its_keys(issuer: FakeIssuer) -> None:
    begun, may_answer = Event(), Event()

    def fetch() -> Sequence[Mapping[str, Any]]:
        begun.set()
        assert may_answer.wait(timeout=10)
        return issuer.fetch()

    signing_keys = SigningKeys(fetch)
    together = Barrier(3)

    def find_later() -> str | None:
        together.wait(timeout=10)
        return signing_keys.find("key-1").key_id

    with ThreadPoolExecutor() as threads:
        first = threads.submit(signing_keys.find, "key-1")
        assert begun.wait(timeout=10)
        others = [threads.submit(find_later) for _ in range(2)]
        together.wait(timeout=10)
        may_answer.set()
        found = [first.result().key_id, *(other.result() for other in others)]

    assert found == ["key-1"] * 3
    assert issuer.asked == 1


def test_a_known_key_does_not_wait_for_a_renewal(issuer: FakeIssuer, time: Stopwatch) -> None:
    begun, may_answer = Event(), Event()
    may_answer.set()

    def fetch() -> Sequence[Mapping[str, Any]]:
        begun.set()
        assert may_answer.wait(timeout=10)
        return issuer.fetch()

    signing_keys = SigningKeys(fetch, monotonic=time)
    signing_keys.find("key-1")
    time.seconds += HOUR + SECOND
    begun.clear()
    may_answer.clear()

    with ThreadPoolExecutor() as threads:
        renewing = threads.submit(signing_keys.find, "key-1")
        assert begun.wait(timeout=10)
        assert signing_keys.find("key-1").key_id == "key-1"
        may_answer.set()
        assert renewing.result().key_id == "key-1"


def test_a_rotated_key_is_found_without_a_deployment(
    signing_keys: SigningKeys, issuer: FakeIssuer, time: Stopwatch
) -> None:
    signing_keys.find("key-1")
    issuer.keys = [Key("key-2")]
    time.seconds += 10 * SECOND

    assert signing_keys.find("key-2").key_id == "key-2"


def test_a_key_that_the_issuer_withdrew_is_good_for_an_hour_at_most(
    signing_keys: SigningKeys, issuer: FakeIssuer, time: Stopwatch
) -> None:
    signing_keys.find("key-1")
    issuer.keys = [Key("key-2")]
    time.seconds += HOUR + SECOND

    with pytest.raises(InvalidToken):
        signing_keys.find("key-1")


def test_unknown_keys_do_not_make_it_ask_again_and_again(
    signing_keys: SigningKeys, issuer: FakeIssuer, time: Stopwatch
) -> None:
    for number in range(30):
        time.seconds += SECOND
        with pytest.raises(InvalidToken):
            signing_keys.find(f"unknown-{number}")

    assert issuer.asked == 3


def test_a_known_key_works_on_while_the_issuer_is_down(
    signing_keys: SigningKeys, issuer: FakeIssuer, time: Stopwatch
) -> None:
    signing_keys.find("key-1")
    issuer.is_down = True
    time.seconds += 2 * HOUR

    assert signing_keys.find("key-1").key_id == "key-1"


def test_a_new_key_cannot_be_judged_while_the_issuer_is_down(
    signing_keys: SigningKeys, issuer: FakeIssuer, time: Stopwatch
) -> None:
    signing_keys.find("key-1")
    issuer.is_down = True
    time.seconds += 10 * SECOND

    with pytest.raises(IssuerUnavailable):
        signing_keys.find("key-2")


def test_an_issuer_that_comes_back_is_asked_again(
    signing_keys: SigningKeys, issuer: FakeIssuer, time: Stopwatch
) -> None:
    issuer.is_down = True
    with pytest.raises(IssuerUnavailable):
        signing_keys.find("key-1")
    issuer.is_down = False
    time.seconds += 10 * SECOND

    assert signing_keys.find("key-1").key_id == "key-1"


@pytest.mark.parametrize(
    "other",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "key-1"},
        {"kty": "RSA", "kid": "key-1"},
        {"kid": "key-1"},
        "key-1",
    ],
)
def test_keys_of_other_kinds_are_passed_over(other: Any) -> None:
    signing_keys = SigningKeys(lambda: [other, Key("key-2", "ES256").public()])

    assert signing_keys.find("key-2").algorithm_name == "ES256"
    with pytest.raises(InvalidToken):
        signing_keys.find("key-1")


@pytest.mark.parametrize("attribute", [{"use": "enc"}, {"alg": "PS256"}])
def test_a_key_for_something_else_is_passed_over(key: Key, attribute: dict[str, str]) -> None:
    signing_keys = SigningKeys(lambda: [{**key.public(), **attribute}])

    with pytest.raises(InvalidToken):
        signing_keys.find("key-1")


def test_keys_are_fetched_from_where_the_issuer_says_they_are() -> None:
    with documents() as (url, content):
        content["/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{url}/keys"}
        content["/keys"] = {"keys": [{"kid": "key-1"}]}

        assert fetch_keys(url) == [{"kid": "key-1"}]


def test_keys_are_fetched_from_the_address_given() -> None:
    with documents() as (url, content):
        content["/keys"] = {"keys": [{"kid": "key-1"}]}

        assert fetch_keys("https://issuer.example.com", f"{url}/keys") == [{"kid": "key-1"}]


@pytest.mark.parametrize("answer", [None, {}, {"jwks": []}, [], "keys"])
def test_an_issuer_that_answers_nonsense_is_unavailable(answer: Any) -> None:
    with documents() as (url, content):
        content["/keys"] = answer

        with pytest.raises(IssuerUnavailable):
            fetch_keys(url, f"{url}/keys")


def test_a_document_of_another_issuer_is_not_trusted() -> None:
    with documents() as (url, content):
        content["/.well-known/openid-configuration"] = {
            "issuer": "https://other.example.com",
            "jwks_uri": f"{url}/keys",
        }
        content["/keys"] = {"keys": [{"kid": "key-1"}]}

        with pytest.raises(IssuerUnavailable):
            fetch_keys(url)


def test_an_issuer_that_does_not_answer_is_unavailable() -> None:
    with documents() as (url, _):
        pass

    with pytest.raises(IssuerUnavailable):
        fetch_keys(url)


@pytest.mark.parametrize("url", ["http://issuer.example.com/keys", "file:///etc/passwd", "keys"])
def test_keys_are_not_fetched_over_what_anybody_can_change(url: str) -> None:
    with pytest.raises(IssuerUnavailable):
        fetch_keys("https://issuer.example.com", url)
