"""The keys of webhooks and what is signed with them, against the published example and the reference library."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from standardwebhooks import Webhook, WebhookVerificationError

from chalicelib.core.actions.master_secret import MAX_AGE_SECONDS, MasterSecret
from chalicelib.core.actions.webhook_signing import SETTLES, WebhookKey, live_keys, signed_headers
from chalicelib.core.errors import MasterSecretUnavailable, RotationUnderWay
from chalicelib.core.model.webhook_keys import KeyVersion, KeyVersions, Master
from tests.builders import DAY, HOUR, NOW, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

MASTER = Master("m" * 64, NOW - DAY)
FORMER_MASTER = Master("f" * 64, NOW - 300 * DAY)
ALICE = KeyVersions("alice")
BODY = b'{"trial": "over"}'


def keys_of(versions: KeyVersions = ALICE, *masters: Master, now: datetime = NOW) -> list[WebhookKey]:
    return live_keys(versions, masters or (MASTER,), now)


def verified(key: WebhookKey, headers: dict[str, str], body: bytes = BODY) -> bool:
    """Does the reference library take it, with this key?"""
    try:
        Webhook(key.text).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def sent_now(keys: list[WebhookKey]) -> dict[str, str]:
    return signed_headers(keys, "run-1", datetime.now(UTC), BODY)


# Signatures


def test_the_published_example_is_signed_as_published() -> None:
    """https://www.standardwebhooks.com (its libraries' tests share this example)."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    key = WebhookKey(1, secret, NOW, None, is_current=True)
    sent_at = datetime.fromtimestamp(1614265330, UTC)

    assert signed_headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", sent_at, b'{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_reference_library_takes_it() -> None:
    (key,) = keys_of()

    assert verified(key, sent_now([key]))


@pytest.mark.parametrize(
    ("header", "change"),
    [
        ("webhook-id", lambda _: "run-2"),
        ("webhook-timestamp", lambda seconds: str(int(seconds) - 1)),
        ("webhook-signature", lambda _: "v1,aGVsbG8="),
    ],
)
def test_a_header_that_was_changed_on_the_way_is_noticed(header: str, change: Callable[[str], str]) -> None:
    (key,) = keys_of()
    headers = sent_now([key])

    assert not verified(key, headers | {header: change(headers[header])})


def test_a_body_that_was_changed_on_the_way_is_noticed() -> None:
    (key,) = keys_of()

    assert not verified(key, sent_now([key]), b'{"trial": "on"}')


def test_a_message_of_ten_minutes_ago_cannot_be_sent_again() -> None:
    (key,) = keys_of()
    headers = signed_headers([key], "run-1", datetime.now(UTC) - timedelta(minutes=10), BODY)

    assert not verified(key, headers)


# Keys


def test_a_key_is_32_bytes_as_the_libraries_take_it() -> None:
    (key,) = keys_of()

    assert key.text == "whsec_" + base64.b64encode(key.secret).decode()
    assert len(key.secret) == 32


def test_keys_differ_by_user_version_and_master() -> None:
    found = [
        *keys_of(),
        *keys_of(KeyVersions("bob")),
        *keys_of(KeyVersions("alice", KeyVersion(2))),
        *keys_of(ALICE, FORMER_MASTER),
        *keys_of(KeyVersions("alice1", KeyVersion(1))),
        *keys_of(KeyVersions("alice", KeyVersion(11))),
    ]

    assert len({key.secret for key in found}) == len(found)


def test_a_key_stays_what_it_is() -> None:
    """A deployment that derives another one silently breaks every consumer."""
    (key,) = keys_of()

    assert key.text == "whsec_2RjHo/nn2yUzRWljbSeXDSSbZS5VxSGvPPcf1FMrNi0="


def test_without_a_rotation_one_key_lives() -> None:
    (key,) = keys_of()

    assert (key.version, key.created_at, key.expires_at, key.is_current) == (1, NOW - DAY, None, True)


def test_after_a_rotation_the_former_key_lives_until_its_end() -> None:
    rotated = ALICE.rotated(NOW, DAY)

    assert [(key.version, key.is_current) for key in keys_of(rotated)] == [(2, True), (1, False)]
    assert [key.expires_at for key in keys_of(rotated)] == [None, NOW + DAY]
    assert [key.version for key in keys_of(rotated, now=NOW + DAY)] == [2]


def test_a_key_is_as_old_as_its_version_or_its_master_whichever_is_younger() -> None:
    rotated = ALICE.rotated(NOW, DAY)

    assert [key.created_at for key in keys_of(rotated)] == [NOW, NOW - DAY]


def test_while_user_and_master_change_at_once_four_keys_live() -> None:
    keys = keys_of(ALICE.rotated(NOW, DAY), MASTER, FORMER_MASTER)

    assert [key.is_current for key in keys] == [True, False, False, False]
    assert [key.version for key in keys] == [2, 2, 1, 1]


def test_a_new_master_is_used_by_consumers_once_every_function_has_read_it() -> None:
    new = Master("n" * 64, NOW)
    shown = [[key.created_at for key in keys_of(ALICE, new, MASTER, now=NOW + age)] for age in (SECOND, SETTLES)]

    assert shown == [[MASTER.created_at, NOW], [NOW, MASTER.created_at]]
    assert timedelta(seconds=2 * MAX_AGE_SECONDS) <= SETTLES


def test_the_very_first_master_is_used_at_once() -> None:
    (key,) = keys_of(ALICE, Master("n" * 64, NOW))

    assert key.is_current


def test_a_consumer_of_either_side_of_a_rotation_verifies() -> None:
    before = keys_of(ALICE, FORMER_MASTER)
    during = keys_of(ALICE.rotated(NOW, DAY), MASTER, FORMER_MASTER)
    after = keys_of(ALICE.rotated(NOW, DAY), MASTER, now=NOW + 2 * DAY)
    headers = sent_now(during)

    assert [verified(key, headers) for key in (*before, *during, *after)] == [True] * 6


def test_a_key_that_has_ended_signs_no_more() -> None:
    (ended,) = keys_of()
    headers = sent_now(keys_of(ALICE.rotated(NOW, DAY), now=NOW + DAY))

    assert not verified(ended, headers)


def test_a_second_rotation_waits_for_the_end_of_the_first() -> None:
    rotated = ALICE.rotated(NOW, DAY)

    with pytest.raises(RotationUnderWay):
        rotated.rotated(NOW + HOUR, DAY)
    assert rotated.rotated(NOW + DAY, DAY).current.number == 3


def test_a_rotation_without_overlap_ends_every_older_key_at_once() -> None:
    rotated = ALICE.rotated(NOW, DAY).rotated(NOW + HOUR, timedelta(0))

    assert [key.version for key in keys_of(rotated, now=NOW + HOUR)] == [3]


def test_no_secret_is_shown_where_a_key_is_logged() -> None:
    (key,) = keys_of()

    assert "m" * 64 not in repr(MASTER)
    assert repr(key) == "WebhookKey(version=1)"


# The master secret


class FakeSecretsManager:
    """`stages` are the values by their stage; `error` is raised instead, once it is set."""

    def __init__(self, **stages: str) -> None:
        self.stages = stages
        self.error: Exception | None = None
        self.asked = 0

    def get_secret_value(self, *, SecretId: str, VersionStage: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.asked += 1
        if self.error is not None:
            raise self.error
        if VersionStage not in self.stages:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": SecretId}}, "GetSecretValue")
        return {"SecretString": self.stages[VersionStage], "CreatedDate": NOW}


class Watch:
    """Monotonic seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def a_master_secret(manager: FakeSecretsManager, watch: Watch | None = None) -> MasterSecret:
    return MasterSecret(lambda: manager, "arn", monotonic=watch or Watch())  # type: ignore[arg-type, return-value]


OUT_OF_REACH = ConnectTimeoutError(endpoint_url="https://secretsmanager")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")
UNKNOWN = ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "GetSecretValue")


def test_a_master_that_was_never_rotated_has_one_value() -> None:
    assert a_master_secret(FakeSecretsManager(AWSCURRENT="a" * 64)).values() == [Master("a" * 64, NOW)]


def test_after_a_rotation_the_former_value_lives_beside_the_current_one() -> None:
    manager = FakeSecretsManager(AWSCURRENT="b" * 64, AWSPREVIOUS="a" * 64)

    assert [master.secret for master in a_master_secret(manager).values()] == ["b" * 64, "a" * 64]


def test_it_is_read_once_and_again_after_five_minutes() -> None:
    manager, watch = FakeSecretsManager(AWSCURRENT="a" * 64), Watch()
    secret = a_master_secret(manager, watch)
    for seconds in (0, 299, 1):
        watch.seconds += seconds
        secret.values()
    asked_in_five_minutes = manager.asked
    manager.stages = {"AWSCURRENT": "b" * 64, "AWSPREVIOUS": "a" * 64}
    watch.seconds += 1

    assert [master.secret for master in secret.values()] == ["b" * 64, "a" * 64]
    assert (asked_in_five_minutes, manager.asked) == (2, 4)


def test_what_is_known_stays_in_use_while_secrets_manager_is_out_of_reach() -> None:
    manager, watch = FakeSecretsManager(AWSCURRENT="a" * 64), Watch()
    secret = a_master_secret(manager, watch)
    known = secret.values()
    manager.error, watch.seconds = OUT_OF_REACH, watch.seconds + 301

    assert secret.values() == known
    assert secret.values() == known
    assert manager.asked == 3


@pytest.mark.parametrize("error", [OUT_OF_REACH, DENIED, UNKNOWN])
def test_without_any_value_it_says_so_and_asks_again_the_next_time(error: Exception) -> None:
    manager = FakeSecretsManager(AWSCURRENT="a" * 64)
    manager.error = error
    secret = a_master_secret(manager)

    with pytest.raises(MasterSecretUnavailable):
        secret.values()
    manager.error = None
    assert len(secret.values()) == 1


def test_a_master_that_could_be_guessed_signs_nothing() -> None:
    with pytest.raises(MasterSecretUnavailable, match="at least 32"):
        a_master_secret(FakeSecretsManager(AWSCURRENT="hunter2")).values()
