from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.core.errors import ScheduleBusy, SchedulerUnavailable, StoreUnavailable
from chalicelib.core.model.schedule import Status
from chalicelib.scheduling.service import Cancelled, SchedulerService
from chalicelib.testing import FakeStarter, InMemoryRepository
from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    a_run,
    a_schedule,
    an_action,
    changed,
    completed,
    confirmed,
    every_hour,
)

if TYPE_CHECKING:
    from chalicelib.core.model.schedule import Schedule
    from chalicelib.testing import FakeGateway, Faults, StoppedClock


def test_a_cancelled_schedule_is_gone_from_eventbridge_and_stays_on_record(
    service: SchedulerService, gateway: FakeGateway
) -> None:
    schedule = _create(service)
    cancelled = service.cancel("alice", schedule.schedule_id)

    assert gateway.schedules == {}
    assert (cancelled.status, cancelled.confirmed) == (Status.CANCELLED, True)
    assert replace(cancelled, action=an_action()) == service.get("alice", schedule.schedule_id)


def test_it_is_recorded_first_then_deleted_then_confirmed(service: SchedulerService, faults: Faults) -> None:
    schedule = _create(service)
    faults.calls.clear()
    service.cancel("alice", schedule.schedule_id)

    assert faults.calls == ["repository.get", "repository.change", "gateway.delete", "repository.confirm"]


def test_a_cancel_is_one_revision_further_and_leaves_no_next_run(service: SchedulerService) -> None:
    schedule = _create(service)
    cancelled = service.cancel("alice", schedule.schedule_id)

    assert cancelled.revision == schedule.revision + 1
    assert cancelled.next_run_at is None
    assert cancelled.watch_at is None


def test_its_record_outlives_its_last_run(service: SchedulerService) -> None:
    schedule = _create(service)

    assert service.cancel("alice", schedule.schedule_id).expires_at == NOW + 91 * DAY


def test_cancelling_twice_is_the_same_as_once(service: SchedulerService, faults: Faults) -> None:
    schedule = _create(service)
    service.cancel("alice", schedule.schedule_id)
    faults.calls.clear()
    again = service.cancel("alice", schedule.schedule_id)

    assert again.status is Status.CANCELLED
    assert faults.calls == ["repository.get"]


def test_what_has_ended_stays_as_it_ended(service: SchedulerService, repository: InMemoryRepository) -> None:
    schedule = confirmed(a_schedule())
    repository.create(schedule, an_action())
    repository.claim(a_run(schedule), expecting=schedule, replacing=None)
    repository.finish(a_run(schedule), replacing=a_run(schedule), expecting=schedule, updated=completed(schedule))

    assert service.cancel("alice", "s1").status is Status.COMPLETED


def test_a_paused_schedule_can_be_cancelled(service: SchedulerService, repository: InMemoryRepository) -> None:
    repository.create(confirmed(a_schedule(status=Status.PAUSED)), an_action())

    assert service.cancel("alice", "s1").status is Status.CANCELLED


# While EventBridge or the table is away


@pytest.mark.parametrize("done", [True, False], ids=["it was done", "it was not done"])
def test_a_cancel_holds_even_if_eventbridge_is_down(service: SchedulerService, faults: Faults, *, done: bool) -> None:
    schedule = _create(service)
    faults.always("gateway.*", SchedulerUnavailable, done=done)
    cancelled = service.cancel("alice", schedule.schedule_id)

    assert (cancelled.status, cancelled.confirmed) == (Status.CANCELLED, False)
    assert service.get("alice", schedule.schedule_id).watch_at == NOW + MINUTE


def test_a_cancel_that_could_not_be_recorded_changes_nothing(
    service: SchedulerService, faults: Faults, gateway: FakeGateway
) -> None:
    schedule = _create(service)
    faults.once("repository.change", StoreUnavailable)
    with pytest.raises(StoreUnavailable):
        service.cancel("alice", schedule.schedule_id)

    assert service.get("alice", schedule.schedule_id).status is Status.ACTIVE
    assert gateway.find("alice", schedule.schedule_id) is not None


def test_a_cancel_whose_confirm_was_lost_has_happened(service: SchedulerService, faults: Faults) -> None:
    schedule = _create(service)
    faults.once("repository.confirm", StoreUnavailable)
    cancelled = service.cancel("alice", schedule.schedule_id)

    assert (cancelled.status, cancelled.confirmed) == (Status.CANCELLED, False)


# While another change is on its way


def test_it_waits_briefly_for_another_change_and_then_is_busy(
    service: SchedulerService, repository: InMemoryRepository, clock: StoppedClock
) -> None:
    repository.create(a_schedule(), an_action())

    with pytest.raises(ScheduleBusy):
        service.cancel("alice", "s1")
    assert NOW + SECOND <= clock.now <= NOW + 3 * SECOND
    assert repository.get("alice", "s1") == a_schedule()


def test_it_goes_on_as_soon_as_the_other_change_is_confirmed(
    repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock
) -> None:
    repository.create(a_schedule(), an_action())

    def meanwhile(_seconds: float) -> None:
        repository.confirm(a_schedule())

    service = SchedulerService(repository, gateway, FakeStarter(), clock=clock, sleep=meanwhile)

    assert service.cancel("alice", "s1").status is Status.CANCELLED


def test_it_takes_over_from_a_change_whose_lease_has_run_out(
    service: SchedulerService, repository: InMemoryRepository, clock: StoppedClock, gateway: FakeGateway
) -> None:
    repository.create(a_schedule(), an_action())
    gateway.put(a_schedule(), an_action(), now=NOW)
    clock.now = NOW + MINUTE

    assert service.cancel("alice", "s1").confirmed
    assert gateway.schedules == {}


def test_a_change_that_came_in_between_is_cancelled_as_well(gateway: FakeGateway, clock: StoppedClock) -> None:
    repository = ChangedAfterGet()
    repository.create(confirmed(a_schedule()), an_action())
    service = SchedulerService(repository, gateway, FakeStarter(), clock=clock, sleep=clock.sleep)
    cancelled = service.cancel("alice", "s1")

    assert (cancelled.status, cancelled.name) == (Status.CANCELLED, "changed in between")


class ChangedAfterGet(InMemoryRepository):
    """Somebody else's change arrives between the first read and the write that follows from it."""

    is_quiet = False

    def get(self, user_id: str, schedule_id: str) -> Schedule | None:
        found = super().get(user_id, schedule_id)
        if found is not None and not self.is_quiet:
            self.is_quiet = True
            self.change(confirmed(changed(found, name="changed in between")), replacing=found)
        return found


# All of a resource


def test_all_of_a_resources_live_schedules_are_cancelled(
    service: SchedulerService, repository: InMemoryRepository
) -> None:
    _stand(repository, "active", user_id="alice")
    _stand(repository, "paused", user_id="bob", status=Status.PAUSED)
    _stand(repository, "another's", resource_id="contract-43")

    assert service.cancel_for_resource("contract-42") == Cancelled(2, complete=True)
    assert [shown.user_id for shown in _cancelled(service)] == ["alice", "bob"]


def test_only_one_users_if_so_asked(service: SchedulerService, repository: InMemoryRepository) -> None:
    _stand(repository, "his", user_id="bob")
    _stand(repository, "hers", user_id="alice")

    assert service.cancel_for_resource("contract-42", user_id="alice") == Cancelled(1, complete=True)
    assert [shown.user_id for shown in _cancelled(service)] == ["alice"]


def test_more_than_a_page_of_them(service: SchedulerService, repository: InMemoryRepository) -> None:
    for n in range(205):
        _stand(repository, f"s{n}")

    assert service.cancel_for_resource("contract-42") == Cancelled(205, complete=True)
    assert list(service.list_for_resource("contract-42").items) == []


def test_it_stops_in_time_for_its_answer_and_says_so(
    repository: InMemoryRepository, gateway: FakeGateway, clock: StoppedClock
) -> None:
    for n in range(9):
        _stand(repository, f"s{n}")

    def two_seconds_later() -> Any:
        clock.sleep(2)
        return clock.now

    service = SchedulerService(repository, gateway, FakeStarter(), clock=two_seconds_later, sleep=clock.sleep)
    cancelled = service.cancel_for_resource("contract-42")

    assert 0 < cancelled.count < 9
    assert not cancelled.complete


def _create(service: SchedulerService) -> Schedule:
    return service.create_one_time(user_id="alice", action=an_action(), at=NOW + DAY)


def _stand(repository: InMemoryRepository, schedule_id: str, **fields: Any) -> None:
    existing = {"resource_id": "contract-42", "timing": every_hour(start_at=NOW + HOUR), **fields}
    repository.create(confirmed(a_schedule(schedule_id=schedule_id, **existing)), an_action())


def _cancelled(service: SchedulerService) -> list[Schedule]:
    return list(service.list_for_resource("contract-42", status=Status.CANCELLED).items)
