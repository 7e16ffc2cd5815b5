"""GET /v1/webhook-keys and POST …/rotate: what a consumer verifies webhooks with; and which webhooks are taken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.api.auth import Scope
from chalicelib.core.errors import MasterSecretUnavailable
from chalicelib.core.model.webhook_keys import KeyVersions
from tests.api.world import READ_AND_WRITE, World, fields, problem
from tests.builders import DAY, NOW

if TYPE_CHECKING:
    from chalice.test import HTTPResponse

KEYS, ROTATE = "/v1/webhook-keys", "/v1/webhook-keys/rotate"


def versions(response: HTTPResponse) -> list[int]:
    assert response.status_code == 200, response.body
    return [key["version"] for key in response.json_body["keys"]]


def secrets(response: HTTPResponse) -> list[str]:
    return [key["secret"] for key in response.json_body["keys"]]


def test_everybody_has_a_key_from_the_beginning(world: World) -> None:
    response = world.get(KEYS)

    (key,) = response.json_body["keys"]
    assert key["secret"].startswith("whsec_")
    assert {name: key[name] for name in ("version", "current", "created_at", "expires_at")} == {
        "version": 1,
        "current": True,
        "created_at": "2027-01-01T00:00:00.000Z",
        "expires_at": None,
    }


def test_reading_a_key_writes_nothing(world: World) -> None:
    world.get(KEYS)

    assert world.repository.items == {}


def test_a_rotation_answers_with_the_new_key_and_the_one_that_lives_on_for_a_day(world: World) -> None:
    before = secrets(world.get(KEYS))

    response = world.post(ROTATE)

    new, former = response.json_body["keys"]
    assert (new["version"], new["current"], new["expires_at"]) == (2, True, None)
    assert (former["version"], former["current"], former["expires_at"]) == (1, False, "2027-03-02T08:00:00.000Z")
    assert former["secret"] == before[0] != new["secret"]
    assert world.get(KEYS).json_body == response.json_body


def test_the_former_key_ends_with_the_overlap(world: World) -> None:
    world.post(ROTATE, {"overlap_hours": 2})
    world.clock.now += timedelta(hours=2)

    assert versions(world.get(KEYS)) == [2]


def test_a_rotation_that_is_asked_for_twice_is_one(world: World) -> None:
    rotated = world.post(ROTATE)

    assert problem(world.post(ROTATE)) == (409, "rotation-under-way")
    assert secrets(world.get(KEYS)) == secrets(rotated)


def test_after_a_leak_every_older_key_ends_at_once(world: World) -> None:
    world.post(ROTATE)

    assert versions(world.post(ROTATE, {"overlap_hours": 0})) == [3]


def test_of_two_rotations_at_once_the_second_finds_the_first(world: World) -> None:
    world.repository.save_webhook_keys = Rival(world)  # type: ignore[method-assign]

    assert problem(world.post(ROTATE)) == (409, "rotation-under-way")
    assert versions(world.get(KEYS)) == [2, 1]


class Rival:
    """Another request, which rotates between our read and our write."""

    def __init__(self, world: World) -> None:
        self._save = world.repository.save_webhook_keys

    def __call__(self, versions: KeyVersions, *, replacing: KeyVersions) -> bool:
        self._save(replacing.rotated(NOW, 2 * DAY), replacing=replacing)
        return self._save(versions, replacing=replacing)


def test_keys_are_each_user_s_own(world: World) -> None:
    world.post(ROTATE)

    bob = world.get(KEYS, token=world.issuer.token("bob", *READ_AND_WRITE))

    assert versions(bob) == [1]
    assert not set(secrets(bob)) & set(secrets(world.get(KEYS)))


def test_an_admin_reads_and_rotates_by_naming_the_user(world: World) -> None:
    admin = world.issuer.token("root", Scope.ADMIN)

    rotated = world.post(f"{ROTATE}?user_id=alice", token=admin)

    assert versions(rotated) == [2, 1]
    assert secrets(world.get(f"{KEYS}?user_id=alice", token=admin)) == secrets(world.get(KEYS))


@pytest.mark.parametrize(("method", "path"), [("GET", KEYS), ("POST", ROTATE)])
def test_nobody_else_may_name_another_user(world: World, method: str, path: str) -> None:
    token = world.issuer.token("bob", *READ_AND_WRITE)

    assert problem(world.send(method, f"{path}?user_id=alice", token=token)) == (403, "scope-missing")
    assert versions(world.get(KEYS)) == [1]


@pytest.mark.parametrize(("method", "path"), [("GET", KEYS), ("POST", ROTATE)])
def test_nobody_on_the_way_keeps_a_secret(world: World, method: str, path: str) -> None:
    assert world.send(method, path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("body", [{"overlap_hours": hours} for hours in (-1, 169, 1.5, "24", None, True)])
def test_an_overlap_is_up_to_a_week_in_whole_hours(world: World, body: Any) -> None:
    response = world.post(ROTATE, body)

    assert (response.status_code, fields(response)) == (422, ["overlap_hours"])
    assert versions(world.get(KEYS)) == [1]


def test_during_a_rotation_of_the_master_both_keys_are_shown(world: World) -> None:
    before = secrets(world.get(KEYS))
    world.master.rotate(NOW)
    world.clock.now += timedelta(hours=1)

    current, former = world.get(KEYS).json_body["keys"]

    assert (current["current"], former["current"]) == (True, False)
    assert (current["created_at"], former["created_at"]) == ("2027-03-01T08:00:00.000Z", "2027-01-01T00:00:00.000Z")
    assert before == [former["secret"]] != [current["secret"]]


@pytest.mark.parametrize(("method", "path"), [("GET", KEYS), ("POST", ROTATE)])
def test_without_the_master_it_is_503_and_nothing_has_changed(world: World, method: str, path: str) -> None:
    world.faults.always("master.values", MasterSecretUnavailable)

    response = world.send(method, path)

    assert problem(response) == (503, "master-secret-unavailable")
    assert response.headers["Retry-After"] == "30"
    assert world.repository.items == {}


def test_an_erased_user_s_versions_are_gone_with_him(world: World) -> None:
    world.post(ROTATE)
    world.delete("/v1/users/alice", token=world.issuer.token("root", Scope.ADMIN))
    for _ in range(3):
        world.sweeper.sweep(stop_at=world.clock.now + timedelta(seconds=40))
        world.clock.now += timedelta(minutes=1)

    assert world.repository.get_webhook_keys("alice") == KeyVersions("alice")


# Which webhooks are taken


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.0.1:8443",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "255.255.255.255",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
    ],
)
def test_an_address_that_is_not_public_is_422_and_named(world: World, host: str) -> None:
    response = world.create(action={"type": "webhook", "url": f"https://{host}/hook"})

    assert (response.status_code, fields(response)) == (422, ["action.url"])
    assert "public internet" in response.json_body["detail"]


@pytest.mark.parametrize("host", ["example.com", "example.com:8443", "1.1.1.1", "[2606:4700:4700::1111]"])
def test_public_hosts_are_taken_whatever_their_port(world: World, host: str) -> None:
    assert world.create(action={"type": "webhook", "url": f"https://{host}/hook"}).status_code == 201


@pytest.mark.parametrize(
    "name",
    ["webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE", "webhook-other", "Host", "Content-Type", "Expect", "TE"],
)
def test_a_header_of_the_sender_s_own_is_422(world: World, name: str) -> None:
    response = world.create(action={"type": "webhook", "url": "https://example.com/", "headers": {name: "x"}})

    assert (response.status_code, fields(response)) == (422, ["action.headers"])


def test_a_consumer_s_own_authorization_is_taken(world: World) -> None:
    headers = {"Authorization": "Bearer x", "Cookie": "a=b"}

    response = world.create(action={"type": "webhook", "url": "https://example.com/", "headers": headers})

    assert response.status_code == 201
