"""ScheduleRepository, fake and real: the versions of a user's webhook keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.core.model.webhook_keys import KeyVersion, KeyVersions
from tests.builders import DAY, HOUR, NOW

if TYPE_CHECKING:
    from chalicelib.core.model.ports import ScheduleRepository

    from .conftest import Store

FIRST = KeyVersions("alice")
SECOND = FIRST.rotated(NOW, DAY)
THIRD = SECOND.rotated(NOW + 2 * DAY, HOUR)


def test_everybody_begins_with_the_first_version(repository: ScheduleRepository) -> None:
    assert repository.get_webhook_keys("alice") == KeyVersions("alice", KeyVersion(1), None)


def test_a_rotation_is_recorded(repository: ScheduleRepository) -> None:
    assert repository.save_webhook_keys(SECOND, replacing=FIRST)
    assert repository.save_webhook_keys(THIRD, replacing=SECOND)
    assert repository.get_webhook_keys("alice") == THIRD


def test_of_two_rotations_at_once_one_is_recorded(repository: ScheduleRepository) -> None:
    for before, after, rival in [
        (FIRST, SECOND, FIRST.rotated(NOW + HOUR, DAY)),
        (SECOND, THIRD, SECOND.rotated(NOW + 3 * DAY, HOUR)),
    ]:
        repository.save_webhook_keys(after, replacing=before)

        assert not repository.save_webhook_keys(rival, replacing=before)
        assert repository.get_webhook_keys("alice") == after


def test_a_rotation_that_is_written_twice_is_one(repository: ScheduleRepository) -> None:
    repository.save_webhook_keys(SECOND, replacing=FIRST)

    assert repository.save_webhook_keys(SECOND, replacing=FIRST)
    assert repository.get_webhook_keys("alice") == SECOND


def test_keys_are_one_users(repository: ScheduleRepository) -> None:
    repository.save_webhook_keys(SECOND, replacing=FIRST)

    assert repository.get_webhook_keys("bob") == KeyVersions("bob")


def test_they_stand_beside_the_user_s_schedules_and_hold_no_secret(store: Store) -> None:
    store.repository.save_webhook_keys(SECOND, replacing=FIRST)

    assert store.item({"PK": "USER#alice", "SK": "WEBHOOK_KEYS"}) == {
        "PK": "USER#alice",
        "SK": "WEBHOOK_KEYS",
        "user_id": "alice",
        "current": {"number": 2, "created_at": "2027-03-01T08:00:00.000Z"},
        "former": {"number": 1, "expires_at": "2027-03-02T08:00:00.000Z"},
    }


def test_an_erased_user_begins_anew(repository: ScheduleRepository) -> None:
    repository.save_webhook_keys(SECOND, replacing=FIRST)
    repository.erase_webhook_keys("alice")

    assert repository.get_webhook_keys("alice") == FIRST
