from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.errors import InvalidCursor, InvalidInput, ScheduleNotFound
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.builders import DAY, HOUR, MINUTE, NOW, SECOND, a_run, a_schedule, an_action, every_hour, once

if TYPE_CHECKING:
    from chalicelib.scheduling.service import SchedulerService
    from chalicelib.testing import InMemoryRepository, StoppedClock


def test_a_schedule_is_shown_with_its_action(service: SchedulerService, repository: InMemoryRepository) -> None:
    repository.create(a_schedule(), an_action(subject="hello"))

    assert service.get("alice", "s1") == a_schedule(action=an_action(subject="hello"))


@pytest.mark.parametrize("owner", [("bob", "s1"), ("alice", "s2"), ("alice", "")])
def test_nobody_gets_what_is_not_his(
    service: SchedulerService, repository: InMemoryRepository, owner: tuple[str, str]
) -> None:
    repository.create(a_schedule(), an_action())

    for use in (service.get, service.list_runs, service.occurrences, service.cancel):
        with pytest.raises(ScheduleNotFound):
            use(*owner)


def test_an_expired_schedule_is_gone(
    service: SchedulerService, repository: InMemoryRepository, clock: StoppedClock
) -> None:
    repository.create(a_schedule(expires_at=NOW + DAY, resource_id="contract-42"), an_action())
    clock.now = NOW + DAY

    with pytest.raises(ScheduleNotFound):
        service.get("alice", "s1")
    assert list(service.list_for_user("alice").items) == []
    assert list(service.list_for_resource("contract-42").items) == []


def test_a_users_list_shows_active_ones_soonest_first(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    repository.create(a_schedule(schedule_id="late", timing=once(NOW + DAY)), an_action())
    repository.create(a_schedule(schedule_id="soon", timing=once(NOW + MINUTE)), an_action())
    repository.create(a_schedule(schedule_id="gone", status=Status.CANCELLED), an_action())

    assert [shown.schedule_id for shown in service.list_for_user("alice").items] == ["soon", "late"]
    assert [shown.schedule_id for shown in service.list_for_user("alice", status=Status.CANCELLED).items] == ["gone"]


def test_a_list_goes_on_where_its_cursor_says(service: SchedulerService, repository: InMemoryRepository) -> None:
    for n in range(3):
        repository.create(a_schedule(schedule_id=f"s{n}"), an_action())
    first = service.list_for_user("alice", limit=2)
    second = service.list_for_user("alice", limit=2, cursor=first.next_cursor)

    assert [shown.schedule_id for page in (first, second) for shown in page.items] == ["s0", "s1", "s2"]
    assert second.next_cursor is None


def test_a_page_goes_on_even_if_all_it_held_had_expired(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    repository.create(a_schedule(schedule_id="s1", timing=once(NOW + MINUTE), expires_at=NOW), an_action())
    repository.create(a_schedule(schedule_id="s2", timing=once(NOW + HOUR)), an_action())
    first = service.list_for_user("alice", limit=1)
    second = service.list_for_user("alice", limit=1, cursor=first.next_cursor)

    assert list(first.items) == []
    assert [shown.schedule_id for shown in second.items] == ["s2"]


def test_a_cursor_of_another_user_is_refused(service: SchedulerService, repository: InMemoryRepository) -> None:
    for n in range(2):
        repository.create(a_schedule(schedule_id=f"s{n}"), an_action())
    cursor = service.list_for_user("alice", limit=1).next_cursor

    with pytest.raises(InvalidCursor):
        service.list_for_user("bob", cursor=cursor)


def test_a_resource_is_listed_for_everybody_or_for_one(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    for user in ("alice", "bob"):
        repository.create(a_schedule(user_id=user, resource_id="contract-42"), an_action())

    assert [shown.user_id for shown in service.list_for_resource("contract-42").items] == ["alice", "bob"]
    assert [shown.user_id for shown in service.list_for_resource("contract-42", user_id="bob").items] == ["bob"]


def test_runs_are_shown_newest_first_and_while_they_last(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    schedule = a_schedule(timing=every_hour())
    repository.create(schedule, an_action())
    old, expired, new = (
        a_run(schedule, scheduled_time=NOW + hours * HOUR, expires_at=expires_at)
        for hours, expires_at in ((1, None), (2, NOW), (3, NOW + SECOND))
    )
    for run in (old, expired, new):
        repository.claim(run, expecting=schedule, replacing=None)

    assert list(service.list_runs("alice", "s1").items) == [new, old]


# Occurrences


def test_an_active_schedule_shows_its_next_occurrences(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    repository.create(a_schedule(timing=every_hour()), an_action())

    assert service.occurrences("alice", "s1", limit=3) == [NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ACTIVE])
def test_one_that_is_not_active_has_none(
    service: SchedulerService, repository: InMemoryRepository, status: Status
) -> None:
    repository.create(a_schedule(timing=every_hour(), status=status), an_action())

    assert service.occurrences("alice", "s1") == []


def test_a_preview_shows_what_a_timing_would_do(service: SchedulerService) -> None:
    preview = service.preview(TimingSpec(rate="1 day"), limit=2)

    assert preview.occurrences == [NOW + DAY, NOW + 2 * DAY]
    assert preview.timing.start_at == NOW + DAY
    assert preview.description == "Every 24 hours, from 2027-03-02 08:00 UTC"
    assert preview.warnings == []


def test_a_preview_warns_of_what_may_surprise(service: SchedulerService) -> None:
    preview = service.preview(TimingSpec(cron="30 2 * * ? *", timezone="Europe/Berlin"))

    assert any("02:30" in warning and "2027-03-28" in warning for warning in preview.warnings)


def test_a_preview_of_nonsense_is_refused(service: SchedulerService) -> None:
    with pytest.raises(InvalidInput):
        service.preview(TimingSpec(rate="1 fortnight"))
